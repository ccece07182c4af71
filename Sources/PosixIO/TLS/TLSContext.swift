import COpenSSL
import Certificates

/// A configuration of TLS, checked and ready for any number of connections (`SSL_CTX`).
///
/// `@unchecked Sendable`: OpenSSL counts references to a context under its own locks, and nothing here changes it after `init`.
public final class TLSContext: @unchecked Sendable {
  /// The side that it is for.
  public enum Role: String, Sendable { case client = "a client", server = "a server" }

  /// The side that it is for.
  public let role: Role
  let pointer: OpaquePointer
  /// What becomes of the peer's certificate.
  let verification: TLSVerification
  /// Kept as long as OpenSSL may call it.
  private let keyLog: TLSKeyLog?

  /// Checks a configuration.
  ///
  /// Throws ``TLSError`` with the phase `.setUp`: what OpenSSL does not know or does not have.
  public init(_ role: Role, _ configuration: TLSConfiguration) throws(TLSError) {
    guard let pointer = SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method()) else {
      throw .lastInSetUp(role.rawValue)
    }
    self.pointer = pointer
    self.role = role
    verification = configuration.verification
    keyLog = configuration.keyLog
    copenssl_set_habits(
      pointer, configuration.resumesSessions ? 1 : 0, configuration.allowsRenegotiation ? 1 : 0)
    try setProtocol(configuration)
    if configuration.warnsOfNames { copenssl_warn_of_names(pointer) }
    if let identity = configuration.identity { try show(identity) }
    try trust(configuration.authorities)
    setVerification(configuration.verification)
    if let keyLog { addSecrets(to: keyLog) }
  }

  deinit { SSL_CTX_free(pointer) }

  private func setProtocol(_ configuration: TLSConfiguration) throws(TLSError) {
    try check(
      "versions",
      copenssl_set_versions(
        pointer, configuration.minimumVersion.number, configuration.maximumVersion.number))
    if let ciphers = configuration.ciphers {
      try check("the ciphers \(ciphers)", SSL_CTX_set_cipher_list(pointer, ciphers))
    }
    if let suites = configuration.cipherSuites {
      try check("the cipher suites \(suites)", SSL_CTX_set_ciphersuites(pointer, suites))
    }
    if let groups = configuration.groups {
      try check("the groups \(groups)", copenssl_set_groups(pointer, groups))
    }
    if let algorithms = configuration.signatureAlgorithms {
      try check(
        "the signature algorithms \(algorithms)", copenssl_set_signature_algorithms(pointer, algorithms))
    }
  }

  private func show(_ identity: Identity) throws(TLSError) {
    let what = "the certificate of \(identity.certificate.subject)"
    let der = identity.certificate.der
    try check(what, SSL_CTX_use_certificate_ASN1(pointer, CInt(der.count), der))
    let key = identity.key.der.withUnsafeBufferPointer { bytes in
      var position = bytes.baseAddress
      return d2i_AutoPrivateKey(nil, &position, bytes.count)
    }
    defer { EVP_PKEY_free(key) }
    try check(what, SSL_CTX_use_PrivateKey(pointer, key))
    for certificate in identity.intermediates {
      try withParsed(certificate) { copenssl_add_chain_certificate(self.pointer, $0) }
    }
  }

  private func trust(_ authorities: [Certificate]) throws(TLSError) {
    // Reading those of a system takes tens of milliseconds, and who looks at no certificate needs none.
    if authorities.isEmpty, role == .client, verification != .none {
      try check("the authorities of the system", SSL_CTX_set_default_verify_paths(pointer))
    }
    for authority in authorities {
      try withParsed(authority) { X509_STORE_add_cert(SSL_CTX_get_cert_store(self.pointer), $0) }
      // Tells clients which certificates are of use.
      if role == .server { try withParsed(authority) { SSL_CTX_add_client_CA(self.pointer, $0) } }
    }
  }

  private func setVerification(_ verification: TLSVerification) {
    switch (verification, role) {
    case (.none, _): SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
    case (.optional, .client): copenssl_verify_without_consequence(pointer)
    case (.optional, .server), (.required, .client): SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    case (.required, .server):
      SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
  }

  private func addSecrets(to keyLog: TLSKeyLog) {
    SSL_CTX_set_ex_data(pointer, 0, Unmanaged.passUnretained(keyLog).toOpaque())
    SSL_CTX_set_keylog_callback(pointer) { ssl, line in
      guard let line, let data = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0) else { return }
      // The context owns the log, and the connection owns the context.
      Unmanaged<TLSKeyLog>.fromOpaque(data).takeUnretainedValue().add(line)
    }
  }

  private func withParsed(_ certificate: Certificate, _ body: (OpaquePointer?) -> CInt) throws(TLSError) {
    let parsed = certificate.der.withUnsafeBufferPointer { bytes in
      var position = bytes.baseAddress
      return d2i_X509(nil, &position, bytes.count)
    }
    defer { X509_free(parsed) }
    try check("the certificate of \(certificate.subject)", body(parsed))
  }

  private func check(_ what: String, _ result: CInt) throws(TLSError) {
    guard result == 1 else { throw .lastInSetUp("\(role.rawValue) with \(what)") }
  }
}
