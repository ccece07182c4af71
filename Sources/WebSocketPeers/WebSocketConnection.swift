import PosixIO
import Synchronization
import WebSocketProtocol

/// Deadlines and bounds of a ``WebSocketConnection``.
public struct ConnectionConfiguration: Sendable {
  /// Largest frame, message and head; beyond them the connection fails with 1009.
  public var limits = Limits()
  /// From connecting to the end of the opening handshake.
  public var handshakeTimeout = Duration.seconds(10)
  /// For the peer's part of the closing handshake and the end of TCP; then TCP is closed.
  public var closeTimeout = Duration.seconds(5)
  /// For the peer to read what was sent, when more than ``sendHighWaterMark`` waits.
  public var sendTimeout = Duration.seconds(30)
  /// For a message in ``WebSocketConnection/receive(deadline:)`` where no deadline is given; nil waits for ever.
  public var receiveTimeout: Duration?
  /// Unsent bytes beyond which sending waits.
  public var sendHighWaterMark = 1 << 20

  /// The defaults.
  public init() {}
}

/// An open WebSocket connection of either role.
///
/// Its functions may be called from any task; on the connection's loop (a task with the loop as executor preference)
/// they cost no thread hop. Reading is pulled: the socket is read when somebody waits for a message, so a slow
/// application slows the peer down. Pings are answered whenever something is read.
///
/// `@unchecked Sendable`: mutable state is touched on the loop's thread only, which every function checks, except
/// `shared`, which a mutex guards.
public final class WebSocketConnection: @unchecked Sendable {
  /// The loop it lives on.
  public let loop: EventLoop
  /// The subprotocol agreed on in the opening handshake, if any.
  public let subprotocol: String?
  /// What was agreed on for permessage-deflate; nil where the extension is not in use.
  public let deflate: DeflateParameters?
  /// What the endpoints agreed on in TLS; nil where it is not in use.
  public let tlsDetails: TLSDetails?

  let configuration: ConnectionConfiguration
  // Unchecked, for what every message touches: all of it belongs to the loop's thread, which every entry checks, and no
  // suspension and no call that could come back here happens while one of these is being changed.
  @exclusivity(unchecked) var stream: ByteStream
  @exclusivity(unchecked) var machine: ConnectionMachine
  @exclusivity(unchecked) var output = ByteBuffer()
  /// Bytes at the start of `output` that the kernel has taken.
  @exclusivity(unchecked) var outputStart = 0
  @exclusivity(unchecked) var messages = MessageQueue()
  /// The part of the last read, in `memory`, that lies behind a message and was not looked at yet.
  @exclusivity(unchecked) var held = 0..<0
  /// Whether a read may find something: epoll reports changes only.
  @exclusivity(unchecked) var isReadable = true
  /// Whether the end of the stream waits behind the bytes: then a short read must be followed by another.
  @exclusivity(unchecked) var endIsReported = false
  @exclusivity(unchecked) var isDirty = false
  /// Whether no further message will come: Close, violation or end of stream.
  @exclusivity(unchecked) var isOver = false
  @exclusivity(unchecked) var waiters: [Waiter] = []
  @exclusivity(unchecked) var nextWaiter: UInt64 = 0
  var isClosed = false
  var discardsMessages = false
  var pongs: [[UInt8]: MonotonicInstant] = [:]
  var registration: Registration?
  var closeTimer: LoopTimer?
  let memory: UnsafeMutableRawBufferPointer
  let shared = Mutex(Shared())

  struct Shared {
    var isOpen = true
    var status: CloseStatus?
    var violation: ProtocolViolation?
    var tlsFailure: TLSError?
  }

  /// Somebody who waits for anything to happen and then looks again.
  struct Waiter {
    let id: UInt64
    let purpose: WaitPurpose
    let continuation: UnsafeContinuation<Void, any Error>
    let timer: LoopTimer?
  }

  /// Messages received ahead of those who want them; beyond that many nothing more is read.
  static let mostQueuedMessages = 4096

  /// Takes over a socket after the opening handshake, with the bytes that came behind the head. On the loop only.
  init(
    _ stream: consuming ByteStream, _ machine: consuming ConnectionMachine, rest: [UInt8],
    subprotocol: String?, deflate: DeflateParameters?, configuration: ConnectionConfiguration,
    on loop: EventLoop
  ) throws(PosixError) {
    self.loop = loop
    self.subprotocol = subprotocol
    self.deflate = deflate
    self.configuration = configuration
    tlsDetails = stream.tlsDetails
    self.stream = stream
    self.machine = machine
    memory = .allocate(byteCount: 1 << 16, alignment: 64)
    registration = try loop.register(
      self.stream.descriptor, [.readable, .writable, .peerEnded, .edgeTriggered], ReadinessLink(self))
    closeTimer = LoopTimer(on: loop) { [weak self] in self?.finish() }
    // At most what one read of the opening handshake took, which is less than the memory holds.
    precondition(rest.count <= memory.count, "more came behind the head than one read takes")
    memory.copyBytes(from: rest)
    held = 0..<rest.count
  }

