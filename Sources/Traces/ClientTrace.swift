import WebSocketProtocol

/// What the client side reported of itself: the agent on the board, or the reference runner.
public struct ClientTrace: Sendable, Hashable, Codable {
  /// What the client did, in order.
  public var events: [ClientEvent]
  /// How the execution ended.
  public var ending: Ending
  /// What the board printed that was no record of the agent: the client's own prints, driver messages.
  public var foreignOutput: String
  /// Free heap in bytes after a collection, before the first step and after the last; nil for the reference.
  public var heapFreeBefore: Int?
  /// See `heapFreeBefore`.
  public var heapFreeAfter: Int?
  /// The largest free block of the heap in bytes after a collection, before the first step and after the last; nil where the
  /// interpreter does not tell.
  public var largestFreeBlockBefore: Int?
  /// See `largestFreeBlockBefore`.
  public var largestFreeBlockAfter: Int?
  /// How many of the client's writes a full send buffer cut, where the board counts them: the simulated one does.
  public var partialWrites: Int?
  /// The agent's heartbeat; nil for the reference.
  public var heartbeat: Heartbeat?
  /// Whether its steps were over while the server was still waiting: then nothing more was to come, however long it waits.
  public var wasOverInTime = false
  /// How many turns of its loop, each of a millisecond, the board made after that; nil where nothing turns beside the client.
  public var lingeringTurns: Int?
  /// The numbers of the client's lines that had not run before, where the client was made to tell; nil where it was not.
  public var reachedLines: [Int]?

  /// Creates a trace.
  public init(
    events: [ClientEvent] = [], ending: Ending = .completed, foreignOutput: String = "",
    heapFreeBefore: Int? = nil, heapFreeAfter: Int? = nil, largestFreeBlockBefore: Int? = nil,
    largestFreeBlockAfter: Int? = nil, partialWrites: Int? = nil, heartbeat: Heartbeat? = nil
  ) {
    self.largestFreeBlockBefore = largestFreeBlockBefore
    self.largestFreeBlockAfter = largestFreeBlockAfter
    self.partialWrites = partialWrites
    self.events = events
    self.ending = ending
    self.foreignOutput = foreignOutput
    self.heapFreeBefore = heapFreeBefore
    self.heapFreeAfter = heapFreeAfter
    self.heartbeat = heartbeat
  }

  /// How the client side's execution ended.
  public enum Ending: Sendable, Hashable, Codable {
    /// All tasks ended by themselves.
    case completed
    /// The host interrupted it at the deadline while it was shown to be running: hung. The sentence says in which step.
    case hung(detail: String)
    /// The agent itself failed, or its records were incomplete.
    case unusable(detail: String)
  }

  /// A task on the board that counts its own turns, to tell a waiting client from a stopped board.
  public struct Heartbeat: Sendable, Hashable, Codable {
    /// The period that was asked for, in microseconds.
    public var periodMicroseconds: Int
    /// How often it ran.
    public var count: Int
    /// The longest time between two turns, in microseconds.
    public var longestGapMicroseconds: Int
    /// How often it ran after the client's last recorded event.
    public var countSinceLastEvent: Int

    /// Creates a record.
    public init(
      periodMicroseconds: Int, count: Int, longestGapMicroseconds: Int, countSinceLastEvent: Int
    ) {
      self.periodMicroseconds = periodMicroseconds
      self.count = count
      self.longestGapMicroseconds = longestGapMicroseconds
      self.countSinceLastEvent = countSinceLastEvent
    }
  }
}

/// One thing that the client side did or met.
public struct ClientEvent: Sendable, Hashable, Codable {
  /// The client's own clock in microseconds, counted from the first event.
  public var microseconds: Int
  /// The task.
  public var task: String
  /// The index of the step in that task.
  public var step: Int
  /// The connection concerned, if one is.
  public var connection: String?
  /// What it was.
  public var kind: Kind

  /// Creates an event.
  public init(microseconds: Int, task: String, step: Int, connection: String?, kind: Kind) {
    self.microseconds = microseconds
    self.task = task
    self.step = step
    self.connection = connection
    self.kind = kind
  }

  /// The kinds of events.
  public enum Kind: Sendable, Hashable, Codable {
    /// The opening handshake succeeded in the client's view.
    case connected(subprotocol: String?)
    /// The client refused or failed to connect.
    case connectFailed(ClientException)
    /// The application was handed a message.
    case message(MessageDigest)
    /// The application's send returned.
    case sent(MessageDigest)
    /// The application was told that the connection has ended; code, reason and cleanness where the client says so.
    case ended(closeCode: Int?, reason: String?, wasClean: Bool?)
    /// The application's close returned.
    case closed
    /// A Ping's answer came after this many microseconds, where the client tells.
    case pong(roundTripMicroseconds: Int?)
    /// The client threw in receive, send, ping or close.
    case exception(ClientException)
    /// The task was cancelled by the script.
    case cancelled
    /// The adapter cannot do the step, or a part of it: an ``OptionalFeature``, or a word that names none.
    case unsupported(step: String)
    /// The script had the board measured.
    case measured(Measurement)
  }

