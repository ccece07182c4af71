import Logging
import PosixIO
import Traces
import WebSocketProtocol

/// Limits, deadlines and hooks of an ``EchoServer``.
public struct EchoConfiguration: Sendable {
  /// Largest frame, message and request head; beyond them the connection fails (1009, or 431 in the handshake).
  public var limits = Limits()
  /// What is made of offers of permessage-deflate; nil declines them. A connection that uses it takes some 300 KiB more.
  public var compression: ServerCompression? = ServerCompression()
  /// How TLS is spoken; nil serves in clear.
  public var tls: TLSContext?
  /// From accepting a connection to its complete request, TLS included; then it is closed.
  public var handshakeTimeout = Duration.seconds(10)
  /// Without a byte from the client for that long, the server closes with 1001. Nil waits for ever.
  public var idleTimeout: Duration? = .seconds(600)
  /// For the client's Close, and again for its end of stream; then TCP is closed.
  public var closeTimeout = Duration.seconds(5)
  /// Unsent bytes of one connection, beyond which nothing more is read from it until the client has read.
  public var sendHighWaterMark = 1 << 20
  /// Connections at one time; whoever comes beyond that is turned away with 503.
  public var maximumConnections = 16384
  /// Bytes kept of each direction of each connection for ``onTrace``; 0 keeps none.
  public var captureLimit = 0
  /// Whether the kernel is asked when bytes came, were sent and were acknowledged. The traces have its answers, where it gives any; needs
  /// a ``captureLimit``.
  public var stampsSending = false
  /// Given the trace of each connection when it has ended, on the loop. Needs a ``captureLimit``.
  public var onTrace: (@Sendable (ConnectionTrace) -> Void)?
  /// Given what each wake-up echoed, on the loop.
  public var recorder: (any EchoRecorder)?
  /// Where connections and failures are told, at debug level.
  public var logger = Logger(label: "wsrig.echo")

  /// The defaults.
  public init() {}
}

/// Takes the echo server's own processing times.
public protocol EchoRecorder: AnyObject, Sendable {
  /// Called on the loop once per wake-up that echoed something.
  ///
  /// - Parameters:
  ///   - messages: Messages echoed in this wake-up.
  ///   - bytes: Bytes of the write that carried them.
  ///   - nanoseconds: From the wake-up to the end of that write.
  func echoed(messages: Int, bytes: Int, nanoseconds: Int64)
}

/// A server that sends every message back, for any client. All its connections live on one loop.
///
/// `@unchecked Sendable`: mutable state is touched on the loop's thread only, which its entries check.
public final class EchoServer: @unchecked Sendable {
  /// The addresses it listens on, with the port that was picked where 0 was asked for.
  public let addresses: [SocketAddress]
  /// The loop it lives on.
  public let loop: EventLoop

  let configuration: EchoConfiguration
  let buffers = LoopBuffers()
  private var listeners: [TCPListener] = []
  private var connections: [EchoConnection] = []
  private var whenEmpty: (() -> Void)?
  /// Keeps the server while it has listeners or connections, which refer to it unowned.
  private var whileRunning: EchoServer?

  /// Starts listening on all of `addresses`, on one port number if they ask for port 0.
  ///
  /// Throws `PosixError` when an address cannot be had; an address family this machine lacks is left out, but the
  /// first must work.
  public static func start(
    listeningOn addresses: [SocketAddress], on loop: EventLoop,
    configuration: EchoConfiguration = EchoConfiguration()
  ) async throws -> EchoServer {
    try await loop.perform { try EchoServer(addresses, loop, configuration) }
  }

  private init(_ addresses: [SocketAddress], _ loop: EventLoop, _ configuration: EchoConfiguration) throws {
    self.loop = loop
    self.configuration = configuration
    listeners = try TCPListener.listenOnAll(on: loop, addresses)
    self.addresses = listeners.map(\.address)
    for listener in listeners {
      listener.onConnection = { [weak self] socket, peer in self?.accept(socket, peer) }
    }
    whileRunning = self
    configuration.logger.debug("echo server listens", metadata: ["addresses": "\(self.addresses)"])
  }

  /// Stops listening, starts the closing handshake (1001) on every connection, and returns when all have ended, at the
  /// latest when both their close deadlines have passed.
  public func stop() async throws {
    try await loop.run {
      for listener in self.listeners { listener.close() }
      self.listeners = []
      for connection in self.connections { connection.shutDown() }
      if !self.connections.isEmpty {
        await withCheckedContinuation { continuation in
          self.whenEmpty = { continuation.resume() }
        }
      }
      self.whileRunning = nil
    }
  }

  private func accept(_ socket: consuming TCPSocket, _ peer: SocketAddress) {
    loop.preconditionOnLoop()
    guard connections.count < configuration.maximumConnections else {
      configuration.logger.debug("no room for a connection", metadata: ["peer": "\(peer)"])
      return socket.refuseForLackOfRoom(buffers.input, inClear: configuration.tls == nil)
    }
    do {
      let stream = try ByteStream(
        socket, securedBy: configuration.tls, endpoint: "the client \(peer)", on: loop)
      let connection = try EchoConnection(stream, peer, in: self)
      connection.index = connections.count
      connections.append(connection)
    } catch {
      configuration.logger.error("connection not watched", metadata: ["error": "\(error)"])
    }
  }

  func remove(_ connection: EchoConnection) {
    let last = connections.removeLast()
    if last !== connection {
      connections[connection.index] = last
      last.index = connection.index
    }
    if connections.isEmpty, let done = whenEmpty {
      whenEmpty = nil
      done()
    }
  }
}
