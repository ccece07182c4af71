/// How the server of a scenario speaks TLS, rightly or wrongly. The certificates themselves are made when a run begins.
public struct ServerTLS: Sendable, Hashable {
  /// The kind of the server's key.
  public var key: TLSKey
  /// The way from the server's certificate to the authority.
  public var chain: Chain
  /// In which way the certificate is right or wrong.
  public var certificate: Certificate
  /// The versions that are spoken, from the oldest to the newest.
  public var versions: [Version]
  /// The only groups of the key exchange, in OpenSSL's notation (`X25519:P-256`); nil leaves them to OpenSSL.
  public var groups: String?
  /// The only ciphers of TLS 1.2, in OpenSSL's notation; nil leaves them to OpenSSL.
  public var ciphers: String?
  /// The only cipher suites of TLS 1.3; nil leaves them to OpenSSL.
  public var cipherSuites: String?
  /// What a client has to show of itself.
  public var clientCertificate: ClientCertificate
  /// Whether the server warns a client of TLS 1.2 that it does not know the name that the client asks for, and goes on (alert
  /// unrecognized_name, RFC 6066 section 3).
  public var warnsOfNames: Bool
  /// The most bytes of plain text in one record.
  public var recordSize: Int
  /// The most bytes of TLS in one write, so that records come in pieces; nil writes all there is.
  public var writeSize: Int?
  /// Where the handshake goes wrong.
  public var fault: Fault?

  /// Creates a description; by default a lawful server with a P-256 certificate of the bench's authority.
  public init(
    key: TLSKey = .p256, chain: Chain = .direct, certificate: Certificate = .good,
    versions: [Version] = Version.allCases, groups: String? = nil, ciphers: String? = nil,
    cipherSuites: String? = nil, clientCertificate: ClientCertificate = .notWanted,
    warnsOfNames: Bool = false,
    recordSize: Int = ServerTLS.largestRecord, writeSize: Int? = nil, fault: Fault? = nil
  ) {
    self.key = key
    self.chain = chain
    self.certificate = certificate
    self.versions = versions
    self.groups = groups
    self.ciphers = ciphers
    self.cipherSuites = cipherSuites
    self.clientCertificate = clientCertificate
    self.warnsOfNames = warnsOfNames
    self.recordSize = recordSize
    self.writeSize = writeSize
    self.fault = fault
  }

  /// What a record holds at the most (RFC 8446 section 5.1).
  public static let largestRecord = 1 << 14

  /// The way from a certificate to the authority.
  public enum Chain: String, Sendable, Hashable, CaseIterable {
    /// The authority signed it.
    case direct
    /// An authority below it did, whose certificate is sent along.
    case intermediate
    /// An authority below it did, whose certificate is missing.
    case incomplete
  }

  /// In which way a server's certificate is right or wrong.
  public enum Certificate: String, Sendable, Hashable, CaseIterable {
    /// It is for the address of the server, and its time is now.
    case good
    /// Its time is over.
    case expired
    /// Its time has not come.
    case notYetValid
    /// It is for another host.
    case wrongHost
    /// An authority signed it that nobody was told of.
    case unknownAuthority
    /// Its own key signed it.
    case selfSigned
    /// It is a client's certificate, not a server's.
    case wrongPurpose
  }

  /// A version of TLS.
  public enum Version: String, Sendable, Hashable, CaseIterable {
    /// RFC 5246.
    case v1_2 = "1.2"
    /// RFC 8446.
    case v1_3 = "1.3"
  }

  /// What a client has to show of itself.
  public enum ClientCertificate: String, Sendable, Hashable, CaseIterable {
    /// Nothing.
    case notWanted
    /// A certificate is asked for; who has none goes on without.
    case wanted
    /// Without a certificate of the bench's authority there is no connection.
    case required
  }

  /// Where the handshake goes wrong. A client that does nothing then gets the end of TCP, ``handshakeMilliseconds`` after the first
  /// bytes that came of it: one that takes long to say anything sees what goes wrong as well.
  public enum Fault: Sendable, Hashable {
    /// In the place of its first bytes the server sends this alert, in the level that it has (RFC 5246 section 7.2).
    case alert(UInt8)
    /// In their place it sends these bytes, which need be no TLS.
    case instead(Payload)
    /// After so many bytes it says nothing more.
    case stalled(afterBytes: Int)
    /// After so many bytes it ends TCP.
    case ended(afterBytes: Int)
  }

  /// How long after the client's first bytes a server whose handshake goes wrong ends TCP.
  public static let handshakeMilliseconds = 400
}

/// The kinds of keys of certificates.
public enum TLSKey: String, Sendable, Hashable, CaseIterable {
  /// RSA with 2048 bits.
  case rsa2048 = "rsa-2048"
  /// RSA with 3072 bits.
  case rsa3072 = "rsa-3072"
  /// The curve P-256.
  case p256 = "p-256"
  /// The curve P-384.
  case p384 = "p-384"
}
