import Traces

/// Latencies as reports show them, device and reference side by side.
public struct LatencySummary: Sendable, Hashable, Codable {
  /// One series for each endpoint, measure and payload size.
  public var series: [LatencySeries]

  /// Creates a summary.
  public init(series: [LatencySeries] = []) { self.series = series }
}

/// The distribution of one measure.
public struct LatencySeries: Sendable, Hashable, Codable {
  /// What was measured.
  public enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
    /// From the server's write of a message to the arrival of its echo at the server (kernel instants where there are any).
    case roundTrip
    /// From the message's delivery to the application to the return of its send, on the board's own clock (`ticks_us`).
    case processing
    /// From the server's accepting the connection to the end of the TLS handshake.
    case tlsHandshake
  }

  /// Which client it was.
  public var endpoint: AttemptTrace.Endpoint
  /// What was measured.
  public var measure: Measure
  /// The payload size in bytes; nil means all sizes together.
  public var payloadLength: Int?
  /// How many samples.
  public var count: Int
  /// The smallest sample, in nanoseconds, like the following ones.
  public var minNanoseconds: Int
  /// The arithmetic mean.
  public var meanNanoseconds: Int
  /// The median.
  public var p50Nanoseconds: Int
  /// The 90th percentile.
  public var p90Nanoseconds: Int
  /// The 99th percentile.
  public var p99Nanoseconds: Int
  /// The 99.9th percentile.
  public var p999Nanoseconds: Int
  /// The largest sample.
  public var maxNanoseconds: Int

  /// Creates a series.
  public init(
    endpoint: AttemptTrace.Endpoint, measure: Measure, payloadLength: Int?, count: Int, minNanoseconds: Int,
    meanNanoseconds: Int, p50Nanoseconds: Int, p90Nanoseconds: Int, p99Nanoseconds: Int,
    p999Nanoseconds: Int, maxNanoseconds: Int
  ) {
    self.endpoint = endpoint
    self.measure = measure
    self.payloadLength = payloadLength
    self.count = count
    self.minNanoseconds = minNanoseconds
    self.meanNanoseconds = meanNanoseconds
    self.p50Nanoseconds = p50Nanoseconds
    self.p90Nanoseconds = p90Nanoseconds
    self.p99Nanoseconds = p99Nanoseconds
    self.p999Nanoseconds = p999Nanoseconds
    self.maxNanoseconds = maxNanoseconds
  }
}
