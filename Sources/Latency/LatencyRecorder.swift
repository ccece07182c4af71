import Histogram
import Traces

/// Collects latencies in HDR histograms: one for each endpoint and measure, and one for each payload size of those.
/// Values run from 256 ns to 60 s; a longer one counts as 60 s.
public struct LatencyRecorder: Sendable {
  /// How exact the percentiles are.
  public enum Precision: Sendable {
    /// Three significant digits, two for each payload size, of which there are hundreds: for a run.
    case run
    /// Two significant digits: for a case, whose few samples do not pay for a histogram of 100 KiB.
    case testCase
  }

  private struct Key: Hashable {
    var endpoint: AttemptTrace.Endpoint
    var measure: LatencySeries.Measure
    var payloadLength: Int?
  }

  private static let longestNanoseconds: UInt64 = 60_000_000_000
  private static let shortestNanoseconds: UInt64 = 256
  private var histograms: [Key: Histogram<UInt32>] = [:]
  private let precision: Precision

  /// Creates an empty recorder.
  public init(_ precision: Precision) { self.precision = precision }

  /// Records the echoes and the TLS handshakes of an attempt.
  public mutating func record(_ attempt: AttemptTrace) {
    for sample in attempt.latencySamples { record(sample, of: attempt.endpoint) }
  }

  private mutating func record(_ sample: LatencySample, of endpoint: AttemptTrace.Endpoint) {
    let value = min(UInt64(max(sample.nanoseconds, 1)), Self.longestNanoseconds)
    let precision = precision
    for payloadLength in Set([nil, sample.payloadLength]) {
      let key = Key(endpoint: endpoint, measure: sample.measure, payloadLength: payloadLength)
      _ = histograms[key, default: Self.emptyHistogram(payloadLength == nil ? precision : .testCase)]
        .record(value)
    }
  }

  /// The distributions: all sizes together first, then by size; device before reference.
  public var summary: LatencySummary {
    let keys = histograms.keys.sorted { left, right in
      (left.measure.rawValue, left.payloadLength ?? -1, left.endpoint.rawValue)
        < (right.measure.rawValue, right.payloadLength ?? -1, right.endpoint.rawValue)
    }
    return LatencySummary(series: keys.compactMap { key in histograms[key].map { Self.series(key, $0) } })
  }

  private static func emptyHistogram(_ precision: Precision) -> Histogram<UInt32> {
    Histogram(
      lowestDiscernibleValue: shortestNanoseconds, highestTrackableValue: longestNanoseconds,
      numberOfSignificantValueDigits: precision == .run ? .three : .two)
  }

  private static func series(_ key: Key, _ histogram: Histogram<UInt32>) -> LatencySeries {
    func percentile(_ value: Double) -> Int { Int(histogram.valueAtPercentile(value)) }
    return LatencySeries(
      endpoint: key.endpoint, measure: key.measure, payloadLength: key.payloadLength,
      count: Int(histogram.totalCount), minNanoseconds: Int(histogram.min),
      meanNanoseconds: Int(histogram.mean), p50Nanoseconds: percentile(50), p90Nanoseconds: percentile(90),
      p99Nanoseconds: percentile(99), p999Nanoseconds: percentile(99.9), maxNanoseconds: Int(histogram.max))
  }
}
