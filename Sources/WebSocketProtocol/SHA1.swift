import COpenSSL

/// SHA-1 by OpenSSL: the answer to a handshake key (RFC 6455 section 4.2.2) and a name for content, never for security.
///
/// The static functions digest bytes that are all there; a value digests a stream that comes in chunks.
public struct SHA1: ~Copyable {
  /// The bytes of a digest.
  public static let byteCount = 20

  /// Fetched once and never freed: `EVP_sha1` would look the algorithm up under locks for every connection. OpenSSL's
  /// fetched algorithms are immutable and may be used by all threads.
  nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA1", nil)

  private let context: OpaquePointer

  /// Begins a stream; wraps `EVP_DigestInit_ex`.
  public init() {
    context = Self.makeContext()
    Self.check(EVP_DigestInit_ex(context, Self.algorithm, nil))
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Takes the next bytes of the stream.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    Self.check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
  }

  /// The 20 bytes of the digest of what came so far; the stream may go on.
  public func value() -> [UInt8] {
    let copy = Self.makeContext()
    defer { EVP_MD_CTX_free(copy) }
    Self.check(EVP_MD_CTX_copy_ex(copy, context))
    return [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      Self.check(EVP_DigestFinal_ex(copy, buffer.baseAddress, nil))
      count = Self.byteCount
    }
  }

  /// The 20 bytes of the digest.
  public static func digest(of bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      bytes.withUnsafeBytes { digest($0, into: UnsafeMutableRawBufferPointer(buffer)) }
      count = byteCount
    }
  }

  /// The digest as 40 lower-case hexadecimal digits.
  public static func hexadecimal(of bytes: [UInt8]) -> String { Hexadecimal.text(digest(of: bytes)) }

  /// Writes the 20 bytes of the digest, without allocating memory; wraps `EVP_Digest`.
  static func digest(_ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer) {
    check(
      EVP_Digest(
        bytes.baseAddress, bytes.count, digest.baseAddress?.assumingMemoryBound(to: UInt8.self), nil,
        algorithm, nil))
  }

  private static func makeContext() -> OpaquePointer {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("OpenSSL has no memory for a digest") }
    return context
  }

  private static func check(_ result: CInt) {
    precondition(result == 1, "OpenSSL cannot compute SHA-1, which every WebSocket handshake needs")
  }
}
