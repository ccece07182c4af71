import BoardLink
import Certificates
import Foundation
import PosixIO
import Results
import Scenarios
import Verdicts

/// Everything that decides a run of mutants.
public struct MutantRunConfiguration: Sendable {
  /// The mutants.
  public var mutants: [Mutant]
  /// The rig's own files, our client among them.
  public var fixtures: Fixtures
  /// How the simulated boards are made.
  public var simulation: RunConfiguration.Simulation
  /// The catalogue.
  public var scenarios: [Scenario]
  /// The deliveries of the sample, or of the matrix (see `ModifierChoice`).
  public var deliveries: String
  /// Patterns of the cases that the sample is drawn from, or that the matrix has; none are all.
  public var only: [String]
  /// The seed of everything random that is the rig's.
  public var seed: UInt64
  /// How many mutants run at the same time, each with a board and a server of its own.
  public var jobs: Int
  /// Whether every mutant goes through every case, in place of its own ones up to the first kill.
  public var isMatrix: Bool
  /// Whether the matrix puts each mutant through the scenarios of its own chapters only.
  public var ownChapters: Bool
  /// After this long no further mutant begins, nor a case on the client without a defect; nil is no limit.
  public var maxTime: Duration?
  /// An earlier run, whose results are taken over where they belong to this one.
  public var earlier: MutantRunResult?
  /// Where the bench keeps the authority that signs the certificates of the servers; nil makes one for all of these runs.
  public var authority: AuthorityFile?

  /// Creates a configuration.
  public init(
    mutants: [Mutant], fixtures: Fixtures, simulation: RunConfiguration.Simulation, scenarios: [Scenario],
    deliveries: String, only: [String] = [], seed: UInt64, jobs: Int, isMatrix: Bool,
    ownChapters: Bool = false, maxTime: Duration? = nil, earlier: MutantRunResult? = nil
  ) {
    self.mutants = mutants
    self.fixtures = fixtures
    self.simulation = simulation
    self.scenarios = scenarios
    self.deliveries = deliveries
    self.only = only
    self.seed = seed
    self.jobs = jobs
    self.isMatrix = isMatrix
    self.ownChapters = ownChapters
    self.maxTime = maxTime
    self.earlier = earlier
  }
}

/// What a run of mutants tells while it goes on.
public enum MutantRunEvent: Sendable {
  /// The client without a defect goes through this many cases.
  case baselineStarted(caseCount: Int)
  /// It has; the mutants follow. No mutant is in the result yet.
  case baselineEnded(MutantRunResult)
  /// A mutant is through. They come in the order of their ends.
  case mutantEnded(MutantResult)
  /// The bench's authority cannot be used, for this reason; the runs have one of their own.
  case ownAuthority(reason: String)
}

/// Puts mutants of our client through the catalogue: those that no case finds show where it is blind.
public struct MutantRun: Sendable {
  private let configuration: MutantRunConfiguration
  private let plan: MutantPlan
  private let thrift = RunThrift()
  /// The certificates of all runs: making an authority and its keys for each takes longer than many a mutant lives.
  private let tls: BenchTLS
  private let progress: @Sendable (MutantRunEvent) -> Void

  /// Prepares a run: patches every mutant and chooses its cases.
  /// - Throws: `ConfigurationError` where a mutant does not fit our client, or a case does not exist.
  public init(
    _ configuration: MutantRunConfiguration, progress: @escaping @Sendable (MutantRunEvent) -> Void
  ) throws {
    self.configuration = configuration
    self.progress = progress
    plan = try MutantPlan(configuration)
    tls = BenchTLS(host: Self.board.host, authority: configuration.authority) {
      progress(.ownAuthority(reason: "\($0)"))
    }
  }

  /// What each mutant runs on.
  private static let board = BenchBoard(.simulated)

  /// Runs the client without a defect, then the mutants. Cancelling the task ends the run; the mutants that were through by then
  /// are in the result.
  /// - Throws: `ConfigurationError`, `MissingBoard`, `CancellationError`: before the first mutant only.
  public func run() async throws -> MutantRunResult {
    let start = MonotonicInstant.now()
    let earlier = configuration.earlier.flatMap { belongsHere($0) ? $0 : nil }
    var result: MutantRunResult
    if let earlier, earlier.isMatrix {
      result = earlier
      result.mutants = []
      result.plannedCount = plan.entries.count
    } else {
      progress(.baselineStarted(caseCount: plan.cases.count))
      result = MutantRunResult(
        tool: Tool.name, seed: configuration.seed, isMatrix: configuration.isMatrix,
        ownChapters: configuration.ownChapters, fingerprint: plan.fingerprint,
        baseline: try await runBaseline(since: start), plannedCount: plan.entries.count)
    }
    result.leftOut = plan.leftOut
    progress(.baselineEnded(result))
    result.mutants = await runMutants(against: result, earlier: earlier, since: start)
    result.durationSeconds = (earlier?.durationSeconds ?? 0) + (.now() - start).seconds
    return result
  }

