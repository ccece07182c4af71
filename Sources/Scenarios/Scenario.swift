import Steps

/// What is put to a client: what the server does, what the client side does, the rule that it tests and what is expected.
/// A value; how and where it is run is not its business.
public struct Scenario: Sendable, Hashable {
  /// `chapter.slug`, for example `2.ping-between-fragments`; stable, unique, sorted by chapter number and slug.
  public var id: String
  /// What the server does, in one sentence.
  public var description: String
  /// What a client must do, in one sentence.
  public var expectation: String
  /// The section of RFC 6455 that it tests, for example `5.5.2`, or that of RFC 7692, as `RFC 7692 7.2.1`.
  public var rfc: String
  /// How strongly the RFC asks for it.
  public var requirement: Requirement
  /// Where the RFC can be read in several ways: which behaviours are allowed, why, and where it says so; nil where it cannot.
  public var dispute: String?
  /// Words to select it by, beside its chapter.
  public var tags: [String]
  /// The server's side.
  public var server: ServerScript
  /// The client's side.
  public var client: ClientScript
  /// What is expected beyond the rules that hold in every trace.
  public var expected: Expected
  /// The deliveries that make sense for it; `whole` is always among them.
  public var deliveries: [Delivery]
  /// What the board goes through before it, unless the run says otherwise.
  public var isolation: Isolation

  /// Creates a scenario.
  public init(
    id: String, description: String, expectation: String, rfc: String, requirement: Requirement,
    dispute: String? = nil, tags: [String] = [], server: ServerScript, client: ClientScript = .echo,
    expected: Expected = Expected(),
    deliveries: [Delivery] = Delivery.allCases, isolation: Isolation = .sameInterpreter
  ) {
    self.id = id
    self.description = description
    self.expectation = expectation
    self.rfc = rfc
    self.requirement = requirement
    self.dispute = dispute
    self.tags = tags
    self.server = server
    self.client = client
    self.expected = expected
    self.deliveries = deliveries
    self.isolation = isolation
  }
}

/// How strongly a rule binds (RFC 2119), and our own level for what a good client does beyond the RFC, limits of resources among
/// it.
public enum Requirement: String, Sendable, Hashable, Codable, CaseIterable {
  case must = "MUST"
  case should = "SHOULD"
  case may = "MAY"
  case quality = "QUALITY"
}

/// What a scenario expects beyond the rules that hold in every trace. The rules themselves (masked frames, Pong for Ping,
/// messages delivered as sent, a violation of the server's answered by failing the connection...) are not repeated here: the judge
/// derives them from the server's bytes.
public struct Expected: Sendable, Hashable {
  /// What must become of the opening handshake.
  public enum Opening: String, Sendable, Hashable, CaseIterable {
    /// The client must take the connection as established.
    case accepted
    /// The client must fail the connection and must not hand it to the application.
    case refused
    /// The RFC leaves it open.
    case either
  }

  /// What must become of the opening handshake.
  public var opening: Opening
  /// The close codes of which the client's Close must carry one; nil where the judge derives them. An empty Close is 1005.
  public var closeCodes: [UInt16]?
  /// Whether the client must fail the connection; nil where the judge derives it from the server's frames. It is stated for what
  /// cannot be derived, and, as a cross-check, wherever a scenario is about failing.
  public var failure: Bool?
  /// The client must fail it before the server has sent the rest, not only at the end of the message.
  public var failFast: Bool
  /// What the request head must contain, beyond what section 4.1 demands of every request.
  public var request: RequestExpectation?
  /// The limit of the client's own that the scenario runs into, where that is its point: a message larger than this many bytes
  /// may be refused with 1009.
  public var messageLimit: Int?

  /// Creates an expectation; by default that of an accepted connection on which nothing breaks a rule.
  public init(
    opening: Opening = .accepted, closeCodes: [UInt16]? = nil, failure: Bool? = nil, failFast: Bool = false,
    request: RequestExpectation? = nil, messageLimit: Int? = nil
  ) {
    self.opening = opening
    self.closeCodes = closeCodes
    self.failure = failure
    self.failFast = failFast
    self.request = request
    self.messageLimit = messageLimit
  }
}

/// What a client's request head must contain.
public struct RequestExpectation: Sendable, Hashable {
  /// The exact request target, with `{token}` for the token; nil does not check it.
  public var target: String?
  /// Header fields that must be there, name (any case) and value.
  public var headers: [ConnectStep.HeaderField]
  /// The exact subprotocols asked for, in order; nil does not check them.
  public var subprotocols: [String]?

  /// Creates an expectation.
  public init(
    target: String? = nil, headers: [ConnectStep.HeaderField] = [], subprotocols: [String]? = nil
  ) {
    self.target = target
    self.headers = headers
    self.subprotocols = subprotocols
  }
}
