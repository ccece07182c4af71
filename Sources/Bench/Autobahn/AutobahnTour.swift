import Autobahn
import PosixIO
import Results
import Scenarios
import Verdicts
import WebSocketPeers

/// What decides how a client is taken through a genuine Autobahn fuzzing server.
public struct TourConfiguration: Sendable {
  /// The server's URL: `ws://HOST:PORT` or `wss://HOST:PORT`.
  public var server: String
  /// How the rig's own connections to a `wss://` server are secured: those of the reference client, and those that ask the server.
  public var tls: TLSConfiguration
  /// The name of the client in the server's reports.
  public var agent: String
  /// Patterns for the ids of the server's cases, of which one must fit if there are any.
  public var only: [String]
  /// After that long in a case the client is interrupted.
  public var caseLimit: Duration
  /// Whether the client offers permessage-deflate, where it can.
  public var compression: Bool
  /// Whether each case is examined by the rig's own rules too, for which the rig stands between client and server.
  public var examines: Bool

  /// Creates a configuration.
  public init(
    server: String, tls: TLSConfiguration = .client(), agent: String, only: [String] = [],
    caseLimit: Duration,
    compression: Bool = true, examines: Bool = false
  ) {
    self.server = server
    self.tls = tls
    self.agent = agent
    self.only = only
    self.caseLimit = caseLimit
    self.compression = compression
    self.examines = examines
  }
}

/// What a tour tells while it goes on.
public enum TourEvent: Sendable {
  /// Client and server are there; the result has no cases yet.
  case started(TourResult)
  /// What the bench tells of the board.
  case bench(RunEvent)
  /// A case began; its place among those chosen, from 0.
  case caseStarted(id: String, index: Int)
  /// A case ended.
  case caseEnded(TourCase)
}

/// Takes a client through a genuine Autobahn fuzzing server, case by case, and has it write its reports.
public struct AutobahnTour: Sendable {
  private let configuration: TourConfiguration
  private let bench: RunConfiguration
  private let progress: @Sendable (TourEvent) -> Void

  /// Creates a tour.
  /// - Parameters:
  ///   - bench: board and client.
  ///   - progress: is told what happens, in order.
  public init(
    _ configuration: TourConfiguration, bench: RunConfiguration,
    progress: @escaping @Sendable (TourEvent) -> Void
  ) {
    self.configuration = configuration
    self.bench = bench
    self.progress = progress
  }

  /// Runs the cases. Cancelling the task ends the tour; the case under way then is not in the result, those before it are, and the
  /// server is asked for their reports.
  /// - Throws: `ConfigurationError`, `MissingBoard`, `CancellationError`: before the first case only.
  public func run() async throws -> TourResult {
    let server = try FuzzingServer(url: configuration.server, tls: configuration.tls, on: .shared)
    let chosen = try await choose(from: server)
    return try await BenchSetup.with(bench, progress: { progress(.bench($0)) }) { setup in
      _ = try await setup.device.prepare()
      let start = MonotonicInstant.now()
      var result = TourResult(
        server: server.url, agent: configuration.agent, client: bench.client.identity.path,
        plannedCount: chosen.count)
      progress(.started(result))
      let onlooker = try await onlooker(of: server, setup)
      await runCases(chosen, on: setup.device, onlooker, server, into: &result)
      onlooker?.leave()
      await askForReports(server, &result)
      result.durationSeconds = (.now() - start).seconds
      return result
    }
  }

  /// A case that was chosen, and its number at the server.
  private struct Chosen: Sendable {
    var number: Int
    var id: String
  }

  private func choose(from server: FuzzingServer) async throws -> [Chosen] {
    var all: [Chosen] = []
    for number in 1...(try await server.caseCount()) {
      all.append(Chosen(number: number, id: try await server.caseInfo(number).id))
    }
    guard !configuration.only.isEmpty else { return all }
    let globs = configuration.only.map(Glob.init)
    for glob in globs where !all.contains(where: { glob.matches($0.id) }) {
      let nearest = glob.nearest(in: all.map(\.id))
      let hint = nearest.isEmpty ? "" : " (did you mean \(nearest.joined(separator: ", "))?)"
      throw ConfigurationError(
        "The fuzzing server at \(server.url) has no case whose id fits \"\(glob.pattern)\"\(hint); check --only and its spec."
      )
    }
    return all.filter { chosen in globs.contains { $0.matches(chosen.id) } }
  }

  private func onlooker(of server: FuzzingServer, _ setup: BenchSetup) async throws -> Onlooker? {
    guard configuration.examines else { return nil }
    do {
      return try await Onlooker(
        before: server.address, on: setup.server.addresses[0], loop: setup.server.loop)
    } catch let error as PosixError {
      throw ConfigurationError(
        "The rig cannot stand between the client and \(server.url): \(error); leave --examine out, or check --host."
      )
    }
  }

  private func runCases(
    _ chosen: [Chosen], on device: any Device, _ onlooker: Onlooker?, _ server: FuzzingServer,
    into result: inout TourResult
  ) async {
    for (index, testCase) in chosen.enumerated() {
      progress(.caseStarted(id: testCase.id, index: index))
      do {
        let outcome = try await run(testCase, on: device, onlooker, server)
        try Task.checkCancellation()
        progress(.caseEnded(outcome))
        result.cases.append(outcome)
      } catch {
        result.endedEarly = Task.isCancelled ? "interrupted" : "\(error)"
        return
      }
    }
  }

  /// Why no case can follow.
  private struct DeviceIsGone: Error, CustomStringConvertible {
    let description: String
  }

  private func run(
    _ chosen: Chosen, on device: any Device, _ onlooker: Onlooker?, _ server: FuzzingServer
  ) async throws -> TourCase {
    let start = MonotonicInstant.now()
    let request = ControlRequest.runCase(.number(chosen.number), agent: configuration.agent)
    let visit = Visit(
      id: chosen.id, server: server.address, tls: server.tls, target: request.target,
      limit: configuration.caseLimit, compression: configuration.compression)
    let (ending, examination) = try await make(visit, by: device, onlooker)
    try Task.checkCancellation()
    if case .gone(let reason) = ending { throw DeviceIsGone(description: reason) }
    let behavior = try await server.behavior(of: chosen.number, agent: configuration.agent)
    var outcome = TourCase(
      id: chosen.id, behavior: behavior, durationSeconds: (.now() - start).seconds)
    outcome.broken = examination.map { $0.broken.map(\.violation) }
    switch ending {
    case .ended(let exception): outcome.note = exception.map { "the client threw \($0)" }
    case .hung(let how):
      outcome.hung = true
      outcome.note = "the client hung: \(how)"
    case .lost(let reason), .gone(let reason):
      // Whatever the server saw was the end of the board, not of the client.
      outcome.behavior = nil
      outcome.note = reason
    }
    if case .ended = ending { await device.noteProgress() }
    return outcome
  }

  private func make(
    _ visit: Visit, by device: any Device, _ onlooker: Onlooker?
  ) async throws -> (VisitEnding, Examination?) {
    guard let onlooker else { return (await device.echo(visit).ending, nil) }
    let (outcome, examination) = try await onlooker.watch(visit, by: device)
    return (outcome.ending, examination?.obstacle == nil ? examination : nil)
  }

  /// What had run is in the server's reports, also where the tour was interrupted.
  private func askForReports(_ server: FuzzingServer, _ result: inout TourResult) async {
    guard !result.cases.isEmpty else { return }
    let asking = Task { try await server.updateReports(agent: configuration.agent) }
    do {
      try await asking.value
    } catch {
      result.endedEarly = result.endedEarly ?? "\(error)"
    }
  }
}
