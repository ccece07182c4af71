/// Why a connection was closed (RFC 6455 section 7.4).
///
/// A struct over the 16 bits, so that any code of a peer can be held. Names follow the IANA registry
/// "WebSocket Close Code Number".
@frozen public struct CloseCode: RawRepresentable, Hashable, Sendable {
  /// The number.
  public let rawValue: UInt16

  /// Creates a close code from any number.
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// 1000: the purpose of the connection is fulfilled.
  public static let normalClosure = CloseCode(rawValue: 1000)
  /// 1001: the endpoint goes away.
  public static let goingAway = CloseCode(rawValue: 1001)
  /// 1002: a rule of the protocol was broken.
  public static let protocolError = CloseCode(rawValue: 1002)
  /// 1003: data of a type the endpoint does not accept.
  public static let unsupportedData = CloseCode(rawValue: 1003)
  /// 1005: the Close frame held no code. Reported, never sent.
  public static let noStatusReceived = CloseCode(rawValue: 1005)
  /// 1006: no Close frame came. Reported, never sent.
  public static let abnormalClosure = CloseCode(rawValue: 1006)
  /// 1007: data that do not fit the type of the message, such as bad UTF-8.
  public static let invalidFramePayloadData = CloseCode(rawValue: 1007)
  /// 1008: a policy was violated.
  public static let policyViolation = CloseCode(rawValue: 1008)
  /// 1009: too big to process.
  public static let messageTooBig = CloseCode(rawValue: 1009)
  /// 1010: the client missed an extension in the server's handshake.
  public static let mandatoryExtension = CloseCode(rawValue: 1010)
  /// 1011: the server met an unexpected condition.
  public static let internalError = CloseCode(rawValue: 1011)
  /// 1012: the service restarts (registered).
  public static let serviceRestart = CloseCode(rawValue: 1012)
  /// 1013: try again later (registered).
  public static let tryAgainLater = CloseCode(rawValue: 1013)
  /// 1014: a gateway got an invalid response (registered).
  public static let badGateway = CloseCode(rawValue: 1014)
  /// 1015: the TLS handshake failed. Reported, never sent.
  public static let tlsHandshake = CloseCode(rawValue: 1015)

  /// What a range of codes is for.
  public enum Use: String, Hashable, Sendable {
    /// Not used at all: 0...999.
    case unused
    /// Defined by RFC 6455 and allowed in a Close frame.
    case protocolDefined
    /// Registered with IANA after RFC 6455 and allowed in a Close frame.
    case registered
    /// Reserved for reporting to the application; an endpoint must not send it.
    case neverSent
    /// Reserved for later versions of the protocol: 1004, 1016...2999.
    case reserved
    /// For libraries, frameworks and applications, registered with IANA: 3000...3999.
    case library
    /// For private use: 4000...4999.
    case privateUse
    /// Above every defined range: 5000...65535.
    case outOfRange
  }

  /// The one table of close codes: RFC 6455 sections 7.4.1 (single codes) and 7.4.2 (ranges), and IANA's registry for
  /// 1012...1014.
  public static let table: [(codes: ClosedRange<UInt16>, use: Use, section: String)] = [
    (0...999, .unused, "7.4.2"),
    (1000...1003, .protocolDefined, "7.4.1"),
    (1004...1004, .reserved, "7.4.1"),
    (1005...1006, .neverSent, "7.4.1"),
    (1007...1011, .protocolDefined, "7.4.1"),
    (1012...1014, .registered, "IANA"),
    (1015...1015, .neverSent, "7.4.1"),
    (1016...2999, .reserved, "7.4.2"),
    (3000...3999, .library, "7.4.2"),
    (4000...4999, .privateUse, "7.4.2"),
    (5000...65535, .outOfRange, "7.4.2"),
  ]

  /// The use of this code according to ``table``.
  public var use: Use {
    Self.table.first { $0.codes.contains(rawValue) }!.use
  }

  /// Whether the code may stand in a Close frame (RFC 6455 section 7.4).
  public var isValidOnWire: Bool {
    switch use {
    case .protocolDefined, .registered, .library, .privateUse: true
    case .unused, .neverSent, .reserved, .outOfRange: false
    }
  }

  /// Whether the code is kept for reports (1005, 1006, 1015) or for later versions of the protocol.
  public var isReserved: Bool { use == .neverSent || use == .reserved }
}

extension CloseCode: CustomStringConvertible {
  /// The number.
  public var description: String { String(rawValue) }
}
