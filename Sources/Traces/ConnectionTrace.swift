/// What happened on one connection, as the server saw it: the bytes of both directions and the instants at which they moved.
public struct ConnectionTrace: Sendable, Hashable, Codable {
  /// The name of the connection in its script.
  public var name: String
  /// The token of the attempt it belongs to.
  public var token: String
  /// What happened, in order.
  public var events: [WireEvent]
  /// The client's bytes, from the first byte of its request head.
  public var clientStream: CapturedStream
  /// The server's bytes, from the first byte of its response head.
  public var serverStream: CapturedStream
  /// The length of the client's request head in bytes, the empty line included; nil when it never was complete.
  public var requestHeadLength: Int?
  /// The length of the server's response head in bytes; nil when none was sent. Frames begin after it.
  public var responseHeadLength: Int?
  /// The round trip of TCP's own handshake in nanoseconds, from the server's answer to the client's acknowledgement of it, which no
  /// end holds back; nil where the kernel was not asked.
  public var tcpRoundTripNanoseconds: UInt64?
  /// How many bytes the client's TCP took, as the connection was opened, without acknowledging any of them; nil where the kernel was not
  /// asked. What is longer leaves in parts.
  public var clientWindow: Int?

  /// Creates a trace, by default an empty one.
  public init(
    name: String, token: String, events: [WireEvent] = [], clientStream: CapturedStream = CapturedStream(),
    serverStream: CapturedStream = CapturedStream(), requestHeadLength: Int? = nil,
    responseHeadLength: Int? = nil
  ) {
    self.name = name
    self.token = token
    self.events = events
    self.clientStream = clientStream
    self.serverStream = serverStream
    self.requestHeadLength = requestHeadLength
    self.responseHeadLength = responseHeadLength
  }
}

/// The bytes of one direction, bounded by the capture limit.
public struct CapturedStream: Sendable, Hashable, Codable {
  /// The first bytes, up to the capture limit.
  public var bytes: [UInt8]
  /// How many bytes there were in all.
  public var totalCount: Int
  /// SHA-1 of all bytes, 20 bytes long, where `bytes` was cut; otherwise nil.
  public var sha1: [UInt8]?

  /// Creates a capture; `totalCount` is the number of bytes unless it is given.
  public init(bytes: [UInt8] = [], totalCount: Int? = nil, sha1: [UInt8]? = nil) {
    self.bytes = bytes
    self.totalCount = totalCount ?? bytes.count
    self.sha1 = sha1
  }

  /// Whether bytes are missing from `bytes`.
  public var isCut: Bool { totalCount > bytes.count }
}

/// One thing that happened on a connection.
public struct WireEvent: Sendable, Hashable, Codable {
  /// When the server saw or did it: monotonic clock, nanoseconds.
  public var instantNanoseconds: UInt64
  /// When the kernel received the bytes, on the same clock, where it said so.
  public var kernelInstantNanoseconds: UInt64?
  /// When bytes that were sent left, where the kernel was asked and told.
  public var transmission: Transmission?
  /// What it was.
  public var kind: Kind

  /// Creates an event.
  public init(instantNanoseconds: UInt64, kernelInstantNanoseconds: UInt64? = nil, kind: Kind) {
    self.instantNanoseconds = instantNanoseconds
    self.kernelInstantNanoseconds = kernelInstantNanoseconds
    self.kind = kind
  }

  /// The kinds of events.
  public enum Kind: Sendable, Hashable, Codable {
    /// The connection was accepted from this peer address.
    case opened(peer: String)
    /// The TLS handshake is complete. From here on bytes are those of the application, not those of TLS.
    case secured(TLSFacts)
    /// TLS failed, or TCP ended without its close_notify; the sentence says how, and beside it stands whether the client had sent an
    /// HTTP request in clear.
    case tlsFailed(reason: String, inClear: Bool = false)
    /// A chunk of that many bytes came from the client.
    case received(count: Int)
    /// A chunk of that many bytes was taken by the kernel.
    case sent(count: Int)
    /// The client's end of stream (FIN).
    case receivedEnd
    /// The client reset the connection.
    case receivedReset
    /// The server half-closed.
    case sentEnd
    /// The server reset the connection.
    case sentReset
    /// The descriptor was closed.
    case closed
    /// The client's request head broke a rule; the sentence says which.
    case requestRefused(reason: String)
    /// A step began; the index is its place in the connection's script.
    case stepStarted(index: Int)
    /// A waiting step did not get what it waited for.
    case expectationMissed(index: Int, reason: String)
    /// The attempt's deadline passed in that step (the number of steps means: in the ending).
    case deadlinePassed(index: Int)
  }
}

/// When the last byte of a chunk was where on its way, as the kernel told: monotonic clock, nanoseconds.
public struct Transmission: Sendable, Hashable, Codable {
  /// The driver of the network device got it.
  public var sentNanoseconds: UInt64?
  /// The peer's TCP acknowledged it.
  public var acknowledgedNanoseconds: UInt64?

  /// Creates a transmission of which nothing is known.
  public init() {}
}

/// Bytes that came on a connection that belongs to no running attempt.
public struct StrayConnection: Sendable, Hashable, Codable {
  /// When it was seen: monotonic clock, nanoseconds.
  public var instantNanoseconds: UInt64
  /// The peer's address.
  public var peer: String
  /// The token in its path, if there was one.
  public var token: String?
  /// Its first bytes, at most 1 KiB.
  public var bytes: [UInt8]

  /// Creates a record.
  public init(instantNanoseconds: UInt64, peer: String, token: String?, bytes: [UInt8]) {
    self.instantNanoseconds = instantNanoseconds
    self.peer = peer
    self.token = token
    self.bytes = bytes
  }
}
