import Certificates
import PosixIO
import Steps

/// What a client is given for TLS: for one on a board the content of files, for the reference a configuration.
struct ClientTLSMaterial: Sendable {
  /// A certificate, and its key where it has one.
  struct Badge: Sendable {
    var certificate: Certificate
    var key: PrivateKey?
  }

  /// What the scenario says.
  let told: ClientTLS
  /// What is to be trusted; nil where nothing is said, empty where what is said is no certificate.
  let trusted: [Certificate]?
  /// What the client shows of itself.
  let badge: Badge?

  /// What stands for a certificate that is none.
  private static let garbage = Array("this is no certificate".utf8)

  /// The content of `cafile`.
  var cafile: [UInt8]? {
    trusted.map { certificates in
      certificates.isEmpty ? Self.garbage : content(of: certificates.map { ($0.der, $0.pem) })
    }
  }

  /// The content of `certfile`.
  var certfile: [UInt8]? { badge.map { content(of: [($0.certificate.der, $0.certificate.pem)]) } }

  /// The content of `keyfile`.
  var keyfile: [UInt8]? { badge?.key.map { content(of: [($0.der, $0.pem)]) } }

  private func content(of parts: [(der: [UInt8], pem: String)]) -> [UInt8] {
    told.form == .pem ? Array(parts.map(\.pem).joined().utf8) : parts.flatMap(\.der)
  }

  /// The same for the reference.
  /// - Throws: `CertificateError` for what is no certificate, or no pair with its key; `ClientTLSError`.
  func configuration() throws -> TLSConfiguration {
    var configuration = TLSConfiguration.client(trusting: trusted ?? [])
    configuration.verification = TLSVerification(rawValue: told.certReqs) ?? .required
    if let cafile, trusted == [] { _ = try Certificate(der: cafile, from: "cafile") }
    if told.verifies, trusted == nil { throw ClientTLSError.nothingToTrust }
    if let badge {
      guard let key = badge.key else { throw ClientTLSError.keyMissing }
      configuration.identity = try Identity(certificate: badge.certificate, key: key, from: "keyfile")
    }
    return configuration
  }
}

/// What a client is told and cannot do.
enum ClientTLSError: Error, Hashable, CustomStringConvertible {
  /// It is to verify the server by nothing.
  case nothingToTrust
  /// It has a certificate, and not its key.
  case keyMissing

  var description: String {
    switch self {
    case .nothingToTrust: "cert_reqs=2 needs cafile: the certificate of the authority to trust"
    case .keyMissing: "certfile needs keyfile: the private key of the client's certificate"
    }
  }
}
