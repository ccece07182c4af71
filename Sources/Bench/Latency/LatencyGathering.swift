import Latency
import Results
import Scenarios
import Traces

/// Puts together what the turns of a latency run show.
struct LatencyGathering: Sendable {
  private(set) var run: LatencyRun
  private var heap = HeapWatch()

  init(_ run: LatencyRun) { self.run = run }

  /// Adds the echoes of a turn.
  mutating func add(_ trace: AttemptTrace, under conditions: LatencyConditions) {
    let index = place(of: conditions, trace.endpoint)
    run.series[index].rounds.append(timed(trace, under: conditions))
    run.series[index].handshakes += trace.connections.compactMap { $0.tcpRoundTripNanoseconds.map(Int.init) }
  }

  /// The exchanges of a turn but for those of warming up, beside the schedule where there is one.
  private func timed(_ trace: AttemptTrace, under conditions: LatencyConditions) -> [TimedExchange] {
    let exchanges = trace.exchanges.filter { $0.index >= run.warmUp }
    guard conditions.load == .open,
      let schedule = trace.connections.lazy.compactMap({
        SendingSchedule($0, spacingMilliseconds: conditions.spacingMilliseconds)
      }).first
    else { return exchanges.map { TimedExchange($0) } }
    let lateness = schedule.ownLateness(count: (exchanges.map(\.index).max() ?? -1) + 1)
    return exchanges.map {
      TimedExchange($0, due: schedule.due($0.index), ownLatenessNanoseconds: lateness[$0.index])
    }
  }

  private mutating func place(of conditions: LatencyConditions, _ endpoint: AttemptTrace.Endpoint) -> Int {
    if let index = run.series.firstIndex(where: { $0.conditions == conditions && $0.endpoint == endpoint }) {
      return index
    }
    run.series.append(LatencyMeasurement(conditions: conditions, endpoint: endpoint))
    return run.series.count - 1
  }

  /// Adds the phases of a turn, as a round of each.
  mutating func addPhases(_ trace: AttemptTrace, overTLS: Bool, power: String?) {
    let phases = Dictionary(grouping: trace.phases, by: \.phase)
    for phase in ConnectionPhase.allCases {
      guard let samples = phases[phase] else { continue }
      let empty = PhaseMeasurement(
        endpoint: trace.endpoint, overTLS: overTLS, power: power, phase: phase, rounds: [])
      let index = run.phases.indexOf(empty) { $0.id == empty.id && $0.endpoint == empty.endpoint }
      run.phases[index].rounds.append(samples.map(\.nanoseconds))
    }
  }

  /// Adds the throughput that a turn shows.
  mutating func addThroughput(_ trace: AttemptTrace, overTLS: Bool, power: String?) {
    for sample in trace.throughputs {
      let empty = ThroughputMeasurement(
        endpoint: trace.endpoint, overTLS: overTLS, power: power, direction: sample.direction, samples: [])
      let index = run.throughputs.indexOf(empty) { $0.id == empty.id && $0.endpoint == empty.endpoint }
      run.throughputs[index].samples.append(sample)
    }
  }

  /// Adds what a turn with measurements shows of allocations.
  mutating func addAllocations(_ trace: AttemptTrace, echoes: Int, overTLS: Bool, power: String?) {
    guard let allocated = trace.client.measurements.lazy.compactMap(\.allocated).first else { return }
    add(allocated / echoes, of: CostMeasurement(cost: .allocations, overTLS: overTLS, power: power))
  }

  /// Adds how busy the event loop was beside the client.
  mutating func addLoad(_ trace: AttemptTrace, overTLS: Bool, power: String?) {
    guard let busy = trace.client.measurements.lazy.compactMap(\.busyThousandths).first else { return }
    add(busy, of: CostMeasurement(cost: .load, overTLS: overTLS, power: power))
  }

  private mutating func add(_ sample: Int, of empty: CostMeasurement) {
    let index = run.costSeries.indexOf(empty) { $0.id == empty.id }
    run.costSeries[index].samples.append(sample)
  }

  /// Adds how much heap was free while a turn with readings of it went on.
  mutating func addHeap(_ trace: AttemptTrace) {
    let readings = trace.client.measurements.compactMap(\.heapFree)
    guard let least = readings.min() else { return }
    run.costs.leastFreeHeap = min(run.costs.leastFreeHeap ?? least, least)
    run.costs.heapReadings = (run.costs.heapReadings ?? 0) + readings.count
  }

  /// Adds what every timed turn of the device tells besides.
  /// - Parameter name: of the case: only turns of the same case leave the same heap.
  mutating func addCosts(_ trace: AttemptTrace, of name: String) {
    guard trace.endpoint == .device else { return }
    addDelay(trace.client.heartbeat)
    guard let free = trace.client.heapFreeAfter else { return }
    heap.add(free, after: name)
    run.costs.keptHeap = heap.kept
  }

  /// The heartbeat itself sleeps between its turns; what it came late is the loop's. A turn that was over before its first beat tells nothing.
  private mutating func addDelay(_ heartbeat: ClientTrace.Heartbeat?) {
    guard let heartbeat, heartbeat.longestGapMicroseconds > heartbeat.periodMicroseconds else { return }
    let delay = heartbeat.longestGapMicroseconds - heartbeat.periodMicroseconds
    run.costs.longestGapMicroseconds = max(run.costs.longestGapMicroseconds ?? 0, delay)
  }

  mutating func add(_ failure: LatencyFailure) { run.failures.append(failure) }

  mutating func finish(_ change: (inout LatencyRun) -> Void) { change(&run) }
}

/// How much less heap is free after the last of equal turns than after the first.
private struct HeapWatch: Sendable {
  private var turns: [String: (first: Int, last: Int?)] = [:]

  mutating func add(_ free: Int, after name: String) {
    turns[name] = turns[name].map { ($0.first, free) } ?? (free, nil)
  }

  /// What all of them show alike: the agent's own records grow with the first of each case, and a case that holds what stands for TLS on
  /// a board is compared with itself. Nil where no turn came twice.
  var kept: Int? { turns.values.compactMap { turn in turn.last.map { turn.first - $0 } }.min() }
}

extension Array {
  /// The place of the first that is meant, after that one was added where there was none.
  fileprivate mutating func indexOf(_ added: Element, where isMeant: (Element) -> Bool) -> Int {
    if let index = firstIndex(where: isMeant) { return index }
    append(added)
    return count - 1
  }
}

extension ClientTrace {
  /// What the agent measured between steps, in order.
  fileprivate var measurements: [ClientEvent.Measurement] {
    events.compactMap { if case .measured(let measurement) = $0.kind { measurement } else { nil } }
  }
}
