import Latency

/// How much the rig itself contributes: the reference client on this computer, on the same way through the same server.
public struct LatencyNoise: Sendable, Hashable, Codable {
  /// The name of the conditions.
  public var conditions: String
  /// The reference's median, in nanoseconds: what no client can be faster than here.
  public var p50Nanoseconds: Int
  /// Its 99th percentile: a single latency below it says little of the client. Nil of fewer than 100 samples.
  @NullInJSON public var p99Nanoseconds: Int?
  /// From the lowest to the highest median of its rounds: a difference of medians below it is the rig's. Nil of a single round, which
  /// does not tell.
  @NullInJSON public var driftNanoseconds: Int?

  /// Measures it by the reference's series; nil where that is empty.
  public init?(_ reference: LatencyMeasurement) {
    let rounds = reference.samples.filter { !$0.isEmpty }
    guard let quantiles = LatencyHistogram(rounds.flatMap(\.self)).quantiles else { return nil }
    let medians = rounds.map(LatencyComparison.median)
    conditions = reference.conditions.name
    p50Nanoseconds = quantiles.p50Nanoseconds
    p99Nanoseconds = quantiles.p99Nanoseconds
    driftNanoseconds =
      medians.count > 1 ? medians.max().flatMap { most in medians.min().map { most - $0 } } : nil
  }
}
