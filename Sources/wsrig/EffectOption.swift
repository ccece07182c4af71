import ArgumentParser
import Latency

/// How much of a difference between two runs' latencies counts.
struct EffectOption: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much the median of a latency must differ from the earlier run's to count. (default: \(Int(LatencyComparison.minimumEffect * 100)))",
      valueName: "percent"))
  var minEffect: Double?

  func validate() throws {
    if let minEffect, !(0...1000).contains(minEffect) {
      throw ValidationError("--min-effect is \(minEffect); allowed here: a number of percent from 0 to 1000.")
    }
  }

  /// It as a part of the old median.
  var minimum: Double { minEffect.map { $0 / 100 } ?? LatencyComparison.minimumEffect }
}
