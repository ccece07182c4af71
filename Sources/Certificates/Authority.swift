import COpenSSL
import Foundation

/// A private certificate authority: signs what the rig needs for a run. Whoever shall trust the rig is given its certificate.
public struct Authority: Sendable {
  /// Its own certificate and key, and the authorities between it and the root.
  public let identity: Identity
  private let isRoot: Bool

  /// The certificate that clients have to trust; only of a root.
  public var certificate: Certificate { identity.certificate }

  /// Takes what was kept of a root.
  public init(root identity: Identity) {
    self.identity = identity
    isRoot = true
  }

  private init(intermediate identity: Identity) {
    self.identity = identity
    isRoot = false
  }

  /// Makes a new root.
  ///
  /// - Parameter years: For how long it is valid.
  public static func make(
    _ commonName: String = "wsrig authority", key: KeyKind = .p256, years: Int = 10
  ) throws(CertificateError) -> Authority {
    let profile = CertificateProfile(
      .authority(below: 1), commonName: commonName, key: key,
      validity: CertificateProfile.validity(days: years * 365))
    return Authority(root: try selfSigned(profile))
  }

  /// Makes an authority below this one.
  public func intermediate(
    _ commonName: String = "wsrig intermediate", key: KeyKind = .p256
  ) throws(CertificateError) -> Authority {
    let profile = CertificateProfile(
      .authority(below: 0), commonName: commonName, key: key, validity: CertificateProfile.validity(days: 30))
    return Authority(intermediate: try issue(profile))
  }

  /// Signs a certificate.
  ///
  /// - Parameter key: The key that it is for; nil makes one.
  public func issue(
    _ profile: CertificateProfile, for key: PrivateKey? = nil
  ) throws(CertificateError) -> Identity {
    let key = if let key { key } else { try PrivateKey(profile.key) }
    let certificate = try Self.sign(profile, key, issuer: identity)
    return try Identity(
      certificate: certificate, key: key,
      intermediates: isRoot ? [] : [identity.certificate] + identity.intermediates)
  }

  /// Makes a certificate that has one fault and no other.
  ///
  /// - Parameter key: The key that it is for; nil makes one.
  public func issue(
    _ profile: CertificateProfile, with fault: CertificateFault, for key: PrivateKey? = nil
  ) throws(CertificateError) -> Identity {
    var profile = profile
    let now = Date()
    switch fault {
    case .expired:
      profile.validity = now.addingTimeInterval(-30 * 86_400)...now.addingTimeInterval(-2 * 86_400)
    case .notYetValid:
      profile.validity = now.addingTimeInterval(3650 * 86_400)...now.addingTimeInterval(3680 * 86_400)
    case .wrongHost:
      profile.names = [CertificateFault.otherHost]
      profile.commonName = CertificateFault.otherHost.description
    case .selfSigned: return try Self.selfSigned(profile, by: key)
    case .unknownAuthority: return try Self.make("an unknown authority").issue(profile, for: key)
    }
    return try issue(profile, for: key)
  }

  /// Makes a certificate that its own key signs.
  ///
  /// - Parameter key: That key; nil makes one.
  public static func selfSigned(
    _ profile: CertificateProfile, by key: PrivateKey? = nil
  ) throws(CertificateError) -> Identity {
    let key = if let key { key } else { try PrivateKey(profile.key) }
    return try Identity(certificate: try sign(profile, key, issuer: nil), key: key)
  }
}

extension Authority {
  /// Signs a certificate (`X509_sign`, with SHA-256, which every board knows) by the issuer's key, or by its own.
  private static func sign(
    _ profile: CertificateProfile, _ key: PrivateKey, issuer: Identity?
  ) throws(CertificateError) -> Certificate {
    let what = "a certificate for \(profile.commonName)"
    let signer = issuer?.key ?? key
    guard let certificate = CertificateHandle(X509_new()), let own = KeyHandle(der: key.der),
      let signing = KeyHandle(der: signer.der)
    else { throw .notMade(what, reason: OpenSSLReason.take()) }
    func finish(issuer: OpaquePointer) throws(CertificateError) -> Bool {
      let isFilled = fill(certificate.pointer, profile, own.pointer, issuer: issuer)
      guard isFilled, try addExtensions(certificate.pointer, profile, issuer: issuer) else { return false }
      return X509_sign(certificate.pointer, signing.pointer, EVP_sha256()) > 0
    }
    // Without an issuer the certificate is its own: what is read of it was set before.
    let isSigned =
      if let parent = issuer.flatMap({ CertificateHandle(der: $0.certificate.der) }) {
        try finish(issuer: parent.pointer)
      } else {
        try finish(issuer: certificate.pointer)
      }
    guard isSigned else { throw .notMade(what, reason: OpenSSLReason.take()) }
    return Certificate(certificate)
  }

  private static func fill(
    _ certificate: OpaquePointer, _ profile: CertificateProfile, _ key: OpaquePointer, issuer: OpaquePointer
  ) -> Bool {
    let subject = X509_get_subject_name(certificate)
    let start = time_t(profile.validity.lowerBound.timeIntervalSince1970)
    let end = time_t(profile.validity.upperBound.timeIntervalSince1970)
    return X509_set_version(certificate, 2) == 1 && setSerialNumber(certificate)
      && copenssl_add_to_name(subject, "O", "wsrig") == 1
      && copenssl_add_to_name(subject, "CN", profile.commonName) == 1
      && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1
      && ASN1_TIME_set(X509_getm_notBefore(certificate), start) != nil
      && ASN1_TIME_set(X509_getm_notAfter(certificate), end) != nil
      && X509_set_pubkey(certificate, key) == 1
  }

  /// 127 random bits: positive, and never used twice.
  private static func setSerialNumber(_ certificate: OpaquePointer) -> Bool {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    bytes[0] = bytes[0] & 0x7F | 0x40
    guard let number = BN_bin2bn(bytes, CInt(bytes.count), nil) else { return false }
    defer { BN_free(number) }
    return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
  }

  private static func addExtensions(
    _ certificate: OpaquePointer, _ profile: CertificateProfile, issuer: OpaquePointer
  ) throws(CertificateError) -> Bool {
    var extensions = profile.purpose.extensions
    if !profile.names.isEmpty {
      var values: [String] = []
      for name in profile.names { values.append(try name.extensionValue) }
      extensions.append((NID_subject_alt_name, values.joined(separator: ",")))
    }
    extensions.append((NID_subject_key_identifier, "hash"))
    extensions.append((NID_authority_key_identifier, "keyid:always"))
    return extensions.allSatisfy { copenssl_add_extension(certificate, issuer, $0.0, $0.1) == 1 }
  }
}

extension CertificateProfile.Purpose {
  /// What RFC 5280 wants of such a certificate, in the notation of OpenSSL's configuration files.
  fileprivate var extensions: [(CInt, String)] {
    switch self {
    case .authority(let below):
      [
        (NID_basic_constraints, "critical,CA:TRUE,pathlen:\(below)"),
        (NID_key_usage, "critical,keyCertSign,cRLSign"),
      ]
    case .server, .client:
      [
        (NID_basic_constraints, "critical,CA:FALSE"),
        (NID_key_usage, "critical,digitalSignature,keyEncipherment"),
        (NID_ext_key_usage, self == .server ? "serverAuth" : "clientAuth"),
      ]
    }
  }
}
