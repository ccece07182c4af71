import BoardLink
import Foundation
import Logging
import PosixIO
import Results
import WebSocketPeers

/// What a run works with: the server on its loop, the board on another, the reference on a third. Made before the first case, torn
/// down after the last.
final class BenchSetup: Sendable {
  let server: ScriptedServer
  let client: DeviceClient
  let referenceLoop: EventLoop
  let serialLog: SerialLog?
  /// The host of the server's address as it stands in a URL.
  let host: String
  private let serverLoop: EventLoop
  private let boardLoop: EventLoop
  private let lock: BoardLockBox
  private let configuration: RunConfiguration
  private let start = MonotonicInstant.now()

  /// Listens, and makes the board; it is not attached yet.
  /// - Throws: `ConfigurationError`, `MissingBoard`.
  init(_ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void) async throws {
    self.configuration = configuration
    do {
      serverLoop = try EventLoop(name: "server").start()
      boardLoop = try EventLoop(name: "board").start()
      referenceLoop = try EventLoop(name: "reference").start()
      serialLog = try configuration.serialLog.map { try SerialLog(path: $0.path) }
      let address = try await Self.address(configuration)
      host = address.isV6 ? "[\(address.hostText)]" : address.hostText
      var settings = ScriptedConfiguration()
      settings.captureLimit = configuration.captureLimit
      settings.logger.logLevel = .error
      server = try await ScriptedServer.start(
        listeningOn: [address], on: serverLoop, configuration: settings)
    } catch let error as PosixError {
      throw ConfigurationError("The server cannot listen: \(error); check --host and --port.")
    }
    lock = try BoardLockBox(configuration.board)
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    let link = try Self.link(configuration, on: boardLoop, logger: logger)
    let board = Board(link: link, on: boardLoop, log: serialLog, logger: logger) { event in
      guard event.kind != .attach else { return }
      let outcome = event.succeeded ? "" : " failed"
      progress(.note("board: \(event.kind.rawValue)\(outcome) (\(event.detail))"))
    }
    client = try DeviceClient(board: board, bundle: configuration.client, fixtures: configuration.fixtures)
  }

  /// Attaches the board, loads the client and asks the board who it is.
  /// - Throws: `MissingBoard`; `ConfigurationError` where the client does not load.
  func prepareBoard() async throws -> BoardRecord {
    do {
      try await client.board.attach()
      try await client.load()
      return try await client.identify(selector: configuration.board)
    } catch let failure as BoardFailure {
      throw MissingBoard(
        "Could not get the board ready: \(failure); check --board, the cable and that it runs MicroPython.")
    }
  }

  /// The board's events since the last call, with times from the start of the run.
  func takeBoardEvents() async -> [BoardEventRecord] {
    await client.board.takeEvents().map { event in
      BoardEventRecord(
        kind: event.kind.rawValue, atSeconds: (event.instant - start).seconds,
        durationSeconds: event.duration.seconds, succeeded: event.succeeded, detail: event.detail)
    }
  }

  /// Leaves the board at its friendly prompt and ends everything.
  func tearDown() async {
    await client.board.detach()
    // Nothing is left to lose: the results are gathered before.
    try? await server.stop()
    for loop in [serverLoop, boardLoop, referenceLoop] { loop.stop() }
  }

  private static func address(_ configuration: RunConfiguration) async throws -> SocketAddress {
    let found = try await SocketAddress.resolve(
      configuration.host, port: configuration.port, deadline: .after(.seconds(5)))
    guard let address = found.first else {
      throw ConfigurationError("The host '\(configuration.host)' has no address; check --host.")
    }
    return address
  }

  private static func link(
    _ configuration: RunConfiguration, on loop: EventLoop, logger: Logger
  ) throws -> any Link {
    do {
      try configuration.board.requireLink()
      if case .terminal(let path) = configuration.board { return TTYLink(path: path, on: loop) }
      let simulated = try SimulatedBoardConfiguration(
        configuration.simulation, fixtures: configuration.fixtures)
      return try SimulatedBoardLink(simulated, on: loop, logger: logger)
    } catch let error as BoardSelectorError {
      throw ConfigurationError("\(error)")
    } catch let error as BoardFailure {
      throw ConfigurationError("\(error)")
    }
  }
}

/// Holds the board's lock for as long as the setup lives. The simulated board needs none: every run makes its own.
private final class BoardLockBox: Sendable {
  private let lock: BoardLock?

  init(_ selector: BoardSelector) throws {
    do {
      lock = selector == .simulated ? nil : try BoardLock(selector)
    } catch let failure as BoardFailure {
      throw MissingBoard("\(failure)")
    }
  }
}
