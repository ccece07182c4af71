/// Where a connection is between the end of the opening handshake and the end of TCP (RFC 6455 section 7).
///
/// The large cases are indirect: each of ten thousand idle connections has a state, and it is `open`.
public enum ConnectionState: Hashable, Sendable {
  /// Messages flow both ways. Next: `closeSent`, `closed`, `failed`, `ended`.
  case open
  /// We sent a Close and wait for the peer's; its messages are still delivered. Next: `closed`, `failed`, `ended`.
  case closeSent(ClosePayload)
  /// Both Close frames were exchanged; what else the peer sends is ignored. Next: `ended`.
  indirect case closed(received: ClosePayload, sent: ClosePayload, startedBy: CloseInitiator)
  /// The peer broke a rule; our Close says so, unless it was sent before. What else the peer sends is ignored.
  /// Next: `ended`.
  indirect case failed(ProtocolViolation, sent: ClosePayload)
  /// The peer's end of TCP was reached. Final.
  indirect case ended(CloseStatus)
}

/// Which endpoint started the closing handshake.
public enum CloseInitiator: String, Hashable, Sendable {
  /// We sent the first Close.
  case local
  /// The peer sent the first Close.
  case peer
}

/// How a connection ended (RFC 6455 sections 7.1.4 to 7.1.6).
public struct CloseStatus: Hashable, Sendable {
  /// The Close frame of the peer, if one came.
  public let received: ClosePayload?
  /// The Close frame we sent, if any.
  public let sent: ClosePayload?
  /// The rule the peer broke, if that ended the connection.
  public let violation: ProtocolViolation?
  /// Whether the stream ended within a frame or a message.
  public let cutMessage: Bool

  /// The Connection Close Code of section 7.1.5: the peer's code, 1005 when its Close held none, 1006 without Close.
  public var code: CloseCode {
    guard let received else { return .abnormalClosure }
    return received.code ?? .noStatusReceived
  }

  /// The Connection Close Reason of section 7.1.6; empty when none came.
  public var reason: String { received?.reason ?? "" }

  /// Whether both Close frames were exchanged before TCP ended (section 7.1.4).
  public var wasClean: Bool { received != nil && sent != nil && violation == nil }
}

/// What the I/O layer does with TCP, once the machine's output is written.
public enum TransportDirective: String, Hashable, Sendable {
  /// Go on reading and writing.
  case keepOpen
  /// A client after the closing handshake: read until the server closes, with a deadline, then close
  /// (RFC 6455 section 7.1.1).
  case awaitEnd
  /// A server after the closing handshake, and either role after failing the connection: half-close, read and drop until
  /// the end of the stream with a deadline, then close, so that the last Close frame is never lost to a reset.
  case halfCloseAndDrain
  /// The peer has closed: close.
  case close
}

/// Which Pings are answered (RFC 6455 section 5.5.3 allows to answer only the latest).
public enum PongPolicy: String, Hashable, Sendable, CaseIterable {
  /// Each Ping gets its Pong.
  case each
  /// Of the Pings of one read only the last gets a Pong.
  case latest
  /// None: the caller answers.
  case never
}
