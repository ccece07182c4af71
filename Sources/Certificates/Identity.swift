import COpenSSL

/// What an endpoint shows of itself in TLS: a certificate, its key, and the certificates between it and the authority.
public struct Identity: Sendable {
  /// The endpoint's own certificate.
  public let certificate: Certificate
  /// Its key.
  public let key: PrivateKey
  /// The authorities in between, the one that signed ``certificate`` first; the root is not among them.
  public let intermediates: [Certificate]

  /// Puts an identity together.
  ///
  /// Throws ``CertificateError/keyDoesNotFit(source:)`` where the key is not that of the certificate.
  public init(
    certificate: Certificate, key: PrivateKey, intermediates: [Certificate] = [],
    from source: String = "the data"
  ) throws(CertificateError) {
    guard let handle = KeyHandle(der: key.der),
      certificate.withHandle({ X509_check_private_key($0, handle.pointer) }) == 1
    else {
      ERR_clear_error()
      throw .keyDoesNotFit(source: source)
    }
    self.certificate = certificate
    self.key = key
    self.intermediates = intermediates
  }

  /// Reads PEM files: the certificate, with those in between behind it, and the key, which may stand in the same file.
  public init(certificateFile: String, keyFile: String) throws(CertificateError) {
    let chain = try Certificate.all(inPEM: try FileContent.read(certificateFile), from: certificateFile)
    let key = try PrivateKey(pem: try FileContent.read(keyFile), from: keyFile)
    try self.init(certificate: chain[0], key: key, intermediates: Array(chain.dropFirst()), from: keyFile)
  }

  /// Writes certificate and key to a new file with mode 600, as PEM.
  ///
  /// Throws ``CertificateError/file(path:operation:reason:)``, also where there is a file already.
  public func save(to path: String) throws(CertificateError) {
    guard try FileContent.create(path, Array((chainPEM + key.pem).utf8)) else {
      throw .file(path: path, operation: "create", reason: "there is such a file already")
    }
  }

  /// All certificates as PEM, the endpoint's own first: what servers call a full chain.
  public var chainPEM: String { ([certificate] + intermediates).map(\.pem).joined() }
}