  /// Whether an earlier run's results are of the same plan, and it knew of all cases how the client without a defect fares.
  private func belongsHere(_ earlier: MutantRunResult) -> Bool {
    earlier.fingerprint == plan.fingerprint
      && Set(plan.cases.map(\.id)).isSubset(of: earlier.baseline.map(\.case))
  }

  /// How much of the time that the user gave is left; nil is no limit.
  private func timeLeft(since start: MonotonicInstant) -> Duration? {
    configuration.maxTime.map { max(.zero, $0 - (.now() - start)) }
  }

  private func runMutants(
    against run: MutantRunResult, earlier: MutantRunResult?, since start: MonotonicInstant
  ) async -> [MutantResult] {
    let verdicts = Dictionary(
      run.baseline.map { ($0.case, $0.verdict) }, uniquingKeysWith: { _, last in last })
    let ended = await inParallel(plan.entries) { entry -> MutantResult? in
      var result = earlier?.mutants.first { $0.id == entry.mutant.id && $0.source == entry.source }
      if result == nil, timeLeft(since: start) != .zero { result = await self.run(entry, baseline: verdicts) }
      guard let result else { return nil }
      progress(.mutantEnded(result))
      return result
    }
    return ended.compactMap { $0 }
  }

  /// The verdicts on the client without a defect, as far as there is time. Each job takes a share of the cases.
  private func runBaseline(since start: MonotonicInstant) async throws -> [BaselineVerdict] {
    guard timeLeft(since: start) != .zero else { return [] }
    let client = try ClientBundle(client: nil, adapter: nil, fixtures: configuration.fixtures)
    let share = max(1, (plan.cases.count + configuration.jobs - 1) / configuration.jobs)
    let shares = stride(from: 0, to: plan.cases.count, by: share).map { start in
      Array(plan.cases[start..<min(start + share, plan.cases.count)])
    }
    let results = await inParallel(shares) { cases in
      await Swift.Result.catching {
        var configuration = runConfiguration(of: client, cases)
        configuration.maxTime = timeLeft(since: start)
        return try await ConformanceRun(configuration, progress: { _ in }).run()
      }
    }
    let cases = try results.flatMap { try $0.get().cases }
    try Task.checkCancellation()
    return cases.map(BaselineVerdict.init)
  }

  /// Puts one mutant through its cases; nil where the run was interrupted meanwhile.
  private func run(_ entry: MutantPlan.Entry, baseline: [String: Verdict]) async -> MutantResult? {
    let start = MonotonicInstant.now()
    let kill = { @Sendable (result: CaseResult) in
      MutantKill(
        result, baseline: baseline[result.case.id], isDeclared: entry.declared.contains(result.case.id))
    }
    var configuration = runConfiguration(of: entry.client, entry.cases)
    if !self.configuration.isMatrix { configuration.isEnough = { kill($0) != nil } }
    let mutant = entry.mutant
    var result = MutantResult(
      id: mutant.id, source: entry.source, defect: mutant.defect, chapters: mutant.chapters.map(\.rawValue),
      seen: mutant.seen,
      outcome: .survived)
    do {
      let run = try await ConformanceRun(configuration, progress: { _ in }).run()
      guard run.endedEarly == nil else { return nil }
      result.caseCount = run.cases.count
      result.kills = run.cases.compactMap(kill)
      result.conclude(from: run, declared: entry.declared)
    } catch is CancellationError {
      return nil
    } catch let error as ConfigurationError {
      (result.outcome, result.reason) = (.unusable, error.description)
    } catch {
      (result.outcome, result.reason) = (.inconclusive, "\(error)")
    }
    result.durationSeconds = (.now() - start).seconds
    return result
  }

  private func runConfiguration(of client: ClientBundle, _ cases: [Case]) -> RunConfiguration {
    var run = RunConfiguration(
      boards: [Self.board], simulation: configuration.simulation, client: client,
      fixtures: configuration.fixtures, cases: cases, seed: configuration.seed, thrift: thrift)
    run.sharedTLS = tls
    return run
  }

  /// Does something with every element, with so many at the same time as there are jobs; the results are in the elements' order.
  private func inParallel<Element: Sendable, Value: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) async -> Value
  ) async -> [Value] {
    var values: [Value] = []
    await Lanes<Element, Value>(width: configuration.jobs).run(elements, body) { value in
      values.append(value)
      return true
    }
    return values
  }
}

extension MutantResult {
  /// Says what the cases come to.
  fileprivate mutating func conclude(from run: RunResult, declared: Set<String>) {
    let telling = run.cases.filter { $0.judgement.verdict != .inconclusive }.map(\.case.id)
    knowsDeclared = isKilledAsDeclared || declared.isSubset(of: telling)
    if !kills.isEmpty {
      outcome = .killed
    } else if let spoiled = run.cases.first(where: { $0.judgement.verdict == .inconclusive }) {
      outcome = .inconclusive
      reason = "\(spoiled.case.id): \(spoiled.judgement.reason ?? "the bench failed")"
    }
  }
}

extension Swift.Result where Failure == any Error {
  /// What the body returns or throws, as a value.
  fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
    do {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
  }
}
