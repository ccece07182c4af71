import WebSocketProtocol

/// The range in which a quantile lies with 95 % confidence, in nanoseconds.
public struct ConfidenceInterval: Sendable, Hashable, Codable {
  /// The lower end.
  public var lowNanoseconds: Int
  /// The upper end.
  public var highNanoseconds: Int

  /// How often samples are drawn anew. The 26th of a thousand from either end bound 95 %.
  private static let draws = 1000
  private static let outside = 25

  /// Finds those of several quantiles by bootstrap (Efron, "Bootstrap methods", 1979): runs of the same size are drawn from what was
  /// measured, with replacement, and 95 of a hundred have their quantile in the range.
  ///
  /// Whole rounds are drawn where there are enough of them: what drifts from round to round, as computers and radios do, then makes
  /// the range as wide as it deserves; single samples, taken for independent, would not.
  /// - Parameters:
  ///   - quantiles: From 0 to 1, rising.
  ///   - rounds: The samples of each round, in nanoseconds.
  ///   - seed: The same seed draws the same.
  /// - Returns: None where there are no samples.
  public static func of(
    quantiles: [Double], in rounds: [[Int]], seed: UInt64 = 1
  ) -> [ConfidenceInterval] {
    let filled = rounds.filter { !$0.isEmpty }
    guard !filled.isEmpty else { return [] }
    let groups = filled.count >= leastRounds ? filled : filled.flatMap { $0.map { [$0] } }
    let pool = SamplePool(groups)
    var generator = SplitMix64(seed: seed)
    let drawn = (0..<draws).map { _ in pool.draw(quantiles, using: &generator) }
    return quantiles.indices.map { index in
      let values = drawn.map { $0[index] }.sorted()
      return ConfidenceInterval(
        lowNanoseconds: values[outside], highNanoseconds: values[draws - 1 - outside])
    }
  }

  /// Rounds below this many say too little of what rounds may be.
  private static let leastRounds = 5
}

/// Samples in groups of which whole ones are drawn.
private struct SamplePool {
  private let values: [Int]
  /// The group of each value.
  private let groups: [Int]
  private let sizes: [Int]

  init(_ samples: [[Int]]) {
    let sorted = samples.indices.flatMap { group in samples[group].map { (value: $0, group: group) } }
      .sorted { $0.value < $1.value }
    values = sorted.map(\.value)
    groups = sorted.map(\.group)
    sizes = samples.map(\.count)
  }

  /// As many groups as there are, each perhaps several times or never, and the quantiles of what they hold.
  func draw(_ quantiles: [Double], using generator: inout SplitMix64) -> [Int] {
    var weights = [Int](repeating: 0, count: sizes.count)
    var total = 0
    for _ in sizes {
      let group = Int(generator.next() % UInt64(sizes.count))
      weights[group] += 1
      total += sizes[group]
    }
    let ranks = quantiles.map { max(1, Int(($0 * Double(total)).rounded(.up))) }
    return pick(ranks, weights)
  }

  /// The values of these ranks, which rise, where each counts as often as the weight of its group says.
  private func pick(_ ranks: [Int], _ weights: [Int]) -> [Int] {
    var picked: [Int] = []
    var seen = 0
    var index = 0
    // A loop over memory: in a build for debugging a sequence takes ten times as long, and this is nearly all of it.
    groups.withUnsafeBufferPointer { groups in
      weights.withUnsafeBufferPointer { weights in
        for rank in ranks {
          while seen < rank, index < groups.count {
            seen &+= weights[groups[index]]
            index &+= 1
          }
          picked.append(values[max(0, index - 1)])
        }
      }
    }
    return picked
  }
}
