import Latency
import Results

extension LatencyRun {
  /// What the client cost its board, by name.
  var costFacts: [(name: String, value: String)] {
    let series = costSeries.map { item in
      (item.cost.words + modes(item.overTLS, item.power), item.cost.value(item.median))
    }
    let readings = (costs.heapReadings ?? 0).counted("reading")
    let facts: [(String, String?)] = [
      ("longest delay of another task", costs.longestGapMicroseconds.map { duration($0 * 1000) }),
      (
        "least heap free while the largest messages were echoed",
        costs.leastFreeHeap.map { "\($0) bytes (of \(readings), each after a collection)" }
      ),
      ("heap kept from the first round to the last", costs.keptHeap.map { "\($0) bytes" }),
    ]
    return series + facts.compactMap { name, value in value.map { (name, $0) } }
  }

  /// The power modes that were set, with what the radio then said; nil where there is no radio.
  var powerWords: String? {
    let parts = powerModes.map { "\($0.power) set, 0x\(String($0.readBack, radix: 16)) read back" }
    return parts.isEmpty ? nil : "power mode " + parts.joined(separator: ", ")
  }
}

extension CostMeasurement.Cost {
  /// What tables call it.
  var words: String {
    switch self {
    case .load: "event loop at work"
    case .allocations: "allocated for an echo"
    }
  }

  /// A median of it with its unit.
  func value(_ median: Int) -> String {
    switch self {
    case .load: "\(Int((Double(median) / 10).rounded())) % of the time"
    case .allocations: "\(median) bytes"
    }
  }
}