  /// What the agent measured between two steps.
  public struct Measurement: Sendable, Hashable, Codable {
    /// Free heap in bytes after a collection.
    public var heapFree: Int?
    /// What was allocated since the last measurement in bytes, freed or not; nil where it was not counted.
    public var allocated: Int?
    /// The longest time between two turns of the heartbeat since the last measurement, in microseconds; nil without heartbeat.
    public var longestGapMicroseconds: Int?
    /// In how many thousandths of the time the event loop was at work; nil where that was not watched.
    public var busyThousandths: Int?

    /// Creates a measurement.
    public init(
      heapFree: Int? = nil, allocated: Int? = nil, longestGapMicroseconds: Int? = nil,
      busyThousandths: Int? = nil
    ) {
      self.busyThousandths = busyThousandths
      self.heapFree = heapFree
      self.allocated = allocated
      self.longestGapMicroseconds = longestGapMicroseconds
    }
  }
}

/// What RFC 6455 leaves to a client to have, by the words with which the agent tells that an adapter lacks it
/// (`fixtures/board/README.md`). Nothing else is optional.
public enum OptionalFeature: String, Sendable, Hashable, CaseIterable {
  /// Header fields of the application's own in the opening handshake (section 4.1, item 12).
  case headers
  /// Subprotocols (section 1.9).
  case subprotocols
  /// Pings that the application sends (section 5.5.2).
  case ping
  /// A close code of the application's choice (section 7.4).
  case closeCode = "close_code"
  /// The extension permessage-deflate (section 9, RFC 7692).
  case compression
  /// TLS below the connection (the scheme `wss`). Section 10.6 demands it; but where the port has none no client for it can.
  case tls
}

/// An exception that the client's API threw.
public struct ClientException: Sendable, Hashable, Codable {
  /// The type's name, for example `OSError`.
  public var type: String
  /// Its text.
  public var message: String

  /// Creates a record.
  public init(type: String, message: String) {
    self.type = type
    self.message = message
  }
}

/// A message without its payload, as a board can afford to remember it.
public struct MessageDigest: Sendable, Hashable, Codable {
  /// Whether the application saw text.
  public var isText: Bool
  /// The length of the payload in bytes (of its UTF-8 form for text).
  public var length: Int
  /// SHA-1 of the payload as 40 lower-case hexadecimal digits.
  public var sha1: String
  /// The first bytes, at most 64.
  public var head: [UInt8]

  /// Creates a digest.
  public init(isText: Bool, length: Int, sha1: String, head: [UInt8]) {
    self.isText = isText
    self.length = length
    self.sha1 = sha1
    self.head = head
  }

  /// The digest of a payload that is all there.
  public init(isText: Bool, payload: [UInt8]) {
    self = payload.withUnsafeBytes { MessageDigest(isText: isText, bytes: $0) }
  }

  /// The digest of bytes that are all there and belong to somebody else.
  public init(isText: Bool, bytes: UnsafeRawBufferPointer) {
    var digest = SHA1()
    digest.append(bytes)
    self.init(
      isText: isText, length: bytes.count, sha1: Hexadecimal.text(digest.value()),
      head: Array(bytes.prefix(Self.headLimit)))
  }

  /// The most bytes that ``head`` has.
  public static let headLimit = 64
}

/// Everything that is known of one endpoint's attempt at a case.
public struct AttemptTrace: Sendable, Hashable, Codable {
  /// Which client it was.
  public enum Endpoint: String, Sendable, Hashable, Codable { case device, reference }

  /// Which client it was.
  public var endpoint: Endpoint
  /// The connections, in the order of the script; those never opened are missing.
  public var connections: [ConnectionTrace]
  /// What the client said of itself.
  public var client: ClientTrace
  /// Where the client was told to find the server; nil where that is not known.
  public var server: ServerAddress?

  /// Creates a trace.
  public init(
    endpoint: Endpoint, connections: [ConnectionTrace], client: ClientTrace, server: ServerAddress? = nil
  ) {
    self.endpoint = endpoint
    self.connections = connections
    self.client = client
    self.server = server
  }
}

/// Where a client reaches the server of an attempt, as it stands in a URL.
public struct ServerAddress: Sendable, Hashable, Codable {
  /// The host, in brackets if it is an IPv6 address.
  public var host: String
  /// The port.
  public var port: UInt16

  /// Creates an address.
  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}
