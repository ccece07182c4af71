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

/// A run of cases on one board or several that share them: makes server, board and reference, runs the cases, as many at a time as
/// the devices play, and gathers the results in their order. Whatever happens on the way, what had run is in the result.
public struct ConformanceRun: Sendable {
  private let configuration: RunConfiguration
  private let progress: @Sendable (RunEvent) -> Void

  /// Creates a run.
  /// - Parameter progress: is told what happens, in order.
  public init(_ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void) {
    self.configuration = configuration
    self.progress = progress
  }

  /// Runs the cases. Cancelling the task ends the run; the case under way then is not in the result, those before it are, and so is what
  /// happened to the board in it.
  /// - Throws: `ConfigurationError`, `MissingBoard`, `CancellationError`: before the first case only.
  public func run() async throws -> RunResult {
    try await BenchSetup.withEach(configuration, progress: progress) { setups in
      let start = MonotonicInstant.now()
      var workers = try await prepared(setups)
      var result = RunResult(
        tool: Tool.name, seed: configuration.seed, board: workers[0].record,
        client: configuration.client.identity, startedAt: Date.now.timeIntervalSince1970,
        plannedCount: configuration.cases.count)
      if workers.count > 1 { result.boards = workers.map(\.record) }
      result.limits = configuration.limits
      for worker in workers { result.boardEvents += await worker.takeEvents() }
      progress(.started(result))
      mentionUnusedBoards()
      await runCases(on: &workers, into: &result)
      result.durationSeconds = (.now() - start).seconds
      // A server that cannot even say this any more has said why in the last case.
      for setup in setups { result.strays += (try? await setup.server.takeStrays()) ?? [] }
      for worker in workers { result.boardEvents += await worker.takeEvents() }
      return result
    }
  }

  /// Gets the boards ready, all at a time.
  private func prepared(_ setups: [BenchSetup]) async throws -> [Worker] {
    try await sideBySide(setups) { [configuration] in try await Worker($0, configuration) }
  }

  private func runCases(on workers: inout [Worker], into result: inout RunResult) async {
    let start = MonotonicInstant.now()
    let tokens = AttemptTokens(seed: configuration.seed)
    let numbered = configuration.cases.map { NumberedCase(case: $0, tokens: tokens.ofNextCase()) }
    var gathering = Gathering(result)
    gathering.result.boardEvents += await calibrate(&workers, tokens)
    let crew = Crew(workers)
    let lanes = Lanes<NumberedCase, CaseResult>(
      width: crew.lanes, mostWaiting: Self.mostWaiting, isAlone: { $0.case.runsAlone },
      mayBegin: { next in
        gathering.result.endedEarly = reasonToEnd(since: start)
        guard gathering.result.endedEarly == nil else { return false }
        progress(.caseStarted(id: next.case.id))
        return true
      })
    await lanes.run(numbered) {
      await crew.run($0.case, tokens: $0.tokens)
    } then: {
      take($0, into: &gathering)
    }
    for worker in workers {
      if let beside = worker.takeTroubleBeside() { keepTrouble(of: beside, in: &gathering) }
    }
    result = gathering.finished
    await repeatFailed(with: crew, tokens: tokens, since: start, into: &result)
    if workers.count > 1 { result.lostBoards = crew.lostIDs }
    result.isWithoutBoard = workers.allSatisfy(\.isLost)
  }

  /// Measures the pace of the client on each board, all at a time.
  private func calibrate(_ workers: inout [Worker], _ tokens: AttemptTokens) async -> [BoardEventRecord] {
    let overTLS = configuration.cases.contains(where: \.scenario.speaksTLS)
    let measured = await sideBySide(workers.map { ($0, tokens.ofNextCase()) }) { worker, tokens in
      var worker = worker
      let events = await worker.calibrate(tokens, overTLS: overTLS)
      return (worker: worker, events: events)
    }
    workers = measured.map(\.worker)
    return measured.flatMap(\.events)
  }