  deinit { memory.deallocate() }

  /// Whether messages can be sent.
  public var isOpen: Bool { shared.withLock { $0.isOpen } }
  /// How the connection ended, once TCP has.
  public var closeStatus: CloseStatus? { shared.withLock { $0.status } }
  /// What went wrong in TLS; `.truncated` where TCP ended without close_notify.
  public var tlsFailure: TLSError? { shared.withLock { $0.tlsFailure } }
  /// The rule of the protocol that the peer broke, if that ended the connection.
  public var violation: ProtocolViolation? { shared.withLock { $0.violation } }

  /// Waits for the next message; nil when no more will come, for whatever reason (see ``closeStatus`` and
  /// ``violation``).
  ///
  /// Throws `PosixError` with `.timedOut` when the deadline passed (the connection stays as it is), and
  /// `CancellationError`.
  public func receive(deadline: Deadline? = nil) async throws -> Message? {
    let deadline = deadline ?? configuration.receiveTimeout.map { .after($0) } ?? .never
    if loop.isCurrent { return try await receiveOnLoop(deadline) }
    return try await loop.run { try await self.receiveOnLoop(deadline) }
  }

  /// Sends a message. Returns when the bytes are handed over, at the latest when at most
  /// ``ConnectionConfiguration/sendHighWaterMark`` of them wait for the peer.
  ///
  /// Throws `InvalidOperation` when the connection is no longer open, `PosixError` when the peer does not read.
  public func send(_ message: consuming Message) async throws {
    if loop.isCurrent {
      try append(message)
      return try await makeRoom()
    }
    try await loop.run { [message] in
      try self.append(message)
      try await self.makeRoom()
    }
  }

  /// Sends one frame: a message, or with `isFinal` false its first fragment, which `.continuation` frames follow
  /// (RFC 6455 section 5.4). The fragments of text must be valid UTF-8 together.
  public func sendFrame(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) async throws {
    if loop.isCurrent {
      try append(opcode, payload, isFinal: isFinal)
      return try await makeRoom()
    }
    try await loop.run {
      try self.append(opcode, payload, isFinal: isFinal)
      try await self.makeRoom()
    }
  }

  /// Sends a Ping of at most 125 bytes and waits for the Pong with the same payload; returns the time between.
  /// Messages that come meanwhile are kept for ``receive(deadline:)``.
  @discardableResult
  public func ping(_ payload: [UInt8] = [], deadline: Deadline? = nil) async throws -> Duration {
    let deadline = deadline ?? .after(configuration.closeTimeout)
    return try await loop.run { try await self.pingOnLoop(payload, deadline) }
  }

  /// Closes the connection: Close frame, the peer's Close, end of TCP, each at most
  /// ``ConnectionConfiguration/closeTimeout`` away. Messages that still come are dropped. Closing again waits for the
  /// same end.
  ///
  /// - Returns: Whether both Close frames were exchanged.
  @discardableResult
  public func close(_ code: CloseCode? = .normalClosure, reason: String = "") async throws -> Bool {
    let payload = try code.map { try ClosePayload($0, reason: reason) } ?? .empty
    do {
      return try await loop.run { try await self.closeOnLoop(payload) }
    } catch let error as CancellationError {
      // Who no longer waits for the answer leaves no connection behind.
      abandon()
      throw error
    }
  }

  /// Closes TCP at once, without the closing handshake. What was sent before still leaves, as far as the kernel takes it at once.
  /// From any thread.
  public func abandon() {
    loop.submit {
      self.flush()
      self.finish()
    }
  }
}

extension WebSocketConnection: AsyncSequence {
  /// Yields messages until no more come.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let connection: WebSocketConnection

    /// The next message.
    public mutating func next() async throws -> Message? { try await connection.receive() }
  }

  /// `for try await message in connection`.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(connection: self) }
}

/// Joins the loop with a connection without keeping it alive: a connection nobody holds any more is closed.
private final class ReadinessLink: ReadinessHandler {
  private weak var connection: WebSocketConnection?

  init(_ connection: WebSocketConnection) { self.connection = connection }

  func isReady(_ readiness: Readiness) { connection?.isReady(readiness) }
}

/// Messages in order of arrival.
struct MessageQueue {
  private var messages: [Message] = []
  private var first = 0

  var count: Int { messages.count - first }

  mutating func append(_ message: Message) { messages.append(message) }

  mutating func popFirst() -> Message? {
    guard first < messages.count else { return nil }
    let message = messages[first]
    first += 1
    if first == messages.count {
      messages.removeAll(keepingCapacity: messages.count <= 256)
      first = 0
    }
    return message
  }
}
