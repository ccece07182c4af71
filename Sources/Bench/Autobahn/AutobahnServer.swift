import Autobahn
import Logging
import PosixIO
import Synchronization
import WebSocketPeers

/// Puts any client through our scenarios that any driver made for Autobahn's fuzzing server drives: the scripted server, with the
/// control protocol in front. What the client does is judged by the wire alone, beside the reference in the same case.
public final class AutobahnServer: Sendable {
  /// The addresses it listens on, all on one port.
  public let addresses: [SocketAddress]
  /// Yields once when a driver has asked the server to end, and finishes.
  public let endRequests: AsyncStream<Void>

  let configuration: AutobahnServerConfiguration
  let server: ScriptedServer
  /// What the reference connects to: always in clear, for what is compared is the WebSocket above.
  private let referenceServer: ScriptedServer
  let reference: ReferenceRunner
  let tokens: AttemptTokens
  let book: DriverBook
  let progress: @Sendable (DriverEvent) -> Void
  let endRequested: AsyncStream<Void>.Continuation

  /// Starts listening.
  ///
  /// - Parameters:
  ///   - loop: where server and connections live; the reference lives on `referenceLoop`.
  ///   - progress: is told what happens, on any thread.
  /// - Throws: `PosixError` when an address cannot be had.
  public static func start(
    _ configuration: AutobahnServerConfiguration, listeningOn addresses: [SocketAddress], on loop: EventLoop,
    referenceLoop: EventLoop, progress: @escaping @Sendable (DriverEvent) -> Void
  ) async throws -> AutobahnServer {
    var settings = ScriptedConfiguration()
    settings.logger.logLevel = .error
    let inClear = settings
    let desk = ConnectionDesk()
    // A client on a busy computer may take its time to end TCP, and that it does not is taken for no sign of life.
    settings.drainTimeout = .seconds(3)
    settings.onUnclaimed = { desk.receive($0) }
    settings.tls = configuration.tls.map { ScriptedTLS($0) }
    let server = try await ScriptedServer.start(listeningOn: addresses, on: loop, configuration: settings)
    let referenceServer =
      if configuration.tls == nil { server } else {
        try await ScriptedServer.start(
          listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: inClear)
      }
    let made = AutobahnServer(configuration, server, referenceServer, referenceLoop, progress)
    try await loop.perform { desk.open { [weak made] in made?.answer($0) } }
    return made
  }

  private init(
    _ configuration: AutobahnServerConfiguration, _ server: ScriptedServer,
    _ referenceServer: ScriptedServer, _ referenceLoop: EventLoop,
    _ progress: @escaping @Sendable (DriverEvent) -> Void
  ) {
    self.configuration = configuration
    self.server = server
    self.referenceServer = referenceServer
    self.progress = progress
    addresses = server.addresses
    tokens = AttemptTokens(seed: configuration.seed)
    book = DriverBook(cases: configuration.cases.all, seed: configuration.seed)
    let address = referenceServer.addresses[0]
    let host = address.urlHost
    reference = ReferenceRunner(
      server: referenceServer, host: host, seed: configuration.seed, loop: referenceLoop)
    (endRequests, endRequested) = AsyncStream.makeStream(of: Void.self)
  }

  /// What the clients came to so far, in the order in which they came.
  public var runs: [AgentRun] { book.runs }

  /// The clients of which a case is under way.
  public var agentsUnderWay: [String] { book.agentsUnderWay }

  /// Stops; cases under way are not in the results.
  public func stop() async throws {
    book.close()
    endRequested.finish()
    try await server.stop()
    if referenceServer !== server { try await referenceServer.stop() }
  }

  /// Does something on the server's loop.
  func onLoop(_ body: @escaping @Sendable () throws -> Void) {
    server.loop.submit {
      // A connection that is gone wants no answer.
      try? body()
    }
  }
}
