import Logging
import PosixIO
import WebSocketProtocol

/// A server whose connections are handled by an async function, one task each, on one loop.
///
///     let server = try await WebSocketServer.start(listeningOn: [.loopbackV4(port: 8765)], on: loop) { connection in
///       for try await message in connection { try await connection.send(message) }
///     }
///
/// `@unchecked Sendable`: mutable state is touched on the loop's thread only, which its entries check.
public final class WebSocketServer: @unchecked Sendable {
  /// What is done with a connection. When it returns, the connection is closed with 1000; when it throws, with 1011.
  public typealias Handler = @Sendable (WebSocketConnection) async throws -> Void

  /// The addresses it listens on.
  public let addresses: [SocketAddress]
  /// The loop it lives on.
  public let loop: EventLoop

  private let configuration: ConnectionConfiguration
  private let tls: TLSContext?
  private let compression: ServerCompression?
  private let handler: Handler
  private let logger: Logger
  private let maximumConnections: Int
  private var listeners: [TCPListener] = []
  private var tasks: [Int: Task<Void, Never>] = [:]
  private var nextTask = 0

  /// Starts listening on all of `addresses`, on one port number if they ask for port 0.
  ///
  /// - Parameters:
  ///   - tls: How TLS is spoken; nil serves in clear.
  ///   - compression: What is made of offers of permessage-deflate; nil declines them.
  ///   - maximumConnections: Whoever comes beyond so many at one time is turned away with 503. Each takes 64 KiB, and with
  ///     compression some 300 KiB more.
  public static func start(
    listeningOn addresses: [SocketAddress], on loop: EventLoop,
    configuration: ConnectionConfiguration = ConnectionConfiguration(),
    tls: TLSContext? = nil, compression: ServerCompression? = ServerCompression(),
    maximumConnections: Int = 1024,
    logger: Logger = Logger(label: "wsrig.server"), handler: @escaping Handler
  ) async throws -> WebSocketServer {
    try await loop.perform {
      try WebSocketServer(
        addresses, loop, configuration, tls, compression, maximumConnections, logger, handler)
    }
  }

  private init(
    _ addresses: [SocketAddress], _ loop: EventLoop, _ configuration: ConnectionConfiguration,
    _ tls: TLSContext?, _ compression: ServerCompression?, _ maximumConnections: Int, _ logger: Logger,
    _ handler: @escaping Handler
  ) throws {
    self.loop = loop
    self.configuration = configuration
    self.tls = tls
    self.compression = compression
    self.logger = logger
    self.maximumConnections = maximumConnections
    self.handler = handler
    listeners = try TCPListener.listenOnAll(on: loop, addresses)
    self.addresses = listeners.map(\.address)
    for listener in listeners { listener.onConnection = { [weak self] socket, _ in self?.accept(socket) } }
  }

  /// Stops listening, cancels the handlers and returns when all connections have ended.
  public func stop() async throws {
    let running = try await loop.perform {
      for listener in self.listeners { listener.close() }
      self.listeners = []
      for task in self.tasks.values { task.cancel() }
      return Array(self.tasks.values)
    }
    for task in running { await task.value }
  }

  private func accept(_ socket: consuming TCPSocket) {
    loop.preconditionOnLoop()
    guard tasks.count < maximumConnections else {
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 16)
      defer { scratch.deallocate() }
      return socket.refuseForLackOfRoom(scratch, inClear: tls == nil)
    }
    let number = nextTask
    nextTask += 1
    let accepted: AcceptedStream
    do {
      accepted = AcceptedStream(try ByteStream(socket, securedBy: tls, endpoint: "a client", on: loop))
    } catch {
      return logger.error("connection not secured", metadata: ["error": "\(error)"])
    }
    tasks[number] = Task(executorPreference: loop) {
      await self.serve(accepted)
      self.loop.submit { self.tasks[number] = nil }
    }
  }

  @concurrent
  private func serve(_ accepted: AcceptedStream) async {
    do {
      guard let connection = try await shakeHands(accepted) else { return }
      do {
        try await handler(connection)
        try await closeUncancelled(connection, .normalClosure)
      } catch {
        logger.debug("handler failed", metadata: ["error": "\(error)"])
        try await closeUncancelled(connection, error is CancellationError ? .goingAway : .internalError)
      }
    } catch {
      logger.debug("connection failed", metadata: ["error": "\(error)"])
    }
  }

  /// The closing handshake of a cancelled handler is not cancelled with it; it has a deadline of its own.
  private func closeUncancelled(_ connection: WebSocketConnection, _ code: CloseCode) async throws {
    let loop = loop
    _ = try await Task(executorPreference: loop) { try await connection.close(code) }.value
  }

  private func shakeHands(_ accepted: AcceptedStream) async throws -> WebSocketConnection? {
    var handshake = ServerHandshake(limits: configuration.limits)
    let deadline = Deadline.after(configuration.handshakeTimeout)
    guard let stream = accepted.take() else { return nil }
    while true {
      let chunk = try await stream.receiveSome(from: "a client", on: loop, deadline: deadline)
      guard !chunk.isEmpty else { return nil }
      switch handshake.receive(chunk) {
      case .incomplete: continue
      case .rejected(let rejection):
        try await stream.sendAll(
          ServerHandshake.refuse(rejection), to: "a client", on: loop, deadline: deadline)
        stream.endSending()
        while try await !stream.receiveSome(from: "a client", on: loop, deadline: deadline).isEmpty {}
        return nil
      case .request(let request, let consumed):
        let deflate = compression?.agreement(with: request)
        let response = try ServerHandshake.accept(request, deflate: deflate?.parameters)
        try await stream.sendAll(response, to: "a client", on: loop, deadline: deadline)
        return try WebSocketConnection(
          stream, .server(limits: configuration.limits, deflate: deflate), rest: Array(chunk[consumed...]),
          subprotocol: nil, deflate: deflate?.parameters, configuration: configuration, on: loop)
      }
    }
  }
}

/// Carries an accepted stream into its task. `@unchecked Sendable`: filled before the task starts, emptied by it, both
/// on the loop's thread.
private final class AcceptedStream: @unchecked Sendable {
  private var stream: ByteStream?

  init(_ stream: consuming ByteStream) { self.stream = consume stream }

  func take() -> ByteStream? { stream.take() }
}
