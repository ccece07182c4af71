import COpenSSL
import Certificates

/// A version of TLS that is in use.
public enum TLSVersion: String, CaseIterable, Comparable, Sendable, Codable {
  /// RFC 5246.
  case v1_2 = "1.2"
  /// RFC 8446.
  case v1_3 = "1.3"

  /// Orders by age, the oldest first.
  public static func < (a: TLSVersion, b: TLSVersion) -> Bool { a.rawValue < b.rawValue }

  var number: CInt {
    switch self {
    case .v1_2: TLS1_2_VERSION
    case .v1_3: TLS1_3_VERSION
    }
  }
}

/// What becomes of the peer's certificate; the numbers are those of Python's `cert_reqs`.
public enum TLSVerification: Int, CaseIterable, Sendable, Codable {
  /// A client looks at no certificate; a server asks for none.
  case none = 0
  /// A client goes on with a certificate that does not verify, and ``TLSDetails/verificationProblem`` tells: no protection. A server asks
  /// for a certificate, goes on without one, and refuses one that does not verify.
  case optional = 1
  /// Without a certificate that verifies there is no connection.
  case required = 2
}

/// How an endpoint speaks TLS.
public struct TLSConfiguration: Sendable {
  /// The oldest version that is spoken.
  public var minimumVersion = TLSVersion.v1_2
  /// The newest version that is spoken.
  public var maximumVersion = TLSVersion.v1_3
  /// The ciphers of TLS 1.2, in OpenSSL's notation (`ECDHE+CHACHA20`); nil for OpenSSL's own choice.
  public var ciphers: String?
  /// The cipher suites of TLS 1.3 (`TLS_CHACHA20_POLY1305_SHA256`); nil for OpenSSL's own choice.
  public var cipherSuites: String?
  /// The groups for the key exchange, in the order of preference (`X25519:P-256`); nil for OpenSSL's own choice.
  public var groups: String?
  /// The algorithms of signatures (`ECDSA+SHA256:RSA+SHA256`); nil for OpenSSL's own choice.
  public var signatureAlgorithms: String?
  /// What the endpoint shows of itself. A server needs it; a client shows it where it is asked to.
  public var identity: Identity?
  /// The authorities that are trusted; where there is none, a client trusts those of the system.
  public var authorities: [Certificate] = []
  /// What becomes of the peer's certificate.
  public var verification: TLSVerification
  /// Whether a handshake may go on from an earlier one (tickets, session cache). Off: the rig wants every handshake whole.
  public var resumesSessions = false
  /// Whether a handshake of TLS 1.2 may be followed by another on the same connection.
  public var allowsRenegotiation = false
  /// Whether a server warns every client of TLS 1.2 that names it that it does not know the name (alert unrecognized_name), and goes
  /// on; RFC 6066 section 3 advises against it.
  public var warnsOfNames = false
  /// Where the secrets of every connection go, for Wireshark.
  public var keyLog: TLSKeyLog?

  private init(_ verification: TLSVerification) { self.verification = verification }

  /// A server that shows `identity` and asks clients for nothing.
  public static func server(_ identity: Identity) -> TLSConfiguration {
    var configuration = TLSConfiguration(.none)
    configuration.identity = identity
    return configuration
  }

  /// A client that trusts `authorities`, or those of the system, and connects to nobody else.
  public static func client(trusting authorities: [Certificate] = []) -> TLSConfiguration {
    var configuration = TLSConfiguration(.required)
    configuration.authorities = authorities
    return configuration
  }
}

/// How the bytes of TLS leave: lawfully by default, otherwise in ways that a peer must cope with.
public struct TLSManner: Hashable, Sendable, Codable {
  /// Where an endpoint leaves the protocol.
  public enum Fault: Hashable, Sendable, Codable {
    /// Sends so many bytes, and from then on nothing.
    case silentAfter(bytes: Int)
    /// Sends so many bytes, and then the end of TCP.
    case endAfter(bytes: Int)
    /// Sends these bytes in the place of its first, and from then on nothing.
    case instead([UInt8])
  }

  /// The most bytes of plain text in one record; 16 KiB is what TLS allows.
  public var recordSize = 1 << 14
  /// The most bytes given to the kernel in one call; nil gives it all there is. 1 splits every record at every byte.
  public var writeSize: Int?
  /// Where the protocol is left.
  public var fault: Fault?

  /// The lawful way.
  public init(recordSize: Int = 1 << 14, writeSize: Int? = nil, fault: Fault? = nil) {
    self.recordSize = recordSize
    self.writeSize = writeSize
    self.fault = fault
  }

  /// An alert (RFC 5246 section 7.2, RFC 8446 section 6) as its record looks before anything is encrypted, in the level that it has.
  public static func alertRecord(_ description: UInt8) -> [UInt8] {
    let (warning, fatal): (UInt8, UInt8) = (1, 2)
    return [0x15, 3, 3, 0, 2, warnings.contains(description) ? warning : fatal, description]
  }

  /// close_notify, user_canceled and no_renegotiation, which break nothing off (RFC 5246 sections 7.2.1 and 7.2.2).
  private static let warnings: Set<UInt8> = [0, 90, 100]
}

/// What two endpoints agreed on.
public struct TLSDetails: Hashable, Sendable, Codable {
  /// The version, as OpenSSL names it: `TLSv1.3`.
  public var version: String
  /// The cipher suite.
  public var cipher: String
  /// The group of the key exchange; nil where there was none.
  public var group: String?
  /// The name of the server that the client asked for (SNI).
  public var serverName: String?
  /// The subject of the certificate that the peer showed.
  public var peerSubject: String?
  /// What is wrong with that certificate; nil where nothing is, or nobody looked.
  public var verificationProblem: String?
  /// From the first byte of the handshake to its end, in nanoseconds.
  public var handshakeNanoseconds: Int64
}
