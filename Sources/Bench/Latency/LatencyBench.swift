import Foundation
import Latency
import PosixIO
import Results
import Scenarios
import Steps
import Traces
import WebSocketPeers

/// A latency run on one board, which it holds for itself: makes server, board and reference, has device and reference take turns, and
/// gathers what they show. Whatever happens on the way, what was measured is in the result.
public struct LatencyBench: Sendable {
  private let plan: LatencyPlan
  private let configuration: RunConfiguration
  private let progress: @Sendable (LatencyEvent) -> Void

  /// Creates a run.
  /// - Parameters:
  ///   - configuration: board, client and seed; it has no cases of its own.
  ///   - progress: is told what happens, in order.
  public init(
    _ plan: LatencyPlan, _ configuration: RunConfiguration,
    progress: @escaping @Sendable (LatencyEvent) -> Void
  ) {
    self.plan = plan
    self.configuration = configuration
    self.progress = progress
  }

  /// Runs it. Cancelling the task ends the run after the turn under way.
  /// - Throws: `ConfigurationError`, `MissingBoard`, `CancellationError`: before the first turn only.
  public func run() async throws -> LatencyRun {
    let start = MonotonicInstant.now()
    let powers: [WLANPower?] = plan.powers.isEmpty ? [nil] : plan.powers
    var gathering: LatencyGathering?
    for power in powers where gathering?.run.isOver != true {
      var configuration = configuration
      let usual = configuration.power ?? LatencyPlan.usualPower(on: configuration.boards[0])
      let mode = LatencyPower(mode: power ?? usual, isAskedFor: power != nil)
      configuration.power = mode.mode
      configuration.measuresLatency = true
      configuration.cases = [.calibration]
      configuration.captureLimit = try plan.captureLimit(atLeast: configuration.captureLimit)
      gathering = try await BenchSetup.with(configuration, progress: { progress(.bench($0)) }) { setup in
        try await measure(on: setup, mode, gathering)
      }
    }
    guard var gathering else { throw CancellationError() }
    gathering.finish { run in
      run.durationSeconds = (.now() - start).seconds
      run.environment.loadAtEnd = LatencyEnvironment.loadAverage()
      run.findings = LatencyFinding.all(of: run)
    }
    return gathering.run
  }

  /// Everything that is measured in one power mode.
  private func measure(
    on setup: BenchSetup, _ mode: LatencyPower, _ former: LatencyGathering?
  ) async throws -> LatencyGathering {
    let record = try await setup.device.prepare()
    try Task.checkCancellation()
    try check(record)
    if former == nil { try mode.check(record) }
    var gathering = former ?? LatencyGathering(emptyRun(record))
    if former == nil {
      progress(.started(gathering.run, turns: turnCount))
    }
    if let told = mode.record(of: record.radio) { gathering.finish { $0.powerModes.append(told) } }
    if let refusal = mode.refusal(by: record.radio) {
      gathering.add(refusal)
      progress(.failure(refusal))
      return gathering
    }
    let power = mode.label(on: record.radio)
    let turn = LatencyTurn(setup: setup, tokens: AttemptTokens(seed: configuration.seed))
    await takeTurns(turn, power, &gathering)
    await control(turn, power, &gathering)
    let told = try? await setup.server.toldInstants()
    let events = await setup.device.takeEvents()
    gathering.finish { run in
      run.environment.kernelInstants = (told ?? .nothing).rawValue
      run.boardEvents += events
    }
    return gathering
  }

  /// Looks whether the client can do what is to be measured, and the board hold it.
  private func check(_ record: BoardRecord) throws {
    let cases = LatencyCases(seed: configuration.seed)
    for conditions in plan.conditions {
      let testCase = echoes(conditions, cases)
      if let missing = record.clientFeatures.flatMap(testCase.featureMissing(from:)) {
        throw ConfigurationError(
          "The client's adapter lacks \(missing.rawValue), which \(conditions.name) needs; leave that out, or choose another adapter."
        )
      }
      if let reason = testCase.scenario.tooLarge(forHeap: record.heapFreeLoaded) {
        throw ConfigurationError("\(reason) Choose a smaller --size.")
      }
      if let reason = testCase.scenario.recordsTooLarge(forHeap: record.heapFreeLoaded) {
        throw ConfigurationError("\(reason) Choose fewer --echoes, and more --rounds.")
      }
    }
  }

  private func echoes(_ conditions: LatencyConditions, _ cases: LatencyCases) -> Case {
    cases.echoes(conditions, warmUp: plan.warmUp, count: plan.count(under: conditions))
  }

  private func emptyRun(_ record: BoardRecord) -> LatencyRun {
    LatencyRun(
      tool: Tool.name, seed: configuration.seed, board: record, client: configuration.client.identity,
      environment: .current(), startedAt: Date.now.timeIntervalSince1970, rounds: plan.rounds,
      warmUp: plan.warmUp)
  }

  /// Whether messages go in clear, and over TLS, as far as the plan has it.
  private var carriers: [Bool] {
    [false, true].filter { overTLS in plan.conditions.contains { $0.overTLS == overTLS } }
  }

  /// How many turns the device has in all.
  private var turnCount: Int {
    let rest = plan.measuresRest ? 4 * carriers.count : 0
    let last = plan.measuresRest ? carriers.count : 0
    return ((plan.conditions.count + rest) * plan.rounds + last) * max(1, plan.powers.count)
  }

