import PosixIO
import Synchronization
import WebSocketProtocol

/// Why a client cannot do what it was asked for: a mistake of the caller.
public enum WebSocketClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A message function was called before ``WebSocketClient/handshake(_:headers:subprotocols:compression:)`` succeeded.
  case notConnected
  /// ``WebSocketClient/handshake(_:headers:subprotocols:compression:)`` was called while a connection is open.
  case alreadyConnected

  /// One sentence.
  public var description: String {
    switch self {
    case .notConnected: "the client is not connected: call handshake first"
    case .alreadyConnected: "the client is connected already: close it first"
    }
  }
}

/// A WebSocket client (RFC 6455) whose functions are those of the MicroPython library it stands for.
///
///     let client = WebSocketClient()
///     try await client.handshake("ws://127.0.0.1:8765/chat")
///     try await client.send("Hello World")
///     while let message = try await client.recv() {
///       print(message)
///       try await client.close()
///     }
///
/// Everything may be called from any task. One client has one connection at a time; after its end
/// ``handshake(_:headers:subprotocols:compression:)`` opens another.
public final class WebSocketClient: Sendable {
  /// The loop the client lives on.
  public let loop: EventLoop

  private let configuration: ConnectionConfiguration
  private let compression: ClientCompression?
  private let tlsConfiguration: TLSConfiguration
  private let state: Mutex<State>

  private struct State {
    var connection: WebSocketConnection?
    var isConnecting = false
    var tls: TLSContext?
    var randomness: any RandomNumberGenerator & Sendable
  }

  /// Makes a client that is not connected.
  ///
  /// - Parameters:
  ///   - configuration: Deadlines and bounds.
  ///   - tls: How `wss://` is spoken; by default with servers whose certificate an authority of the system vouches for.
  ///   - compression: What each handshake offers for compression that does not say otherwise; nil offers nothing.
  ///   - randomness: Gives nonces and masking keys. RFC 6455 section 10.3 wants them unpredictable: pass a seeded
  ///     generator only where bytes must repeat.
  ///   - loop: Where the connection lives; tasks that prefer this loop reach it without a thread hop.
  public init(
    configuration: ConnectionConfiguration = ConnectionConfiguration(),
    tls: TLSConfiguration = .client(), compression: ClientCompression? = nil,
    randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    on loop: EventLoop = .shared
  ) {
    self.loop = loop
    self.configuration = configuration
    self.compression = compression
    tlsConfiguration = tls
    state = Mutex(State(randomness: randomness))
  }

  deinit { state.withLock { $0.connection }?.abandon() }

  /// Connects to a `ws://` or `wss://` URI and does the opening handshake.
  ///
  /// - Parameters:
  ///   - uri: Where to, for example `ws://192.168.1.100:8765/chat?room=1`.
  ///   - headers: Further fields of the request, in order.
  ///   - subprotocols: In the order of preference.
  ///   - compression: What is offered for compression (RFC 7692); nil takes that of the client, which is nothing by default.
  /// - Returns: The server's response; its `subprotocol` is the chosen one, and its `deflate` what was agreed on for compression.
  /// - Throws: `InvalidOperation` for a URI or fields that cannot be sent, `PosixError` where TCP fails, `TLSError` where TLS does,
  ///   `HandshakeRejection` where the server's response is no valid 101, ``WebSocketClientError``.
  @discardableResult
  public func handshake(
    _ uri: String, headers: [(String, String)] = [], subprotocols: [String] = [],
    compression: ClientCompression? = nil
  ) async throws -> ClientHandshake.Response {
    let uri = try WebSocketURI(uri)
    let tls = uri.isSecure ? try self.tls() : nil
    let fields = HeaderFields(headers.map { HeaderFields.Field($0.0, $0.1) })
    var randomness = try beginConnecting()
    defer { state.withLock { $0.isConnecting = false } }
    let key = HandshakeKey(nonce: (randomness.next(), randomness.next()))
    let compression = compression ?? self.compression
    let handshake = try ClientHandshake(
      uri, key: key, headers: fields, subprotocols: subprotocols, deflateOffers: compression?.offers ?? [],
      limits: configuration.limits)
    // Each connection goes on where the last one stopped drawing, in steps of one generator value.
    let seed = randomness.next() as UInt64
    state.withLock { $0.randomness = randomness }
    // The system's generator is used as it is; what a caller seeded becomes keys that are meant to repeat.
    let keys: any RandomNumberGenerator & Sendable =
      randomness is SystemRandomNumberGenerator ? randomness : SplitMix64(seed: seed)
    let deadline = Deadline.after(configuration.handshakeTimeout)
    let (connection, response) = try await loop.run { [configuration, loop] in
      try await Self.connect(
        uri, tls, handshake, keys, configuration, compression?.settings, deadline, on: loop)
    }
    state.withLock { $0.connection = connection }
    return response
  }

