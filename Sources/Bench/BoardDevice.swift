import BoardLink
import Logging
import PosixIO
import Results
import Scenarios
import WebSocketPeers

/// A client on a board, which the agent plays: the board, the client loaded onto it, and its recovery.
struct BoardDevice: Device {
  private let client: DeviceClient
  private let runner: DeviceRunner
  private let selector: BoardSelector
  private let start: MonotonicInstant
  let serialLog: SerialLog?
  /// A board has one interpreter.
  var lanes: Int { 1 }
  var tlsBallast: Int { runner.tlsBallast }

  /// - Parameters:
  ///   - link: how the board is reached; it lives on `loop`.
  ///   - host: the host by which the board reaches the server, bracketed if it is an IPv6 address.
  ///   - start: the start of the run, from which the times of events count.
  ///   - onEvent: is told each rung of recovery as it ends.
  init(
    link: any Link, on loop: EventLoop, client bundle: ClientBundle, fixtures: Fixtures,
    server: ScriptedServer, tls: BenchTLS,
    host: String, serialLog: SerialLog?, start: MonotonicInstant, logger: Logger,
    onEvent: @escaping @Sendable (BoardEventRecord) -> Void
  ) throws {
    self.serialLog = serialLog
    self.start = start
    selector = link.selector
    let board = Board(link: link, on: loop, log: serialLog, logger: logger) { event in
      if event.kind != .attach { onEvent(BoardEventRecord(event, since: start)) }
    }
    client = try DeviceClient(board: board, bundle: bundle, fixtures: fixtures)
    runner = DeviceRunner(
      client: client, server: server, tls: tls, host: host,
      tlsBallast: link.selector == .simulated ? AgentProgram.tlsBallast : 0)
  }

  /// Attaches the board, loads the client and asks the board who it is.
  func prepare() async throws -> BoardRecord {
    do {
      try await client.board.attach()
      do {
        try await client.load()
      } catch let failure as BoardFailure {
        try await client.loadAgain(after: failure)
      }
      return try await client.record(selector: selector)
    } catch let failure as BoardFailure {
      if case .ambiguous = failure.cause { throw ConfigurationError("\(failure) by --board.") }
      let needs =
        selector.isPython ? "that it is CPython 3.11 or newer" : "the cable and that it runs MicroPython"
      throw MissingBoard("Could not get the board ready: \(failure); check --board, \(needs).")
    }
  }

  func setApart(by isolation: Isolation) async -> Readiness {
    do {
      try await client.isolate(isolation)
      try await client.load()
      return .ready(isolation)
    } catch let failure as BoardFailure {
      return .failed(await recover(from: failure))
    } catch {
      return .failed(.unusable("\(error)"))
    }
  }

  func attempt(_ testCase: Case, token: String, pace: Pace, isLastAttempt: Bool) async -> DeviceOutcome {
    do {
      return .traced(
        try await runner.run(testCase, token: token, pace: pace, isLastAttempt: isLastAttempt))
    } catch let failure as BoardFailure {
      return await recover(from: failure)
    } catch {
      return DeviceOutcome(error)
    }
  }

  private func recover(from failure: BoardFailure) async -> DeviceOutcome {
    do {
      try await client.recover(from: failure)
      return .lost(failure)
    } catch {
      return .quarantined(error as? BoardFailure ?? failure)
    }
  }

  func echo(_ visit: Visit) async -> VisitEnding {
    do {
      try await client.load()
      return try await runner.echo(visit)
    } catch let failure as BoardFailure {
      switch await recover(from: failure) {
      case .quarantined(let final): return .gone("\(final)")
      default: return .lost("\(failure)")
      }
    } catch {
      return .lost("\(error)")
    }
  }

  func noteProgress() async { await client.board.noteProgress() }

  func takeEvents() async -> [BoardEventRecord] {
    await client.board.takeEvents().map { BoardEventRecord($0, since: start) }
  }

  /// Leaves the board at its friendly prompt.
  func leave() async { await client.board.detach() }
}

extension BoardEventRecord {
  /// The event with times counted from `start`.
  fileprivate init(_ event: BoardEvent, since start: MonotonicInstant) {
    self.init(
      kind: event.kind.rawValue, atSeconds: (event.instant - start).seconds,
      durationSeconds: event.duration.seconds, succeeded: event.succeeded, detail: event.detail)
  }
}
