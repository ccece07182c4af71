import Latency
import Traces

/// A series of a latency run as far as one of another run can be held against it: of each kind the larger samples are the worse ones.
public struct ComparableSeries: Sendable, Hashable {
  /// What the samples count.
  public enum Unit: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nanoseconds.
    case nanoseconds
    /// Nanoseconds for 1,024 bytes.
    case nanosecondsPerKiB
    /// Thousandths of the time.
    case thousandths
    /// Bytes.
    case bytes
  }

  /// What tells it from all other series of its run, but for the endpoint.
  public var id: String
  /// Whose it is.
  public var endpoint: AttemptTrace.Endpoint
  /// What its samples count.
  public var unit: Unit
  /// Whether it is one of echoes: what a run is made for.
  public var isOfEchoes: Bool
  /// The samples of each round.
  public var rounds: [[Int]]
}

extension LatencyRun {
  /// Everything of it that can be held against another run.
  public var comparables: [ComparableSeries] {
    series.map {
      ComparableSeries(
        id: $0.id, endpoint: $0.endpoint, unit: .nanoseconds, isOfEchoes: true, rounds: $0.samples)
    }
      + phases.map {
        ComparableSeries(
          id: $0.id, endpoint: $0.endpoint, unit: .nanoseconds, isOfEchoes: false, rounds: $0.rounds)
      } + throughputs.map(\.comparable) + costSeries.map(\.comparable)
  }
}

extension ThroughputMeasurement {
  /// It as the time that so many bytes take: of a slower client it is the longer.
  public var comparable: ComparableSeries {
    ComparableSeries(
      id: id, endpoint: endpoint, unit: .nanosecondsPerKiB, isOfEchoes: false,
      rounds: samples.filter { $0.bytes > 0 }.map { [$0.nanoseconds * 1024 / $0.bytes] })
  }
}

extension CostMeasurement {
  /// It as a series of the device's.
  public var comparable: ComparableSeries {
    ComparableSeries(
      id: id, endpoint: .device, unit: cost == .load ? .thousandths : .bytes, isOfEchoes: false,
      rounds: samples.map { [$0] })
  }
}
