/// What a client is told for a `wss` URL: the arguments `cafile`, `certfile`, `keyfile` and `cert_reqs` of its `handshake`.
public struct ClientTLS: Sendable, Hashable {
  /// What becomes of the server's certificate: 0 nobody looks, 1 it is looked at without consequence, 2 without a good one there is
  /// no connection.
  public var certReqs: Int
  /// What `cafile` holds.
  public var trust: Trust
  /// What `certfile` and `keyfile` hold.
  public var identity: Identity
  /// The kind of the client's key.
  public var key: TLSKey
  /// How certificates and keys are written.
  public var form: Form

  /// Creates a description; by default of a client that is told to look at nothing.
  public init(
    certReqs: Int = 0, trust: Trust = .nothing, identity: Identity = .none, key: TLSKey = .p256,
    form: Form = .der
  ) {
    self.certReqs = certReqs
    self.trust = trust
    self.identity = identity
    self.key = key
    self.form = form
  }

  /// What `cert_reqs` may be.
  public static let allowedCertReqs = 0...2

  /// What `cafile` holds.
  public enum Trust: String, Sendable, Hashable, CaseIterable {
    /// It is not given.
    case nothing
    /// The bench's authority, which signs the servers' certificates.
    case authority
    /// Another authority, and behind it the bench's; needs the form PEM.
    case severalAuthorities
    /// An authority that signed nothing.
    case otherAuthority
    /// The server's own certificate.
    case serverCertificate
    /// Bytes that are no certificate.
    case garbage
  }

  /// What `certfile` and `keyfile` hold.
  public enum Identity: String, Sendable, Hashable, CaseIterable {
    /// They are not given.
    case none
    /// A certificate of the bench's authority, with its key.
    case good
    /// A certificate of an authority that the server does not know.
    case unknownAuthority
    /// A certificate whose time is over.
    case expired
    /// A good certificate with the key of another.
    case otherKey
    /// A good certificate, and no key.
    case withoutKey
  }

  /// How certificates and keys are written.
  public enum Form: String, Sendable, Hashable, CaseIterable {
    /// As bytes (X.690).
    case der
    /// As text (RFC 7468).
    case pem
  }

  /// Whether the client has to refuse a server whose certificate it cannot verify.
  public var verifies: Bool { certReqs == 2 }
}
