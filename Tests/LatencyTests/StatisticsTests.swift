import Foundation
import Latency
import Testing
import WebSocketProtocol

@Suite("Statistics of latencies")
struct StatisticsTests {
  @Test("the rank test gives the figures of another implementation, ties included")
  func rankTest() {
    // scipy.stats.mannwhitneyu(x, y, method="asymptotic"); the first without ties, the second with many.
    let apart = RankTest.probability([1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14])
    #expect(abs(apart - 0.002_165) < 0.000_01, "\(apart)")
    let tied = RankTest.probability([1, 1, 2, 2, 3], [2, 3, 3, 4, 4])
    #expect(abs(tied - 0.052_41) < 0.000_01, "\(tied)")
    #expect(RankTest.probability([5, 5], [5, 5]) == 1)
    #expect(RankTest.probability([], [1]) == 1)
    #expect(RankTest.probability([1, 2, 3], [7, 8]) == RankTest.probability([7, 8], [1, 2, 3]))
  }

  @Test("a confidence interval holds the median of the distribution in about 95 of 100 samples")
  func coverage() throws {
    var source = Noise(seed: 11)
    let holds = try (0..<200).count { _ in
      let rounds = (0..<10).map { _ in (0..<20).map { _ in source.latency(median: 1e6, spread: 0.3) } }
      let interval = try #require(ConfidenceInterval.of(quantiles: [0.5], in: rounds).first)
      return interval.lowNanoseconds <= 1_000_000 && 1_000_000 <= interval.highNanoseconds
    }
    // Ten rounds are few: the bootstrap is known to be somewhat too sure of itself then.
    #expect((170...200).contains(holds), "\(holds) of 200")
  }

  @Test("rounds that differ widen the interval; samples that do not differ make it a point")
  func intervals() throws {
    let even = (0..<10).map { _ in (0..<20).map { 1000 + $0 } }
    let drifting = (0..<10).map { round in (0..<20).map { 1000 + $0 + 100 * round } }
    let narrow = try #require(ConfidenceInterval.of(quantiles: [0.5], in: even).first)
    let wide = try #require(ConfidenceInterval.of(quantiles: [0.5], in: drifting).first)
    #expect(narrow.highNanoseconds - narrow.lowNanoseconds <= 1)
    #expect(wide.highNanoseconds - wide.lowNanoseconds > 100)
    #expect(ConfidenceInterval.of(quantiles: [0.5], in: []).isEmpty)
    let one = ConfidenceInterval.of(quantiles: [0.5, 0.99], in: [[7]])
    #expect(one.map(\.lowNanoseconds) == [7, 7] && one.map(\.highNanoseconds) == [7, 7])
  }

  @Test("coordinated omission: the exchanges that a stall left out are added")
  func correction() throws {
    // 99 answers after 1 ms and one after 1 s, an exchange each 10 ms: the stall hid 99 exchanges, of 990, 980, ... ms.
    let seen = [Int](repeating: 1_000_000, count: 99) + [1_000_000_000]
    let raw = try #require(LatencyHistogram(seen).quantiles)
    let corrected = try #require(LatencyHistogram(seen, correctedFor: 10_000_000).quantiles)
    #expect(raw.count == 100 && corrected.count == 199)
    #expect(raw.p90Nanoseconds < 1_100_000)
    #expect(abs(corrected.p90Nanoseconds - 800_000_000) < 20_000_000, "\(corrected.p90Nanoseconds)")
    #expect(raw.maxNanoseconds == corrected.maxNanoseconds)
    #expect(LatencyHistogram().quantiles == nil)
  }

  @Test("an .hgrm file has the head, the rising rows and the feet that plotters look for")
  func hgrm() throws {
    let lines = LatencyHistogram((1...1000).map { $0 * 1_000_000 }).hgrm.split(separator: "\n")
    #expect(lines[0].split(separator: " ") == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"])
    let rows = lines.dropFirst().filter { !$0.hasPrefix("#") }.map {
      $0.split(separator: " ").compactMap { Double($0) }
    }
    #expect(rows.count > 20)
    for (earlier, later) in zip(rows, rows.dropFirst()) {
      #expect(earlier[0] <= later[0] && earlier[1] < later[1] && earlier[2] <= later[2])
    }
    #expect(rows.last.map { $0[1] == 1 && $0[2] == 1000 && abs($0[0] - 1000) < 2 } == true)
    #expect(lines.contains { $0.hasPrefix("#[Mean") } && lines.contains { $0.hasPrefix("#[Max") })
  }
}

