import BoardLink
import Logging
import PosixIO
import Results
import Scenarios
import Synchronization
import Traces
import WebSocketPeers

/// A client on a board, which the agent plays: the board, the client loaded onto it, and its recovery.
struct BoardDevice: Device {
  private let client: DeviceClient
  private let runner: DeviceRunner
  private let selector: BoardSelector
  private let start: MonotonicInstant
  private let boardWait: Duration?
  let serialLog: SerialLog?
  /// A board has one interpreter.
  var lanes: Int { 1 }
  var tlsBallast: Int { runner.tlsBallast }

  /// - Parameters:
  ///   - link: how the board is reached; it lives on `loop`.
  ///   - host: the host by which the board reaches the server, bracketed if it is an IPv6 address.
  ///   - states: what the board goes through before the client is loaded.
  ///   - boardWait: how long a board that was given up may take to come back; nil gives it up for good.
  ///   - onWait: is told before a rung of recovery that may take long.
  ///   - onEvent: is told each rung of recovery as it ends.
  init(
    link: any Link, on loop: EventLoop, client bundle: ClientBundle, fixtures: Fixtures,
    server: ScriptedServer, tls: BenchTLS,
    host: String, serialLog: SerialLog?, states: BoardStates, boardWait: Duration?, logger: Logger,
    onWait: @escaping @Sendable (String) -> Void = { _ in },
    onEvent: @escaping @Sendable (BoardEventRecord) -> Void
  ) throws {
    let start = MonotonicInstant.now()
    self.serialLog = serialLog
    self.boardWait = boardWait
    self.start = start
    selector = link.selector
    let failedStarts = FailedStarts()
    let board = Board(link: link, on: loop, log: serialLog, logger: logger, onWait: onWait) { event in
      for event in failedStarts.toTell(after: event) { onEvent(BoardEventRecord(event, since: start)) }
    }
    client = try DeviceClient(board: board, bundle: bundle, fixtures: fixtures, states: states)
    runner = DeviceRunner(
      client: client, server: server, tls: tls, host: host,
      tlsBallast: link.selector == .simulated ? AgentProgram.tlsBallast : 0)
  }

  /// Attaches the board, gets it ready, loads the client and asks the board who it is.
  func prepare() async throws -> BoardRecord {
    do {
      return try await asOftenAsItReturns {
        try await attach()
        try await getReady()
        try await load()
        return try await record()
      }
    } catch let obstacle as BoardStates.NotReady {
      throw MissingBoard(obstacle.description)
    } catch let failure as BoardFailure {
      // Whoever ends the run wants to hear nothing of what its end did to the board.
      try Task.checkCancellation()
      throw failure.ending(selector)
    } catch let refusal as ConfigurationError where client.hasInjectedFaults {
      throw MissingBoard(
        "While faults were injected the client did not load, which says nothing about it; run without --sim-faults to see "
          + "whether it does. What was seen: \(refusal.sentence)")
    }
  }

  /// Attaches the board, unless it has said already who it is. One that was there, and is lost meanwhile, may come back as one that is
  /// lost later.
  private func attach() async throws {
    guard await client.board.identity == nil else { return }
    do {
      try await client.board.attach()
    } catch let failure as BoardFailure {
      guard boardWait != nil, failure.isLinkEnded, await client.board.wasReached else { throw failure }
      throw await client.board.quarantine(because: failure)
    }
  }

  /// Gets the board ready, unless it is; where it is lost meanwhile, again after its recovery, and after a restart where that did not
  /// help. One that answers and cannot be got ready is restarted at once: until it begins anew its radio may be stuck, or the line
  /// have damaged what it was told.
  private func getReady() async throws {
    for isRecovered in [false, true] {
      do {
        return try await client.getReady()
      } catch let failure as BoardFailure {
        try await client.recover(from: failure, byRestart: isRecovered)
      } catch let obstacle as BoardStates.NotReady {
        try await client.recover(from: unfit(because: obstacle), byRestart: true)
        break
      }
    }
    try await client.getReady()
  }

  private func load() async throws {
    do {
      try await client.load()
    } catch let failure as BoardFailure {
      try await client.loadAgain(after: failure)
    }
  }

