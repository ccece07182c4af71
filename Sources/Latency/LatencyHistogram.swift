import Histogram

/// A distribution of latencies in an HDR histogram of three significant digits, from 64 ns to ten minutes; a longer one counts as ten
/// minutes.
public struct LatencyHistogram: Sendable {
  private static let shortestNanoseconds: UInt64 = 64
  private static let longestNanoseconds: UInt64 = 600_000_000_000
  private static let nanosecondsPerMillisecond = 1e6
  /// How many points of the curve lie between one percentile and the one that is half as far from 100: as many as HdrHistogram's own
  /// tools have.
  private static let pointsPerHalving = 5

  private var histogram = Histogram<UInt32>(
    lowestDiscernibleValue: shortestNanoseconds, highestTrackableValue: longestNanoseconds,
    numberOfSignificantValueDigits: .three)

  /// Creates an empty distribution.
  public init() {}

  /// Creates the distribution of these latencies, in nanoseconds.
  public init(_ nanoseconds: some Sequence<Int>) {
    for value in nanoseconds { record(value) }
  }

  /// Creates the distribution that would have been seen, had nobody waited with the next exchange for a late answer: for every
  /// latency beyond the interval, those of the exchanges that were left out because of it are added, as HDR histograms do it.
  public init(_ nanoseconds: some Sequence<Int>, correctedFor intervalNanoseconds: Int) {
    for value in nanoseconds {
      _ = histogram.recordCorrectedValue(
        Self.tracked(value), expectedInterval: UInt64(max(1, intervalNanoseconds)))
    }
  }

  /// Adds a latency in nanoseconds.
  public mutating func record(_ nanoseconds: Int) { _ = histogram.record(Self.tracked(nanoseconds)) }

  private static func tracked(_ nanoseconds: Int) -> UInt64 {
    min(UInt64(max(nanoseconds, 1)), longestNanoseconds)
  }

  /// What tables show of it; nil where it is empty.
  public var quantiles: LatencyQuantiles? {
    guard histogram.totalCount > 0 else { return nil }
    func percentile(_ value: Double) -> Int { Int(histogram.valueAtPercentile(value)) }
    func percentile(_ value: Double, ofAtLeast count: Int) -> Int? {
      histogram.totalCount >= count ? percentile(value) : nil
    }
    return LatencyQuantiles(
      count: Int(histogram.totalCount), minNanoseconds: Int(histogram.min),
      meanNanoseconds: Int(histogram.mean), p50Nanoseconds: percentile(50), p90Nanoseconds: percentile(90),
      p99Nanoseconds: percentile(99, ofAtLeast: 100), p999Nanoseconds: percentile(99.9, ofAtLeast: 1000),
      maxNanoseconds: percentile(100))
  }

  /// A point of the percentile curve.
  public struct Point: Sendable, Hashable {
    /// The percentile, from 0 to 100.
    public var percentile: Double
    /// The latency that so many of a hundred do not exceed.
    public var nanoseconds: Int
  }

  /// The percentile curve, closer and closer points towards 100.
  public var curve: [Point] {
    histogram.percentiles(ticksPerHalfDistance: Self.pointsPerHalving).map {
      Point(percentile: $0.percentileLevelIteratedTo, nanoseconds: Int($0.value))
    }
  }

  /// The text of an `.hgrm` file, in milliseconds, as HdrHistogram's plotters read it.
  public var hgrm: String {
    var text = ""
    histogram.outputPercentileDistribution(
      to: &text, outputValueUnitScalingRatio: Self.nanosecondsPerMillisecond,
      percentileTicksPerHalfDistance: Self.pointsPerHalving)
    return text
  }
}

/// What tables show of a distribution, in nanoseconds.
public struct LatencyQuantiles: Sendable, Hashable, Codable {
  /// How many samples.
  public var count: Int
  /// The smallest sample.
  public var minNanoseconds: Int
  /// The arithmetic mean.
  public var meanNanoseconds: Int
  /// The median.
  public var p50Nanoseconds: Int
  /// The 90th percentile.
  public var p90Nanoseconds: Int
  /// The 99th percentile; nil of fewer than 100 samples, where it would be the largest by another name.
  @NullInJSON public var p99Nanoseconds: Int?
  /// The 99.9th percentile; nil of fewer than 1,000 samples.
  @NullInJSON public var p999Nanoseconds: Int?
  /// The largest sample.
  public var maxNanoseconds: Int
}
