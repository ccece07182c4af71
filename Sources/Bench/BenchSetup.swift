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
  private let tokens: AttemptTokens
  private let lock: BoardLockBox
  private let configuration: RunConfiguration
  private let start: MonotonicInstant

  /// Makes everything, runs the body, and ends everything again in reverse order, whatever happens.
  /// - Throws: `ConfigurationError`, `MissingBoard`, or what the body throws.
  static func with<Result: Sendable>(
    _ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void,
    _ body: (BenchSetup) async throws -> Result
  ) async throws -> Result {
    let lock = try BoardLockBox(configuration.board)
    return try await Loops.with { loops in
      let server = try await Self.listen(configuration, on: loops.server)
      do {
        let setup = try BenchSetup(configuration, lock, loops, server, progress)
        do {
          let result = try await body(setup)
          await setup.tearDown()
          return result
        } catch {
          await setup.tearDown()
          throw error
        }
      } catch {
        try? await server.stop()
        throw error
      }
    }
  }

  private init(
    _ configuration: RunConfiguration, _ lock: BoardLockBox, _ loops: Loops, _ server: ScriptedServer,
    _ progress: @escaping @Sendable (RunEvent) -> Void
  ) throws {
    self.configuration = configuration
    self.lock = lock
    self.server = server
    let start = MonotonicInstant.now()
    self.start = start
    referenceLoop = loops.reference
    tokens = AttemptTokens(seed: configuration.seed)
    let address = server.addresses[0]
    host = address.isV6 ? "[\(address.hostText)]" : address.hostText
    serialLog = try configuration.serialLog.map { try SerialLog(path: $0.path) }
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    let link = try Self.link(configuration, on: loops.board, logger: logger)
    let board = Board(link: link, on: loops.board, log: serialLog, logger: logger) { event in
      if event.kind != .attach { progress(.board(BoardEventRecord(event, since: start))) }
    }
    client = try DeviceClient(board: board, bundle: configuration.client, fixtures: configuration.fixtures)
  }

  /// The token of the next attempt on the server.
  func nextToken() -> String { tokens.next() }

  /// Attaches the board, loads the client and asks the board who it is.
  /// - Throws: `MissingBoard`; `ConfigurationError` where the client does not load.
  func prepareBoard() async throws -> BoardRecord {
    do {
      try await client.board.attach()
      do {
        try await client.load()
      } catch let failure as BoardFailure {
        try await client.loadAgain(after: failure)
      }
      return try await client.record(selector: configuration.board)
    } catch let failure as BoardFailure {
      throw MissingBoard(
        "Could not get the board ready: \(failure); check --board, the cable and that it runs MicroPython.")
    }
  }

  /// The board's events since the last call, with times from the start of the run.
  func takeBoardEvents() async -> [BoardEventRecord] {
    await client.board.takeEvents().map { BoardEventRecord($0, since: start) }
  }

  /// Leaves the board at its friendly prompt and ends the server.
  private func tearDown() async {
    await client.board.detach()
    // Nothing is left to lose: the results are gathered before.
    try? await server.stop()
  }

  private static func listen(
    _ configuration: RunConfiguration, on loop: EventLoop
  ) async throws -> ScriptedServer {
    var settings = ScriptedConfiguration()
    settings.captureLimit = configuration.captureLimit
    settings.logger.logLevel = .error
    do {
      return try await ScriptedServer.start(
        listeningOn: [try await address(configuration)], on: loop, configuration: settings)
    } catch let error as PosixError {
      throw ConfigurationError("The server cannot listen: \(error); check --host and --port.")
    }
  }

  private static func address(_ configuration: RunConfiguration) async throws -> SocketAddress {
    let found = try await SocketAddress.resolve(
      configuration.host, port: configuration.port, deadline: .after(.seconds(5)))
    guard let address = found.first else {
      throw ConfigurationError("The host '\(configuration.host)' has no address; check --host.")
    }
    if address.isV6, configuration.board == .simulated, configuration.simulation.imitatesLwIP {
      throw ConfigurationError(
        "The simulated board speaks IPv4 only, as a board does, and '\(configuration.host)' is an IPv6 address; "
          + "choose another --host.")
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

/// The threads of a run: server, board and reference do not wait for one another.
private struct Loops: Sendable {
  let server: EventLoop
  let board: EventLoop
  let reference: EventLoop

  /// Starts the loops for the body and stops them after it.
  static func with<Result: Sendable>(_ body: (Loops) async throws -> Result) async throws -> Result {
    let loops = Loops(
      server: try EventLoop(name: "server"), board: try EventLoop(name: "board"),
      reference: try EventLoop(name: "reference"))
    let all = [loops.server, loops.board, loops.reference]
    for loop in all { loop.start() }
    defer { for loop in all { loop.stop() } }
    return try await body(loops)
  }
}

extension BoardEventRecord {
  /// The event with times counted from `start`.
  fileprivate init(_ event: BoardEvent, since start: MonotonicInstant) {
    self.init(
      kind: event.kind.rawValue, atSeconds: (event.instant - start).seconds,
      durationSeconds: event.duration.seconds, succeeded: event.succeeded, detail: event.detail)
  }
}
