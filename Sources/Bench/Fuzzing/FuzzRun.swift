import BoardLink
import Foundation
import PosixIO
import Results
import Scenarios

/// Puts a client through cases that nobody wrote, on one board or several side by side, and looks into what it finds.
public struct FuzzRun: Sendable {
  private let configuration: FuzzConfiguration
  private let progress: @Sendable (FuzzEvent) -> Void

  /// Creates a run.
  /// - Parameter progress: is told what happens.
  public init(_ configuration: FuzzConfiguration, progress: @escaping @Sendable (FuzzEvent) -> Void) {
    self.configuration = configuration
    self.progress = progress
  }

  /// How often the reference goes through a case too: one of so many. It goes through each that a finding rests on.
  private static let referenceInterval = 16

  /// Runs until the count or the time is over. Cancelling the task ends the run; what was found until then is in the result.
  /// - Throws: `ConfigurationError`, `MissingBoard`, `CancellationError` before the first case.
  public func run() async throws -> FuzzResult {
    let counting =
      configuration.countsLines
      ? try await LineCounting(configuration.run.client, fixtures: configuration.run.fixtures) : nil
    let ledger = try FuzzLedger(configuration, lineCount: counting?.lineCount, tell: progress)
    let run = runConfiguration(counting)
    return try await BenchSetup.withEach(run, progress: { tell($0) }) { setups in
      var workers = try await sideBySide(setups) { try await Worker($0, run) }
      let heading = FuzzResult(
        tool: Tool.name, seed: configuration.run.seed, board: workers[0].record,
        client: configuration.run.client.identity)
      progress(.started(heading))
      let tokens = AttemptTokens(seed: configuration.run.seed)
      workers = await calibrated(workers, tokens)
      await ledger.begin()
      try await runCases(on: workers, tokens, ledger)
      var result = await ledger.result(heading)
      result.lostBoardCount = workers.count(where: \.isLost)
      result.boardCount = workers.count
      return result
    }
  }

  /// Measures the pace of the client on each board, all at a time.
  private func calibrated(_ workers: [Worker], _ tokens: AttemptTokens) async -> [Worker] {
    await sideBySide(workers.map { ($0, tokens.ofNextCase()) }) { [configuration] worker, tokens in
      var worker = worker
      _ = await worker.calibrate(tokens, overTLS: configuration.overTLS)
      return worker
    }
  }

  /// A case is there so that the boards are made ready for cases.
  private func runConfiguration(_ counting: LineCounting?) -> RunConfiguration {
    var run = configuration.run
    if let counting {
      run.client = counting.client
      run.simulation.heapBytes += counting.heapBytes
    }
    // Here a server may wait for what no client sends, and no longer than clients wait themselves.
    run.referencePace = .fuzzedReference
    run.cases = [configuration.overTLS ? .calibration.overTLS : .calibration]
    return run
  }

  private func tell(_ event: RunEvent) {
    switch event {
    case .board(let event): progress(.board(event))
    case .boardWaits(let reason): progress(.boardWaits(reason))
    default: break
    }
  }

  /// Each lane of each board takes the next case when it is done with the one before.
  private func runCases(on workers: [Worker], _ tokens: AttemptTokens, _ ledger: FuzzLedger) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for worker in workers {
        for _ in 0..<worker.setup.device.lanes {
          group.addTask { try await runLane(of: worker, tokens, ledger) }
        }
      }
      do {
        try await group.waitForAll()
      } catch is CancellationError {
        // What was found until then is in the ledger.
      }
    }
  }

  private func runLane(of worker: Worker, _ tokens: AttemptTokens, _ ledger: FuzzLedger) async throws {
    let isReference = worker.setup.device is ReferenceDevice
    let inquiry = FindingInquiry(
      worker: worker, ledger: ledger, tokens: tokens, configuration: configuration)
    while !worker.isLost, let turn = await ledger.next() {
      let execution = await worker.examine(
        turn.testCase, tokens,
        hasReference: !isReference && (turn.number ?? 0).isMultiple(of: Self.referenceInterval))
      try Task.checkCancellation()
      let findings = await ledger.take(execution, of: turn)
      try await inquiry.look(into: findings, of: turn.testCase)
    }
  }
}
