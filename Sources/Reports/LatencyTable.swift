import Latency

/// Latency with device and reference side by side: a row for each measure and payload size.
struct LatencyTable {
  private let series: [LatencySeries]

  init(_ summary: LatencySummary) { series = summary.series }

  /// The rows over all payload sizes.
  var totals: [[String: String]] { rows { $0.payloadLength == nil } }
  /// The rows by payload size.
  var sizes: [[String: String]] { rows { $0.payloadLength != nil } }

  private struct Key: Hashable {
    var measure: LatencySeries.Measure
    var payloadLength: Int?

    init(_ series: LatencySeries) {
      measure = series.measure
      payloadLength = series.payloadLength
    }
  }

  private func rows(where isWanted: (LatencySeries) -> Bool) -> [[String: String]] {
    var keys: [Key] = []
    for item in series where isWanted(item) && !keys.contains(Key(item)) { keys.append(Key(item)) }
    return keys.map { key in
      var row = [
        "measure": key.measure.title, "payload": key.payloadLength.map { "\($0) B" } ?? key.measure.sizes,
      ]
      for item in series where Key(item) == key {
        row["\(item.endpoint)Count"] = String(item.count)
        row["\(item.endpoint)P50"] = duration(item.p50Nanoseconds)
        row["\(item.endpoint)P90"] = duration(item.p90Nanoseconds)
        row["\(item.endpoint)P99"] = duration(item.p99Nanoseconds)
        row["\(item.endpoint)Max"] = duration(item.maxNanoseconds)
      }
      return row
    }
  }
}
