import Foundation
import Testing
import WebSocketProtocol

@testable import Latency

@Suite("Statistics of latencies")
struct StatisticsTests {
  @Test(
    "the rank test gives the figures of another implementation, ties included, by counting and by approximation"
  )
  func rankTest() {
    // By counting all 3432 and 252 choices; by scipy.stats.mannwhitneyu(x, y, method="asymptotic").
    let apart = ([1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14])
    let tied = ([1, 1, 2, 2, 3], [2, 3, 3, 4, 4])
    for (samples, counted, approximate) in [(apart, 2.0 / 3432, 0.002_165), (tied, 20.0 / 252, 0.052_41)] {
      let ranks = JointRanks(samples.0, samples.1)
      #expect(abs(ranks.countedProbability - counted) < 0.000_01, "\(ranks.countedProbability)")
      #expect(
        abs(ranks.approximateProbability() - approximate) < 0.000_01, "\(ranks.approximateProbability())")
      #expect(RankTest.probability(samples.0, samples.1) == ranks.countedProbability)
    }
    #expect(RankTest.probability([5, 5], [5, 5]) == 1)
    #expect(RankTest.probability([], [1]) == 1)
    #expect(RankTest.probability([1, 2, 3], [7, 8]) == RankTest.probability([7, 8], [1, 2, 3]))
  }

  @Test(
    "counting and approximation agree where one takes over from the other, and the approximation errs on the side of chance"
  )
  func takingOver() {
    #expect(RankTest.leastProbability(5, 5) == 2.0 / 252)
    var source = Noise(seed: 5)
    for _ in 0..<20 {
      let samples = (0..<24).map { source.latency(median: $0 < 12 ? 1000 : 1300, spread: 0.3) }
      let ranks = JointRanks(Array(samples[..<12]), Array(samples[12...]))
      #expect(abs(ranks.countedProbability - ranks.approximateProbability()) < 0.02)
    }
    #expect(RankTest.leastProbability(13, 13) > 2.0 / 10_400_600, "the choices of 13 of 26")
    #expect(RankTest.leastProbability(30, 30) < 1e-9)
  }

  @Test("values that repeat the ones before count for fewer: persistence")
  func persistence() {
    #expect(RankTest.persistence(of: Array(0..<30)) > 0.8 && RankTest.persistence(of: [5, 5, 5]) == 0)
    #expect(RankTest.persistence(of: (0..<30).map { $0 % 2 }) < -0.8)
    let (early, late) = ((0..<30).map { $0 * 10 }, (0..<30).map { $0 * 10 + 155 })
    // The same values, but one after the other, and up and down.
    let mixed = { (values: [Int]) in values.indices.map { values[$0 * 7 % 30] } }
    #expect(RankTest.probability(early, late) > 10 * RankTest.probability(mixed(early), mixed(late)))
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

  @Test("percentiles of fewer samples than they need are not told, and JSON says null")
  func fewSamples() throws {
    for (count, has99, has999) in [
      (99, false, false), (100, true, false), (999, true, false), (1000, true, true),
    ] {
      let quantiles = try #require(LatencyHistogram(1...count).quantiles)
      #expect(
        (quantiles.p99Nanoseconds != nil) == has99 && (quantiles.p999Nanoseconds != nil) == has999, "\(count)"
      )
      let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(quantiles)) as? [String: Any]
      #expect((json?["p999Nanoseconds"] is NSNull) == !has999)
      #expect(
        try JSONDecoder().decode(LatencyQuantiles.self, from: JSONEncoder().encode(quantiles)) == quantiles)
    }
  }
}

/// Runs of the default size, as a board has them: skewed, with outliers, drifting from round to round and from run to run.
@Suite("The comparison of two runs, simulated")
struct ComparisonSimulationTests {
  private typealias Run = [[Int]]

  private static let rounds = 30
  private static let perRound = 50
  /// How many series a default run compares, which share the significance between them.
  private static let rows = 14
  private static let share = LatencyComparison.significance / Double(rows)

  /// As many runs as make a thousand pairs of neighbours.
  private static let runs = runs(seed: 1)

  private static func runs(seed: UInt64) -> [Run] {
    var source = Noise(seed: seed)
    return (0...1000).map { _ in run(&source) }
  }

  /// - Parameters:
  ///   - drift: how much the level varies from round to round.
  ///   - persistence: how much of that a round takes over from the one before, from 0 to 1.
  ///   - spread: how much the samples of a round vary.
  private static func run(
    _ source: inout Noise, drift: Double = 0.02, persistence: Double = 0, spread: Double = 0.3,
    perRound: Int = perRound
  ) -> Run {
    let run = source.factor(spread: 0.005)
    var level = source.factor(spread: drift)
    return (0..<rounds).map { _ in
      let change = source.factor(spread: drift * (1 - persistence * persistence).squareRoot())
      level = pow(level, persistence) * change
      let round = run * level
      return (0..<perRound).map { _ in
        let isOutlier = source.uniform() < 0.02
        return source.latency(median: 2e6 * round * (isOutlier ? 8 : 1), spread: spread)
      }
    }
  }

  private static func scaled(_ run: Run, by factor: Double) -> Run {
    factor == 1 ? run : run.map { $0.map { Int(Double($0) * factor) } }
  }

  /// How many of a thousand runs count as slower than the one before, each being so many times as slow.
  private static func alarms(
    among runs: [Run] = runs, slower factor: Double = 1, significance: Double = share
  ) -> Int {
    zip(runs, runs.dropFirst()).count { old, new in
      LatencyComparison(old: old, new: scaled(new, by: factor), significance: significance).outcome == .slower
    }
  }