  /// Does something with the board, again each time that it has come back after it was given up, as long as the user wants to wait.
  private func asOftenAsItReturns<Value>(_ body: () async throws -> Value) async throws -> Value {
    while true {
      do {
        return try await body()
      } catch let failure as BoardFailure {
        guard let boardWait, failure.isQuarantine else { throw failure }
        // Throws where it does not come, or came too often in vain.
        try await client.board.waitForReturn(deadline: .after(boardWait))
      }
    }
  }

  private func record() async throws -> BoardRecord {
    var record = try await client.record(selector: selector)
    if let identity = await client.board.identity { record.add(identity) }
    return record
  }

  func setApart(by isolation: Isolation) async -> Readiness {
    do {
      try await client.isolate(isolation)
      try await getReady()
      try await client.load()
      return .ready(isolation)
    } catch let failure as BoardFailure {
      return .failed(await recover(from: failure))
    } catch let obstacle as BoardStates.NotReady {
      return .failed(await giveUp(because: obstacle))
    } catch {
      return .failed(.unusable("\(error)"))
    }
  }

  func attempt(_ testCase: Case, token: String, pace: Pace, isLastAttempt: Bool) async -> DeviceOutcome {
    do {
      return .traced(
        try await runner.run(testCase, token: token, pace: pace, isLastAttempt: isLastAttempt))
    } catch let lost as LostAttempt {
      return await recover(from: lost.failure, wire: lost.wire)
    } catch let failure as BoardFailure {
      return await recover(from: failure)
    } catch {
      return DeviceOutcome(error)
    }
  }

  private func recover(from failure: BoardFailure, wire: AttemptTrace? = nil) async -> DeviceOutcome {
    do {
      try await client.recover(from: failure)
      return .lost(failure, wire: wire)
    } catch {
      return await awaitReturn(after: error as? BoardFailure ?? failure, wire: wire)
    }
  }

  /// It answers and cannot play: its WLAN or the way to the server is gone. Each case would find that anew.
  private func giveUp(because obstacle: BoardStates.NotReady) async -> DeviceOutcome {
    await awaitReturn(after: await client.board.quarantine(because: unfit(because: obstacle)))
  }

  private func unfit(because obstacle: BoardStates.NotReady) -> BoardFailure {
    BoardFailure(board: selector.description, .unfit("it \(obstacle.reason)"))
  }

  /// The board was given up; as long as the user wants, it may come back.
  private func awaitReturn(after failure: BoardFailure, wire: AttemptTrace? = nil) async -> DeviceOutcome {
    guard let boardWait, failure.isQuarantine else { return .quarantined(failure, wire: wire) }
    do {
      try await client.board.waitForReturn(deadline: .after(boardWait))
      return .lost(failure, wire: wire)
    } catch {
      return .quarantined(failure, wire: wire)
    }
  }

  func echo(_ visit: Visit) async -> VisitOutcome {
    do {
      try await client.load()
      return try await runner.echo(visit)
    } catch let failure as BoardFailure {
      switch await recover(from: failure) {
      case .quarantined(let final, _): return VisitOutcome(.gone("\(final)"))
      default: return VisitOutcome(.lost("\(failure)"))
      }
    } catch {
      return VisitOutcome(.lost("\(error)"))
    }
  }

  func noteProgress() async { await client.board.noteProgress() }

  func takeEvents() async -> [BoardEventRecord] {
    await client.board.takeEvents().map { BoardEventRecord($0, since: start) }
  }

  /// Leaves the board at its friendly prompt.
  func leave() async { await client.board.detach() }
}

extension BoardRecord {
  /// Adds what the firmware says of itself: a link may lead to a simulated board, or to CPython, which is no hardware.
  mutating func add(_ identity: BoardIdentity) {
    (platform, uname) = (identity.platform, identity.uname)
    (modules, tlsLibrary) = (identity.modules, identity.tlsLibrary)
    guard kind == .board else { return }
    if identity.implementation == "CPython" {
      kind = .python
    } else if identity.isSimulated {
      kind = .simulated
    }
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

/// Failed attempts to attach a board, until it is ready after all: of one that never is, the end of the run says why.
private final class FailedStarts: Sendable {
  private let held = Mutex<[BoardEvent]>([])

  /// What there is to tell, now that this has happened.
  func toTell(after event: BoardEvent) -> [BoardEvent] {
    guard event.kind == .attach else { return event.kind.isRecovery ? [event] : [] }
    return held.withLock { held in
      guard event.succeeded else {
        held.append(event)
        return []
      }
      defer { held = [] }
      return held
    }
  }
}
