import Latency
import Traces

/// What reports show of a series.
public struct SeriesSummary: Sendable, Hashable {
  /// The series.
  public let measurement: LatencyMeasurement
  /// The latencies as they were measured, from the message's leaving to the echo's coming.
  public let raw: LatencyQuantiles
  /// The latencies, had nobody waited with a message because an earlier one was late; nil where no spacing says when one was due.
  public let corrected: LatencyQuantiles?
  /// The range in which the median lies with 95 % confidence.
  public let p50Interval: ConfidenceInterval
  /// The same of the 90th percentile.
  public let p90Interval: ConfidenceInterval
  /// The same of the 99th percentile; nil where that is not told.
  public let p99Interval: ConfidenceInterval?
  /// The same of the 99.9th percentile; nil where that is not told.
  public let p999Interval: ConfidenceInterval?
  /// Where the time went, layer by layer.
  public let layers: LatencyLayers
  /// Whose time a usual exchange took.
  public let shares: LatencyShares
  /// By how much the sender itself was behind its schedule; nil where the load is closed.
  public let lateness: LatencyQuantiles?

  /// The conditions.
  public var conditions: LatencyConditions { measurement.conditions }
  /// Whose it is.
  public var endpoint: AttemptTrace.Endpoint { measurement.endpoint }
  /// The name by which files and tables call it.
  public var name: String { "\(conditions.name)-\(endpoint.rawValue)" }

  /// Sums up a series; nil where it has no exchanges.
  public init?(_ measurement: LatencyMeasurement) {
    let samples = measurement.samples
    guard let raw = LatencyHistogram(samples.flatMap(\.self)).quantiles else { return nil }
    self.measurement = measurement
    self.raw = raw
    corrected = Self.correctedHistogram(of: measurement)?.quantiles
    let intervals = ConfidenceInterval.of(quantiles: [0.5, 0.9, 0.99, 0.999], in: samples)
    guard intervals.count == 4 else { return nil }
    (p50Interval, p90Interval) = (intervals[0], intervals[1])
    p99Interval = raw.p99Nanoseconds.map { _ in intervals[2] }
    p999Interval = raw.p999Nanoseconds.map { _ in intervals[3] }
    layers = LatencyLayers(measurement.exchanges, handshakes: measurement.handshakes)
    shares = LatencyShares(measurement.exchanges, handshakes: measurement.handshakes)
    lateness =
      LatencyHistogram(measurement.rounds.flatMap { $0.compactMap(\.ownLatenessNanoseconds) }).quantiles
  }

  /// The latencies as they were measured.
  public var histogram: LatencyHistogram { LatencyHistogram(measurement.samples.flatMap(\.self)) }

  /// The latencies without coordinated omission; nil where no spacing says when a message was due.
  public var correctedHistogram: LatencyHistogram? { Self.correctedHistogram(of: measurement) }

  /// An open load knows when each message was due. A closed one with a spacing would have sent one each spacing and median: what was left
  /// out while it waited is added as HDR histograms do it.
  private static func correctedHistogram(of measurement: LatencyMeasurement) -> LatencyHistogram? {
    let conditions = measurement.conditions
    switch conditions.load {
    case .open:
      let samples = measurement.rounds.flatMap { $0.compactMap(\.sinceDueNanoseconds) }
      return samples.isEmpty ? nil : LatencyHistogram(samples)
    case .closed:
      guard conditions.spacingMilliseconds > 0 else { return nil }
      let samples = measurement.samples.flatMap(\.self)
      let interval = conditions.spacingMilliseconds * 1_000_000 + LatencyComparison.median(samples)
      return LatencyHistogram(samples, correctedFor: interval)
    }
  }
}
