import BoardLink
import Foundation
import Latency
import Logging
import PosixIO
import Results
import Scenarios
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

  /// Runs the cases. Cancelling the task ends the run after what is under way, and returns what there is.
  /// - Throws: `ConfigurationError`, `MissingBoard`: before the first case only.
  public func run() async throws -> RunResult {
    let setup = try await BenchSetup(configuration, progress: progress)
    do {
      let result = try await runCases(on: setup)
      await setup.tearDown()
      return result
    } catch {
      await setup.tearDown()
      throw error
    }
  }

  private func runCases(on setup: BenchSetup) async throws -> RunResult {
    let start = MonotonicInstant.now()
    var result = RunResult(
      tool: Tool.name, seed: configuration.seed, board: try await setup.prepareBoard(),
      client: configuration.client.identity, startedAt: Date.now.timeIntervalSince1970,
      plannedCount: configuration.cases.count)
    result.boardEvents = await setup.takeBoardEvents()
    progress(.started(result))
    mentionUnusedBoards()
    let runner = CaseRunner(setup: setup, seed: configuration.seed)
    var latency = LatencyRecorder(.run)
    let pace = try await runner.calibrate()
    for testCase in configuration.cases {
      result.endedEarly = reasonToEnd(result, since: start)
      if result.endedEarly != nil { break }
      progress(.caseStarted(id: testCase.id))
      let outcome = try await runner.run(testCase, pace: pace)
      for trace in [outcome.device, outcome.reference] { if let trace { latency.record(trace) } }
      result.cases.append(outcome)
      progress(.caseEnded(outcome))
    }
    result.durationSeconds = (.now() - start).seconds
    result.latency = latency.summary
    result.strays = try await setup.server.takeStrays()
    result.boardEvents += await setup.takeBoardEvents()
    return result
  }

  /// An attached board that nobody named is mentioned, never used.
  private func mentionUnusedBoards() {
    guard configuration.board == .simulated else { return }
    for board in BoardDiscovery.attachedBoards() where !board.isBootloader {
      progress(.note("an attached board is not used: name it with --board \(board.selector)"))
    }
  }

  private func reasonToEnd(_ result: RunResult, since start: MonotonicInstant) -> String? {
    if Task.isCancelled { return "interrupted" }
    if let limit = configuration.maxTime, .now() - start >= limit {
      return "the time given with --max-time is over"
    }
    let hasFailed = result.cases.last.map { $0.judgement.verdict == .failed } ?? false
    return configuration.failFast && hasFailed ? "the first failed case, as --fail-fast asks" : nil
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { self / .seconds(1) }
}
