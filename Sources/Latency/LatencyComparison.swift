/// One series of a run beside the same series of an earlier run.
///
/// A difference is one where both hold: ranks say that it is hardly chance (``RankTest``), and the medians differ by a minimum. What is
/// ranked are the medians of rounds: the samples of a round share what the computer or the radio did just then, and are no
/// independent witnesses. With many rounds the ranks alone find what nobody would feel; with noise from run to run, which no test
/// within a run can see, the minimum alone fails builds for nothing.
public struct LatencyComparison: Sendable, Hashable, Codable {
  /// What came of it.
  public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
    /// The new run is slower: a regression.
    case slower
    /// The new run is faster.
    case faster
    /// No difference is shown.
    case same
    /// There are too few rounds to tell.
    case tooFewSamples
    /// The computer that both share has changed, and what became of the client depends on how that is counted.
    case computerChanged
  }

  /// What came of it.
  public var outcome: Outcome
  /// How many samples the old run has.
  public var oldCount: Int
  /// How many the new one has.
  public var newCount: Int
  /// In how many rounds the old run has them.
  public var oldRounds: Int
  /// In how many the new one has them.
  public var newRounds: Int
  /// The median of the old run.
  public var oldMedian: Int
  /// The median of the new run.
  public var newMedian: Int
  /// New median ÷ old median, after the drift was taken out.
  public var ratio: Double
  /// How probable such ranks of the rounds are by chance.
  public var probability: Double
  /// By what the new samples were divided, because the computer itself had become so much slower (or faster); 1 where by nothing.
  public var drift: Double

  /// How large a difference of the medians must be, as a part of the old one, unless the user says otherwise.
  public static let minimumEffect = 0.05
  /// How probable it may be at the most that a run without a change has a difference somewhere. Its rows share that between them
  /// (Bonferroni): who looks at many finds something in one of them by chance.
  public static let significance = 0.005

  /// How probable the ranks of the reference may be at the most, for a change of it to explain one of the client's: nobody is blamed for
  /// what the computer may well have done.
  private static let likely = 0.05

  /// So many rounds of each run are needed where so many rows are compared: of fewer, no ranks are improbable enough.
  public static func leastRounds(rows: Int) -> Int {
    (1...).first { RankTest.leastProbability($0, $0) < significance / Double(max(1, rows)) } ?? .max
  }

  /// Compares.
  /// - Parameters:
  ///   - old: the samples of each round.
  ///   - new: the same of the new run.
  ///   - minimumEffect: how large a difference of the medians must be, as a part of the old one.
  ///   - significance: how probable ranks may be at the most, were there no difference.
  ///   - drift: how much slower the rig itself had become, where the board shares its computer.
  public init(
    old: [[Int]], new: [[Int]], minimumEffect: Double = minimumEffect,
    significance: Double = significance, drift: Double = 1
  ) {
    let old = old.filter { !$0.isEmpty }
    let new = new.filter { !$0.isEmpty }
    let level = new.map { $0.map { Int((Double($0) / drift).rounded()) } }
    (oldCount, newCount) = (old.reduce(0) { $0 + $1.count }, new.reduce(0) { $0 + $1.count })
    (oldRounds, newRounds) = (old.count, new.count)
    self.drift = drift
    oldMedian = Self.median(old.flatMap(\.self))
    newMedian = Self.median(new.flatMap(\.self))
    ratio = oldMedian > 0 ? Double(Self.median(level.flatMap(\.self))) / Double(oldMedian) : 1
    probability = RankTest.probability(old.map(Self.median), level.map(Self.median))
    outcome = .same
    if RankTest.leastProbability(oldRounds, newRounds) >= significance {
      outcome = .tooFewSamples
    } else if probability < significance {
      outcome = effect(minimumEffect)
    }
  }

  /// What the medians alone say.
  private func effect(_ minimum: Double) -> Outcome {
    ratio >= 1 + minimum ? .slower : ratio <= 1 / (1 + minimum) ? .faster : .same
  }

  /// Compares where the board is this computer: what slows the computer slows the board.
  ///
  /// The reference took turns with the client and says by how much. A change of the reference's that is shown is taken out, and where a client
  /// would be called slower or faster, one that is likely, too; any other is not: dividing by chance would add its noise to the
  /// client's. It may explain a difference, and makes none by itself: a client is slower, or faster, that is so with it and without.
  /// - Parameter reference: the reference's series beside its former one.
  public static func sharing(
    old: [[Int]], new: [[Int]], reference: LatencyComparison, minimumEffect: Double = minimumEffect,
    significance: Double = significance
  ) -> LatencyComparison {
    let plain = LatencyComparison(
      old: old, new: new, minimumEffect: minimumEffect, significance: significance)
    let isShown = [.slower, .faster].contains(reference.outcome)
    let isLikely = reference.probability < likely && reference.effect(minimumEffect) != .same
    guard isShown || (isLikely && [.slower, .faster].contains(plain.outcome)) else { return plain }
    var corrected = LatencyComparison(
      old: old, new: new, minimumEffect: minimumEffect, significance: significance,
      drift: reference.ratio)
    if ![.same, plain.outcome].contains(corrected.outcome) { corrected.outcome = .computerChanged }
    return corrected
  }

  /// The median of samples, 0 where there are none.
  public static func median(_ samples: [Int]) -> Int { middle(samples.sorted()) }

  private static func middle(_ sorted: [Int]) -> Int {
    guard !sorted.isEmpty else { return 0 }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