  /// So many cases may be through, or under way, before the first of them is taken: each still has its traces.
  private static let mostWaiting = 64

  /// A case with the tokens of its attempts.
  private struct NumberedCase: Sendable {
    let `case`: Case
    let tokens: AttemptTokens
  }

  /// What the cases come to, one after the other.
  private struct Gathering {
    var result: RunResult
    var latency = LatencyRecorder(.run)
    var keys = RunKeys()
    private var blackBoxes = 0

    init(_ result: RunResult) { self.result = result }

    /// Names the black boxes of a case's troubles, as many as a run may still have.
    mutating func nameBlackBoxes(of outcome: inout CaseResult) {
      for trouble in outcome.troubles where blackBoxes < BlackBox.mostInARun {
        blackBoxes += 1
        outcome.blackBoxes.append(
          BlackBox(
            number: blackBoxes, case: outcome.case.id, kind: trouble.kind, reason: trouble.reason))
      }
    }

    var finished: RunResult {
      var result = result
      result.latency = latency.summary
      result.violations = keys.violations
      result.keys = KeyRecord(keys)
      return result
    }
  }

  /// Takes what came of the next case; returns whether the run goes on.
  private func take(_ outcome: CaseResult, into gathering: inout Gathering) -> Bool {
    guard !Task.isCancelled else {
      gathering.result.endedEarly = .interrupted
      gathering.result.boardEvents += outcome.boardEvents
      keepTrouble(of: outcome, in: &gathering)
      // Others that are under way have to tell of their boards, too; none begins any more.
      return true
    }
    if !outcome.case.scenario.client.measures {
      for trace in [outcome.device, outcome.reference] { if let trace { gathering.latency.record(trace) } }
    }
    if let device = outcome.device { gathering.keys.add(device) }
    var kept = outcome
    gathering.nameBlackBoxes(of: &kept)
    progress(.caseEnded(kept))
    if !kept.needsAttention || !configuration.keepsTraces { kept.letGoOfTraces() }
    gathering.result.cases.append(kept)
    if configuration.isEnough?(kept) == true { return false }
    guard configuration.failFast, kept.judgement.verdict == .failed else { return true }
    if gathering.result.cases.count < configuration.cases.count { gathering.result.endedEarly = .failFast }
    return false
  }

  /// Keeps the trouble of the bench in a case that is not in the result.
  private func keepTrouble(of outcome: CaseResult, in gathering: inout Gathering) {
    guard !outcome.troubles.isEmpty else { return }
    var kept = outcome
    gathering.nameBlackBoxes(of: &kept)
    gathering.result.blackBoxes += kept.blackBoxes
    progress(.troubleBeside(kept))
  }

  /// Runs each failed case again, as often as the user wants. The verdicts are kept beside the case's own, which stays.
  private func repeatFailed(
    with crew: Crew, tokens: AttemptTokens, since start: MonotonicInstant, into result: inout RunResult
  ) async {
    for index in result.cases.indices where result.cases[index].judgement.verdict == .failed {
      let testCase = result.cases[index].case
      for _ in 0..<configuration.repeatFailed where !Task.isCancelled && !isTimeUp(since: start) {
        progress(.caseStarted(id: testCase.id))
        let outcome = await crew.run(
          testCase, tokens: tokens.ofNextCase(), preferring: result.cases[index].board)
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
    guard configuration.boards.allSatisfy(\.selector.isOnThisComputer) else { return }
    for board in BoardDiscovery.attachedBoards() where !board.isBootloader {
      progress(.unusedBoard(selector: board.selector.description))
    }
  }

  /// Why no further case begins; nil while more may.
  private func reasonToEnd(since start: MonotonicInstant) -> EndedEarly? {
    Task.isCancelled ? .interrupted : isTimeUp(since: start) ? .timeLimit : nil
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double { self / .seconds(1) }
}
