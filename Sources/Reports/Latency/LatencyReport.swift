import Latency
import Results
import Traces

/// All files of a latency run's report folder.
public struct LatencyReport {
  /// Files with their path in the folder.
  public typealias Files = [(path: String, text: String)]

  let run: LatencyRun
  let summaries: [SeriesSummary]

  /// Sums the series of a run up.
  public init(_ run: LatencyRun) {
    self.run = run
    summaries = run.series.compactMap(SeriesSummary.init)
  }

  /// The folder of the `.hgrm` files.
  public static let histogramFolder = "hgrm"

  /// `latency.json`, `samples.csv`, `latency.html`, and an `.hgrm` file for each distribution.
  public var files: Files {
    [
      ("latency.json", JSONReport.text(of: LatencyDocument(run, summaries))),
      ("samples.csv", LatencyCSV.text(of: run)), ("latency.html", LatencyPage.text(of: self)),
    ] + summaries.flatMap(histograms)
  }

  private func histograms(of summary: SeriesSummary) -> Files {
    let raw = ("\(Self.histogramFolder)/\(summary.name).hgrm", summary.histogram.hgrm)
    let corrected = summary.correctedHistogram.map {
      ("\(Self.histogramFolder)/\(summary.name)-corrected.hgrm", $0.hgrm)
    }
    return [raw] + [corrected].compactMap(\.self)
  }

  /// The series of device and reference under the same conditions, in the order in which they were measured.
  var pairs: [(device: SeriesSummary?, reference: SeriesSummary?)] {
    var names: [LatencyConditions] = []
    for summary in summaries where !names.contains(summary.conditions) { names.append(summary.conditions) }
    return names.map { conditions in
      let both = summaries.filter { $0.conditions == conditions }
      return (both.first { $0.endpoint == .device }, both.first { $0.endpoint == .reference })
    }
  }
}

/// `samples.csv`: every exchange, its instants in nanoseconds from the first one's.
enum LatencyCSV {
  private static let columns = [
    "conditions", "endpoint", "round", "index", "payload_bytes", "due_ns", "own_lateness_ns", "t0_handed_ns",
    "t1_sent_ns",
    "t2_acknowledged_ns", "t3_received_ns", "t4_seen_ns", "wire_ns", "client_ns", "pieces", "longest_gap_ns",
  ]

  static func text(of run: LatencyRun) -> String {
    let start = run.series.flatMap(\.exchanges).map(\.handed).min() ?? 0
    var lines = [columns.joined(separator: ",")]
    for series in run.series {
      for (round, exchanges) in series.rounds.enumerated() {
        lines += exchanges.map { row($0, round + 1, series, since: start) }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func row(
    _ timed: TimedExchange, _ round: Int, _ series: LatencyMeasurement, since start: UInt64
  ) -> String {
    func time(_ instant: UInt64?) -> String { instant.map { "\(Int64(bitPattern: $0 &- start))" } ?? "" }
    let exchange = timed.exchange
    let cells = [
      series.conditions.name, series.endpoint.rawValue, "\(round)", "\(exchange.index)",
      "\(exchange.payloadLength)", time(timed.due), timed.ownLatenessNanoseconds.map(String.init) ?? "",
      time(exchange.handed), time(exchange.sent),
      time(exchange.acknowledged), time(exchange.received), time(exchange.seen),
      "\(exchange.wireNanoseconds)", exchange.clientNanoseconds.map { "\($0)" } ?? "", "\(exchange.pieces)",
      "\(exchange.longestGapNanoseconds)",
    ]
    return cells.joined(separator: ",")
  }
}