  @Test("equal runs raise an alarm in less than 1 % of 1,000, even where one series alone is compared")
  func falseAlarms() {
    let alarms = Self.alarms(significance: LatencyComparison.significance)
    #expect(alarms < 10, "\(alarms)")
  }

  @Test(
    "a median that is 10 % higher is found in at least 95 % of 1,000, as one of all series of a default run")
  func power() {
    let found = Self.alarms(slower: 1.1)
    #expect(found >= 950, "\(found)")
  }

  @Test("rounds whose level varies by 5 or 8 % raise no more alarms: drift", arguments: [0.05, 0.08])
  func drift(_ drift: Double) {
    var source = Noise(seed: 6)
    let runs = (0...1000).map { _ in Self.run(&source, drift: drift, spread: 0.1, perRound: 20) }
    let alarms = Self.alarms(among: runs, significance: LatencyComparison.significance)
    #expect(alarms < 10, "\(alarms)")
    // Ranks of the single samples, taken for independent, find what is none in ten times as many as they should, and more.
    let naive = zip(runs, runs.dropFirst()).prefix(100).count { old, new in
      RankTest.probability(old.flatMap(\.self), new.flatMap(\.self)) < LatencyComparison.significance
    }
    #expect(naive > 5, "\(naive) of 100")
  }

  @Test(
    "nor do levels that drift slowly, so that a round takes over half of the one before: slowDrift",
    arguments: [0.05, 0.08])
  func slowDrift(_ drift: Double) {
    var source = Noise(seed: 7)
    let runs = (0...1000).map { _ in
      Self.run(&source, drift: drift, persistence: 0.5, spread: 0.1, perRound: 20)
    }
    let alarms = Self.alarms(among: runs)
    #expect(alarms < 10, "\(alarms)")
    // Without a look at that they would be several times as many.
    let (naive, seen) = zip(runs, runs.dropFirst()).reduce(into: (0, 0)) { counts, pair in
      let ranks = JointRanks(pair.0.map(LatencyComparison.median), pair.1.map(LatencyComparison.median))
      counts.0 += ranks.approximateProbability() < LatencyComparison.significance ? 1 : 0
      counts.1 +=
        LatencyComparison(old: pair.0, new: pair.1).probability < LatencyComparison.significance ? 1 : 0
    }
    #expect(naive > 2 * seen, "\(naive), \(seen)")
  }

  /// The same on a computer that client and reference share: the reference's runs are as noisy.
  private static let references = {
    let others = runs(seed: 2)
    return zip(others, others.dropFirst()).map { LatencyComparison(old: $0, new: $1, significance: share) }
  }()

  private static func sharedAlarms(slower factor: Double) -> Int {
    references.indices.count { index in
      LatencyComparison.sharing(
        old: runs[index], new: scaled(runs[index + 1], by: factor), reference: references[index],
        significance: share
      ).outcome == .slower
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
    let faster = LatencyComparison(old: old, new: Self.scaled(old, by: 0.7))
    let shared = { (factor: Double) in
      LatencyComparison.sharing(old: old, new: Self.scaled(old, by: factor), reference: faster).outcome
    }
    #expect(shared(1) == .computerChanged && shared(0.7) == .same && shared(1.3) == .slower)
  }

  @Test("a change of the computer that is likely explains one of the client's, and makes none: likely")
  func likely() {
    var source = Noise(seed: 8)
    let old = Self.run(&source)
    // So little would do that nothing of the reference's is shown, however it changed.
    let reference = { (factor: Double) in
      LatencyComparison(old: old, new: Self.scaled(old, by: factor), significance: 1e-12)
    }
    let client = { (factor: Double, reference: LatencyComparison) in
      LatencyComparison.sharing(old: old, new: Self.scaled(old, by: factor), reference: reference).outcome
    }
    let (slow, even) = (reference(1.25), reference(1))
    #expect(slow.outcome != .slower && slow.probability < 0.05)
    #expect(client(1.25, slow) == .same && client(1.25, even) == .slower && client(1.6, slow) == .slower)
    #expect(client(1, slow) == .same)
  }

  @Test("what is faster is told as faster; few rounds say nothing; a slower computer is taken out")
  func outcomes() {
    var source = Noise(seed: 3)
    let old = Self.run(&source)
    let slow = Self.scaled(old, by: 1.3)
    #expect(LatencyComparison(old: old, new: Self.scaled(old, by: 0.8)).outcome == .faster)
    #expect(LatencyComparison(old: old, new: Self.scaled(old, by: 1.02)).outcome == .same)
    #expect(LatencyComparison(old: old, new: slow).outcome == .slower)
    #expect(LatencyComparison(old: old, new: slow, drift: 1.3).outcome == .same)
    #expect(LatencyComparison(old: old, new: slow, minimumEffect: 0.5).outcome == .same)
    #expect(LatencyComparison.median([4, 1, 3, 2]) == 2 && LatencyComparison.median([9, 1, 5]) == 5)
  }

  @Test(
    "so many rounds are needed that their ranks can be improbable enough, more where more is compared: fewRounds"
  )
  func fewRounds() {
    #expect(
      LatencyComparison.leastRounds(rows: 1) == 6 && LatencyComparison.leastRounds(rows: Self.rows) == 8)
    let apart = { (count: Int, significance: Double) in
      LatencyComparison(
        old: (0..<count).map { [100 + $0] }, new: (0..<count).map { [200 + $0] }, significance: significance
      ).outcome
    }
    #expect(
      apart(6, LatencyComparison.significance) == .slower
        && apart(5, LatencyComparison.significance) == .tooFewSamples)
    #expect(apart(8, Self.share) == .slower && apart(7, Self.share) == .tooFewSamples)
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