  /// Made once, at the first `wss://`: reading the authorities of a system takes some milliseconds.
  private func tls() throws -> TLSContext {
    try state.withLock { state in
      if let context = state.tls { return context }
      let context = try TLSContext(.client, tlsConfiguration)
      state.tls = context
      return context
    }
  }

  private func beginConnecting() throws -> any RandomNumberGenerator & Sendable {
    try state.withLock { state in
      guard !state.isConnecting, state.connection?.isOpen != true else {
        throw WebSocketClientError.alreadyConnected
      }
      state.isConnecting = true
      state.connection = nil
      return state.randomness
    }
  }

  /// Whether the connection is open: messages can be sent.
  public var open: Bool { connectionIfAny?.isOpen ?? false }

  /// The connection itself, for what this class does not offer; nil before the first handshake.
  public var connectionIfAny: WebSocketConnection? { state.withLock { $0.connection } }

  /// The code of the server's Close, 1005 when it held none, 1006 when none came; nil while TCP has not ended.
  public var closeCode: CloseCode? { connectionIfAny?.closeStatus?.code }

  /// The reason of the server's Close, often empty; nil while TCP has not ended.
  public var closeReason: String? { connectionIfAny?.closeStatus?.reason }

  /// Sends a text message.
  public func send(_ text: String) async throws { try await connection().send(.text(text)) }

  /// Sends a message, such as one that was received.
  public func send(_ message: consuming Message) async throws { try await connection().send(message) }

  /// Sends a binary message.
  public func send(_ bytes: [UInt8]) async throws { try await connection().send(.binary(bytes)) }

  /// Sends one message in several frames (RFC 6455 section 5.4).
  public func send(fragments: [[UInt8]], isText: Bool) async throws {
    let connection = try connection()
    for (index, fragment) in fragments.enumerated() {
      let opcode: Opcode = index > 0 ? .continuation : isText ? .text : .binary
      try await connection.sendFrame(opcode, fragment, isFinal: index == fragments.count - 1)
    }
  }

  /// Sends a single frame of a message; see ``WebSocketConnection/sendFrame(_:_:isFinal:)``.
  public func sendFrame(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) async throws {
    try await connection().sendFrame(opcode, payload, isFinal: isFinal)
  }

  /// Waits for the next message; nil when no more will come. See ``WebSocketConnection/receive(deadline:)``.
  public func recv(deadline: Deadline? = nil) async throws -> Message? {
    try await connection().receive(deadline: deadline)
  }

  /// Sends a Ping and waits for its Pong; returns the time between.
  @discardableResult
  public func ping(_ payload: [UInt8] = [], deadline: Deadline? = nil) async throws -> Duration {
    try await connection().ping(payload, deadline: deadline)
  }

  /// Closes the connection with the closing handshake; without a connection it does nothing.
  ///
  /// - Parameters:
  ///   - code: Nil sends a Close without code.
  ///   - reason: At most 123 bytes of UTF-8.
  /// - Returns: Whether both Close frames were exchanged.
  @discardableResult
  public func close(code: CloseCode? = .normalClosure, reason: String = "") async throws -> Bool {
    try await connectionIfAny?.close(code, reason: reason) ?? false
  }

  private func connection() throws(WebSocketClientError) -> WebSocketConnection {
    guard let connection = connectionIfAny else { throw .notConnected }
    return connection
  }
}
