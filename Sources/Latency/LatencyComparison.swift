/// One series of a run beside the same series of an earlier run.
///
/// A difference is one where both hold: ranks say that it is hardly chance (``RankTest``), and the medians differ by a minimum. With
/// thousands of samples the first alone finds what nobody would feel; with noise from run to run, which no test within a run can see,
/// the second alone fails builds for nothing.
public struct LatencyComparison: Sendable, Hashable, Codable {
  /// What came of it.
  public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
    /// The new run is slower: a regression.
    case slower
    /// The new run is faster.
    case faster
    /// No difference is shown.
    case same
    /// There are too few samples to tell.
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
  /// The median of the old run.
  public var oldP50Nanoseconds: Int
  /// The median of the new run.
  public var newP50Nanoseconds: Int
  /// New median ÷ old median, after the drift was taken out.
  public var ratio: Double
  /// How probable such ranks are by chance.
  public var probability: Double
  /// By what the new samples were divided, because the computer itself had become so much slower (or faster); 1 where by nothing.
  public var drift: Double

  /// How large a difference of the medians must be, as a part of the old one, unless the user says otherwise.
  public static let minimumEffect = 0.05
  /// How probable ranks may be at the most, were there no difference.
  public static let significance = 0.001
  /// So many samples of each the rank test needs.
  public static let leastSamples = 30

  /// Compares.
  /// - Parameters:
  ///   - minimumEffect: how large a difference of the medians must be, as a part of the old one.
  ///   - drift: how much slower the rig itself had become, where the board shares its computer.
  public init(
    old: [Int], new: [Int], minimumEffect: Double = minimumEffect, drift: Double = 1
  ) {
    let old = old.sorted()
    let new = new.sorted()
    let level = new.map { Int((Double($0) / drift).rounded()) }
    oldCount = old.count
    newCount = new.count
    self.drift = drift
    oldP50Nanoseconds = Self.middle(old)
    newP50Nanoseconds = Self.middle(new)
    ratio = oldP50Nanoseconds > 0 ? Double(Self.middle(level)) / Double(oldP50Nanoseconds) : 1
    probability = RankTest.probability(old, level)
    guard min(old.count, new.count) >= Self.leastSamples else {
      outcome = .tooFewSamples
      return
    }
    guard probability < Self.significance else {
      outcome = .same
      return
    }
    outcome = ratio >= 1 + minimumEffect ? .slower : ratio <= 1 / (1 + minimumEffect) ? .faster : .same
  }

  /// Compares where the board is this computer: what slows the computer slows the board.
  ///
  /// The reference took turns with the client and says by how much. Only a change of the reference's that is shown is taken out: dividing by
  /// one that is chance would add its noise to the client's. It may explain a difference, and makes none by itself: a client is slower,
  /// or faster, that is so with it and without.
  /// - Parameter reference: the reference's series beside its former one.
  public static func sharing(
    old: [Int], new: [Int], reference: LatencyComparison, minimumEffect: Double = minimumEffect
  ) -> LatencyComparison {
    let plain = LatencyComparison(old: old, new: new, minimumEffect: minimumEffect)
    guard [.slower, .faster].contains(reference.outcome) else { return plain }
    var corrected = LatencyComparison(
      old: old, new: new, minimumEffect: minimumEffect, drift: reference.ratio)
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