/// Two runs of the default size, a thousand echoes in ten rounds, as a board has them: skewed, with outliers, drifting from round to
/// round and from run to run.
@Suite("The comparison of two runs, simulated")
struct ComparisonSimulationTests {
  private static let rounds = 10
  private static let perRound = 100

  /// As many runs as make a thousand pairs of neighbours.
  private static let runs: [[Int]] = {
    var source = Noise(seed: 1)
    return (0...1000).map { _ in run(&source) }
  }()

  private static func run(_ source: inout Noise) -> [Int] {
    let run = source.factor(spread: 0.005)
    return (0..<rounds).flatMap { _ -> [Int] in
      let round = run * source.factor(spread: 0.02)
      return (0..<perRound).map { _ in
        let isOutlier = source.uniform() < 0.02
        return source.latency(median: 2e6 * round * (isOutlier ? 8 : 1), spread: 0.3)
      }
    }
  }

  /// How many of a thousand runs count as slower than the one before, each being so many times as slow.
  private static func alarms(slower factor: Double) -> Int {
    zip(runs, runs.dropFirst()).count { old, new in
      let slowed = factor == 1 ? new : new.map { Int(Double($0) * factor) }
      return LatencyComparison(old: old, new: slowed).outcome == .slower
    }
  }

  @Test("equal runs raise an alarm in less than 1 % of 1,000")
  func falseAlarms() {
    let alarms = Self.alarms(slower: 1)
    #expect(alarms < 10, "\(alarms)")
  }

  @Test("a median that is 10 % higher is found in at least 95 % of 1,000")
  func power() {
    let found = Self.alarms(slower: 1.1)
    #expect(found >= 950, "\(found)")
  }

  /// The same on a computer that client and reference share: the reference's runs are as noisy.
  private static func sharedAlarms(slower factor: Double) -> Int {
    var source = Noise(seed: 2)
    let references = runs.map { _ in run(&source) }
    return runs.indices.dropLast().count { index in
      let new = factor == 1 ? runs[index + 1] : runs[index + 1].map { Int(Double($0) * factor) }
      let reference = LatencyComparison(old: references[index], new: references[index + 1])
      return LatencyComparison.sharing(old: runs[index], new: new, reference: reference).outcome == .slower
    }
  }

  @Test("and so it is where a reference as noisy says how the computer has changed: sharedComputer")
  func sharedComputer() {
    let (alarms, found) = (Self.sharedAlarms(slower: 1), Self.sharedAlarms(slower: 1.1))
    #expect(alarms < 10 && found >= 950, "\(alarms), \(found)")
  }

  @Test("what the computer's change does not explain, and alone would show, is left open")
  func computerChanged() {
    var source = Noise(seed: 4)
    let old = Self.run(&source)
    let faster = LatencyComparison(old: old, new: old.map { $0 * 7 / 10 })
    let shared = { (new: [Int]) in LatencyComparison.sharing(old: old, new: new, reference: faster).outcome }
    #expect(shared(old) == .computerChanged && shared(old.map { $0 * 7 / 10 }) == .same)
    #expect(shared(old.map { $0 * 13 / 10 }) == .slower)
  }

  @Test("what is faster is told as faster; few samples say nothing; a slower computer is taken out")
  func outcomes() {
    var source = Noise(seed: 3)
    let old = Self.run(&source)
    #expect(LatencyComparison(old: old, new: old.map { $0 * 8 / 10 }).outcome == .faster)
    #expect(LatencyComparison(old: old, new: old.map { $0 * 102 / 100 }).outcome == .same)
    let few = LatencyComparison(old: Array(old.prefix(29)), new: old.map { $0 * 2 })
    #expect(few.outcome == .tooFewSamples)
    let slow = old.map { $0 * 13 / 10 }
    #expect(LatencyComparison(old: old, new: slow).outcome == .slower)
    #expect(LatencyComparison(old: old, new: slow, drift: 1.3).outcome == .same)
    #expect(LatencyComparison(old: old, new: slow, minimumEffect: 0.5).outcome == .same)
    #expect(LatencyComparison.median([4, 1, 3, 2]) == 2 && LatencyComparison.median([9, 1, 5]) == 5)
  }
}

/// Random latencies by a seed.
struct Noise {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed, text: "noise") }

  /// From 0 to 1.
  mutating func uniform() -> Double { Double(generator.next() >> 11) / 9_007_199_254_740_992 }

  /// Normally distributed (Box and Muller, 1958).
  private mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  /// Around 1.
  mutating func factor(spread: Double) -> Double { exp(spread * normal()) }

  /// Log-normally distributed, in nanoseconds.
  mutating func latency(median: Double, spread: Double) -> Int { Int(median * factor(spread: spread)) }
}
