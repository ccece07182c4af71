import COpenSSL

/// The kinds of keys that the rig makes.
public enum KeyKind: String, CaseIterable, Hashable, Sendable, Codable {
  /// RSA with 2048 bits.
  case rsa2048 = "rsa-2048"
  /// RSA with 3072 bits.
  case rsa3072 = "rsa-3072"
  /// The curve P-256 (secp256r1).
  case p256 = "p-256"
  /// The curve P-384 (secp384r1).
  case p384 = "p-384"

  fileprivate func make() -> OpaquePointer? {
    switch self {
    case .rsa2048: copenssl_make_rsa_key(2048)
    case .rsa3072: copenssl_make_rsa_key(3072)
    case .p256: copenssl_make_ec_key("P-256")
    case .p384: copenssl_make_ec_key("P-384")
    }
  }
}

/// A private key. Its description never shows it.
public struct PrivateKey: Sendable, CustomStringConvertible, CustomReflectable {
  /// The key as DER: PKCS #1 for RSA, SEC 1 for curves.
  public let der: [UInt8]

  /// Makes a new key; RSA keys take some tenths of a second.
  ///
  /// Throws ``CertificateError/notMade(_:reason:)``.
  public init(_ kind: KeyKind) throws(CertificateError) {
    guard let handle = KeyHandle(kind.make()) else {
      throw .notMade("a key of kind \(kind.rawValue)", reason: OpenSSLReason.take())
    }
    self.init(handle)
  }

  init(_ handle: borrowing KeyHandle) { der = handle.der }

  /// Reads DER of any usual form: PKCS #1, SEC 1 or PKCS #8, not encrypted.
  public init(der: [UInt8], from source: String = "the data") throws(CertificateError) {
    guard let handle = KeyHandle(der: der) else {
      throw .unreadable("private key", source: source, reason: OpenSSLReason.take())
    }
    self.init(handle)
  }

  /// Reads the first private key of a PEM text, which must not be encrypted.
  public init(pem: [UInt8], from source: String = "the text") throws(CertificateError) {
    guard let handle = KeyHandle(reading(pem) { copenssl_read_key($0) }) else {
      throw .unreadable("private key", source: source, reason: OpenSSLReason.take())
    }
    self.init(handle)
  }

  /// The key as PEM (PKCS #8).
  public var pem: String {
    guard let handle = KeyHandle(der: der) else { return "" }
    let bytes = written { PEM_write_bio_PrivateKey($0, handle.pointer, nil, nil, 0, nil, nil) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Says that it is one, and nothing else.
  public var description: String { "a private key" }

  /// Nothing, so that dumping a value that holds a key does not show it.
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