  /// Device, reference, device, reference: what drifts hits both.
  private func takeTurns(_ turn: LatencyTurn, _ power: String?, _ gathering: inout LatencyGathering) async {
    let cases = LatencyCases(seed: configuration.seed)
    for round in 1...max(1, plan.rounds) {
      for conditions in plan.conditions {
        await echo(conditions.with(power), round, cases, turn, &gathering)
      }
      if plan.measuresRest { await measureRest(cases, power, round, turn, &gathering) }
    }
    guard plan.measuresRest, !gathering.run.isOver else { return }
    for overTLS in carriers {
      let longest = plan.conditions.filter { $0.overTLS == overTLS }.map(\.payloadLength).max() ?? 0
      let testCase = cases.heap(payloadLength: longest, overTLS: overTLS)
      await play(testCase, plan.rounds, turn, &gathering, endpoints: [.device]) { $0.addHeap($1) }
    }
  }

  /// What is measured besides echoes, once a round.
  private func measureRest(
    _ cases: LatencyCases, _ power: String?, _ round: Int, _ turn: LatencyTurn,
    _ gathering: inout LatencyGathering
  ) async {
    for overTLS in carriers {
      let phases = cases.phases(overTLS: overTLS)
      await play(phases, round, turn, &gathering) {
        $0.addPhases($1, overTLS: overTLS, power: power)
        $0.addCosts($1, of: phases.id)
      }
      let throughput = cases.throughput(overTLS: overTLS)
      await play(throughput, round, turn, &gathering) {
        $0.addThroughput($1, overTLS: overTLS, power: power)
        $0.addCosts($1, of: throughput.id)
      }
    }
    for overTLS in carriers {
      // Their pauses for collecting, and their watching, are no gap of the client's.
      await play(cases.load(overTLS: overTLS), round, turn, &gathering, endpoints: [.device]) {
        $0.addLoad($1, overTLS: overTLS, power: power)
      }
      await play(cases.costs(overTLS: overTLS), round, turn, &gathering, endpoints: [.device]) {
        $0.addAllocations($1, echoes: LatencyCases.countedEchoes, overTLS: overTLS, power: power)
      }
    }
  }

  private func echo(
    _ conditions: LatencyConditions, _ round: Int, _ cases: LatencyCases, _ turn: LatencyTurn,
    _ gathering: inout LatencyGathering
  ) async {
    let testCase = echoes(conditions, cases)
    await play(
      testCase, round, turn, &gathering, wanted: plan.warmUp + plan.count(under: conditions)
    ) {
      $0.add($1, under: conditions)
      $0.addCosts($1, of: testCase.id)
    }
  }

  /// Plays a case with both, unless it has failed before: what a client cannot do it need not show again each round.
  private func play(
    _ testCase: Case, _ round: Int, _ turn: LatencyTurn, _ gathering: inout LatencyGathering,
    endpoints: [AttemptTrace.Endpoint] = [.device, .reference], wanted: Int = 0,
    _ add: (inout LatencyGathering, AttemptTrace) -> Void
  ) async {
    guard !gathering.run.isOver, !gathering.run.failures.contains(where: { $0.name == testCase.id }) else {
      return
    }
    progress(.turn(name: testCase.id, round: round))
    var failed = false
    for endpoint in endpoints where !failed && !gathering.run.isOver {
      switch await turn.play(testCase, as: endpoint, wanted: wanted) {
      case _ where Task.isCancelled: gathering.finish { $0.wasInterrupted = true }
      case .traced(let trace): add(&gathering, trace)
      case .failed(let failure):
        failed = true
        gathering.add(failure)
        progress(.failure(failure))
      case .boardLost(let reason):
        failed = true
        gathering.finish { $0.hasLostBoard = true }
        gathering.add(LatencyFailure(name: testCase.id, blame: .bench, reason: reason))
      }
    }
    progress(.turnEnded(failed: failed))
  }

  /// Where the client's writes stall: the same once more with a server that acknowledges at once, which tells what the stall costs.
  private func control(_ turn: LatencyTurn, _ power: String?, _ gathering: inout LatencyGathering) async {
    let cases = LatencyCases(seed: configuration.seed)
    for series in gathering.run.series where series.endpoint == .device && series.conditions.power == power {
      guard WriteStall(series.exchanges) != nil, !gathering.run.isOver else { continue }
      try? await turn.setup.server.acknowledge(atOnce: true)
      let outcome = await turn.play(echoes(series.conditions, cases), as: .device)
      try? await turn.setup.server.acknowledge(atOnce: false)
      guard case .traced(let trace) = outcome else { continue }
      let samples = trace.exchanges.filter { $0.index >= plan.warmUp }.map(\.wireNanoseconds)
      gathering.finish { $0.controls[series.conditions] = LatencyComparison.median(samples) }
    }
  }
}

extension LatencyRun {
  /// Whether no further turn begins.
  fileprivate var isOver: Bool { wasInterrupted || hasLostBoard }
}

extension LatencyConditions {
  /// The same in a power mode.
  fileprivate func with(_ power: String?) -> LatencyConditions {
    var copy = self
    copy.power = power
    return copy
  }
}
