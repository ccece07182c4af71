import BoardLink
import Foundation
import Latency
import Logging
import PosixIO
import Results
import Scenarios
import Steps
import Synchronization
import Verdicts
import WebSocketPeers

/// A run of cases on one board: makes the server, the board and the reference, runs the cases one after the other, and gathers the
/// results. Whatever happens on the way, what had run is in the result.
public struct ConformanceRun: Sendable {
  private let configuration: RunConfiguration
  private let progress: @Sendable (RunEvent) -> Void

  /// Creates a run.
  /// - Parameter progress: is told what happens, in order.
  public init(_ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void) {
    self.configuration = configuration
    self.progress = progress
  }

  /// Runs the cases. Cancelling the task ends the run; the case under way then is not in the result, those before it are.
  /// - Throws: `ConfigurationError`, `MissingBoard`, `CancellationError`: before the first case only.
  public func run() async throws -> RunResult {
    try await BenchSetup.with(configuration, progress: progress) { setup in
      let start = MonotonicInstant.now()
      var result = RunResult(
        tool: Tool.name, seed: configuration.seed, board: try await setup.device.prepare(),
        client: configuration.client.identity, startedAt: Date.now.timeIntervalSince1970,
        plannedCount: configuration.cases.count)
      result.limits = configuration.limits
      result.boardEvents = await setup.device.takeEvents()
      progress(.started(result))
      mentionUnusedBoards()
      await runCases(on: setup, into: &result)
      result.durationSeconds = (.now() - start).seconds
      // A server that cannot even say this any more has said why in the last case.
      result.strays = (try? await setup.server.takeStrays()) ?? []
      result.boardEvents += await setup.device.takeEvents()
      return result
    }
  }

  private func runCases(on setup: BenchSetup, into result: inout RunResult) async {
    let start = MonotonicInstant.now()
    let runner = CaseRunner(
      device: setup.device, reference: setup.reference, tokens: setup.tokens,
      isolation: configuration.isolation, heapFree: result.board.heapFreeLoaded,
      limits: configuration.limits, thrift: configuration.thrift)
    var latency = LatencyRecorder(.run)
    var keys = RunKeys()
    defer {
      result.violations = keys.violations
      result.keys = KeyRecord(keys)
    }
    let pace = await runner.calibrate()
    result.boardEvents.append(pace.record(took: .now() - start))
    for testCase in configuration.cases {
      result.endedEarly = reasonToEnd(result, since: start)
      if result.endedEarly != nil { break }
      progress(.caseStarted(id: testCase.id))
      var outcome = await runner.run(testCase, pace: pace)
      if Task.isCancelled {
        result.endedEarly = .interrupted
        break
      }
      if !testCase.scenario.client.measures {
        for trace in [outcome.device, outcome.reference] { if let trace { latency.record(trace) } }
      }
      if let device = outcome.device { keys.add(device) }
      progress(.caseEnded(outcome))
      if !outcome.needsAttention { outcome.letGoOfTraces() }
      result.cases.append(outcome)
      if configuration.isEnough?(outcome) == true { break }
    }
    result.latency = latency.summary
    await repeatFailed(with: runner, pace: pace, since: start, into: &result)
  }

  /// Runs each failed case again, as often as the user wants. The verdicts are kept beside the case's own, which stays.
  private func repeatFailed(
    with runner: CaseRunner, pace: Pace, since start: MonotonicInstant, into result: inout RunResult
  ) async {
    for index in result.cases.indices where result.cases[index].judgement.verdict == .failed {
      let testCase = result.cases[index].case
      for _ in 0..<configuration.repeatFailed where !Task.isCancelled && !isTimeUp(since: start) {
        progress(.caseStarted(id: testCase.id))
        let outcome = await runner.run(testCase, pace: pace)
        if !Task.isCancelled { result.cases[index].repeats.append(outcome.judgement.verdict) }
      }
      if configuration.repeatFailed > 0 { progress(.caseRepeated(result.cases[index])) }
    }
    if Task.isCancelled { result.endedEarly = .interrupted }
  }

  /// Whether the time that the user gave is over.
  private func isTimeUp(since start: MonotonicInstant) -> Bool {
    configuration.maxTime.map { .now() - start >= $0 } ?? false
  }

  /// An attached board that nobody named is mentioned, never used.
  private func mentionUnusedBoards() {
    guard configuration.board.isOnThisComputer else { return }
    for board in BoardDiscovery.attachedBoards() where !board.isBootloader {
      progress(.unusedBoard(selector: board.selector.description))
    }
  }

  private func reasonToEnd(_ result: RunResult, since start: MonotonicInstant) -> EndedEarly? {
    if Task.isCancelled { return .interrupted }
    if isTimeUp(since: start) { return .timeLimit }
    let hasFailed = result.cases.last.map { $0.judgement.verdict == .failed } ?? false
    return configuration.failFast && hasFailed ? .failFast : nil
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { self / .seconds(1) }
}
