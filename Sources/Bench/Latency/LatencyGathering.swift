import Latency
import Results
import Scenarios
import Traces

/// Puts together what the turns of a latency run show.
struct LatencyGathering: Sendable {
  private(set) var run: LatencyRun
  private var heapAtStart: Int?

  init(_ run: LatencyRun) { self.run = run }

  /// Adds the echoes of a turn.
  mutating func add(_ trace: AttemptTrace, under conditions: LatencyConditions) {
    let index = place(of: conditions, trace.endpoint)
    let began = trace.scheduleBegan
    run.series[index].rounds.append(
      trace.exchanges.filter { $0.index >= run.warmUp }.map { exchange in
        let offset = UInt64(exchange.index * conditions.spacingMilliseconds) * 1_000_000
        return TimedExchange(exchange, due: conditions.load == .open ? began.map { $0 + offset } : nil)
      })
    run.series[index].handshakes += trace.connections.compactMap { $0.tcpRoundTripNanoseconds.map(Int.init) }
    addCosts(trace)
  }

  private mutating func place(of conditions: LatencyConditions, _ endpoint: AttemptTrace.Endpoint) -> Int {
    if let index = run.series.firstIndex(where: { $0.conditions == conditions && $0.endpoint == endpoint }) {
      return index
    }
    run.series.append(LatencyMeasurement(conditions: conditions, endpoint: endpoint))
    return run.series.count - 1
  }

  /// Adds the phases of a turn.
  mutating func addPhases(_ trace: AttemptTrace, overTLS: Bool, power: String?) {
    for sample in trace.phases {
      let index = run.phases.firstIndex {
        $0.endpoint == trace.endpoint && $0.overTLS == overTLS && $0.power == power
          && $0.phase == sample.phase
      }
      if let index {
        run.phases[index].samples.append(sample.nanoseconds)
      } else {
        run.phases.append(
          PhaseMeasurement(
            endpoint: trace.endpoint, overTLS: overTLS, power: power, phase: sample.phase,
            samples: [sample.nanoseconds]))
      }
    }
    addCosts(trace)
  }

  /// Adds the throughput that a turn shows.
  mutating func addThroughput(_ trace: AttemptTrace, overTLS: Bool, power: String?) {
    for sample in trace.throughputs {
      let index = run.throughputs.firstIndex {
        $0.endpoint == trace.endpoint && $0.overTLS == overTLS && $0.power == power
          && $0.direction == sample.direction
      }
      if let index {
        run.throughputs[index].samples.append(sample)
      } else {
        run.throughputs.append(
          ThroughputMeasurement(
            endpoint: trace.endpoint, overTLS: overTLS, power: power, direction: sample.direction,
            samples: [sample]))
      }
    }
    addCosts(trace)
  }

  /// Adds what a turn with measurements shows of allocations. Its pauses for collecting are no gap of the client's.
  mutating func addAllocations(_ trace: AttemptTrace, echoes: Int) {
    let counted = trace.client.events.lazy.compactMap { event -> Int? in
      if case .measured(let measurement) = event.kind { measurement.allocated } else { nil }
    }.first
    run.costs.allocatedPerEcho = counted.map { $0 / echoes }
  }

  /// Adds how busy the event loop was beside the client.
  mutating func addLoad(_ trace: AttemptTrace) {
    let busy = trace.client.events.lazy.compactMap { event -> Int? in
      if case .measured(let measurement) = event.kind { measurement.busyThousandths } else { nil }
    }.first
    run.costs.cpuShare = busy.map { Double($0) / 1000 }
  }

  private mutating func addCosts(_ trace: AttemptTrace) {
    guard trace.endpoint == .device else { return }
    if let gap = trace.client.heartbeat?.longestGapMicroseconds {
      run.costs.longestGapMicroseconds = max(run.costs.longestGapMicroseconds ?? 0, gap)
    }
    guard let after = trace.client.heapFreeAfter else { return }
    heapAtStart = heapAtStart ?? trace.client.heapFreeBefore ?? after
    run.costs.leastFreeHeap = min(run.costs.leastFreeHeap ?? after, after)
    run.costs.keptHeap = heapAtStart.map { $0 - after }
  }

  mutating func add(_ failure: LatencyFailure) { run.failures.append(failure) }

  mutating func finish(_ change: (inout LatencyRun) -> Void) { change(&run) }
}

extension AttemptTrace {
  /// When the first step of the script began, from which a schedule counts.
  fileprivate var scheduleBegan: UInt64? {
    connections.first?.events.first {
      if case .stepStarted(index: 0) = $0.kind { true } else { false }
    }?.instantNanoseconds
  }
}
