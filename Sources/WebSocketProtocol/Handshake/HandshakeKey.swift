import COpenSSL

/// The nonce of an opening handshake, Sec-WebSocket-Key, and what answers it (RFC 6455 sections 4.1 item 7 and 4.2.2).
public struct HandshakeKey: Hashable, Sendable {
  /// The key as sent: 24 characters of Base64.
  public let encoded: [UInt8]

  /// Encodes a nonce of 16 bytes.
  public init(nonce: (UInt64, UInt64)) {
    encoded = withUnsafeBytes(of: nonce) { Base64.encode($0) }
  }

  /// Draws a nonce; section 4.1 wants it random for each connection.
  public init(using generator: inout some RandomNumberGenerator) {
    self.init(nonce: (generator.next(), generator.next()))
  }

  /// Takes a received key; `nil` unless it is the Base64 form of 16 bytes (section 4.2.1 item 5).
  public init?(encoded: some Collection<UInt8>) {
    guard Base64.isSixteenBytes(encoded) else { return nil }
    self.encoded = Array(encoded)
  }

  /// The key as text.
  public var text: String { String(decoding: encoded, as: UTF8.self) }

  /// The value of Sec-WebSocket-Accept that answers this key: 28 characters.
  public var accept: [UInt8] { Self.accept(for: encoded) }

  /// The value of Sec-WebSocket-Accept for any key, valid or not.
  public static func accept(for key: [UInt8]) -> [UInt8] {
    withUnsafeTemporaryAllocation(byteCount: key.count + guid.utf8CodeUnitCount, alignment: 1) { buffer in
      buffer.copyBytes(from: key)
      UnsafeMutableRawBufferPointer(rebasing: buffer[key.count...])
        .copyMemory(from: UnsafeRawBufferPointer(start: guid.utf8Start, count: guid.utf8CodeUnitCount))
      return withUnsafeTemporaryAllocation(byteCount: SHA1.byteCount, alignment: 1) { digest in
        SHA1.digest(UnsafeRawBufferPointer(buffer), into: digest)
        return Base64.encode(UnsafeRawBufferPointer(digest))
      }
    }
  }

  /// The identifier that section 1.3 appends to the key.
  static var guid: StaticString { "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" }
}

/// Base64 by OpenSSL.
enum Base64 {
  /// Encodes with padding; wraps `EVP_EncodeBlock`.
  static func encode(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    // One more byte, because EVP_EncodeBlock ends its output with a zero byte.
    let length = (bytes.count + 2) / 3 * 4
    return [UInt8](unsafeUninitializedCapacity: length + 1) { target, count in
      count = Int(
        EVP_EncodeBlock(
          target.baseAddress, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(bytes.count)))
    }
  }

  /// Whether text is the canonical Base64 form of 16 bytes: 22 characters of the alphabet and `==`, and the four bits the
  /// last character has left over are zero. `EVP_DecodeBlock` is laxer: it trims white space.
  static func isSixteenBytes(_ text: some Collection<UInt8>) -> Bool {
    guard text.count == 24, text.suffix(2).allSatisfy({ $0 == UInt8(ascii: "=") }) else { return false }
    let characters = Array(text.prefix(22))
    guard characters.allSatisfy(isCharacter) else { return false }
    return "AQgw".utf8.contains(characters[21])
  }

  private static func isCharacter(_ byte: UInt8) -> Bool {
    ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
  }
}
