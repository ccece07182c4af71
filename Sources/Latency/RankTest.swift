import Foundation

/// The test of Mann and Whitney ("On a test of whether one of two random variables is stochastically larger than the other", 1947):
/// whether two samples may come from one distribution. It looks at ranks only, so that a few outliers weigh no more than any others.
public enum RankTest {
  /// Of so many values in all every choice of ranks is counted; beyond, the normal approximation is good enough, and errs on the side of
  /// chance.
  static let mostCounted = 24

  /// How probable ranks at least as uneven as these are, were both from one distribution: two-sided, ties included.
  ///
  /// What follows one another in a sample, such as rounds of a run, may resemble one another because something drifts slowly. Where there are
  /// enough values to see that, they count for as many fewer as they repeat each other.
  /// - Returns: 1 where nothing can be said, because one is empty or all samples are equal.
  public static func probability(_ first: [Int], _ second: [Int]) -> Double {
    probability(first, second, persistence: (persistence(of: first) + persistence(of: second)) / 2)
  }

  private static func probability(_ first: [Int], _ second: [Int], persistence: Double) -> Double {
    guard !first.isEmpty, !second.isEmpty else { return 1 }
    let ranks = JointRanks(first, second)
    return first.count + second.count <= mostCounted
      ? ranks.countedProbability : ranks.approximateProbability(persistence: persistence)
  }

  /// How much the values' order repeats itself: the correlation of the rank of each with that of the next one, from -1 to 1.
  static func persistence(of values: [Int]) -> Double {
    let ranks = JointRanks(values, []).ofFirst.map { Double($0) }
    let mean = ranks.reduce(0, +) / Double(max(1, ranks.count))
    let variation = ranks.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    guard variation > 0 else { return 0 }
    return zip(ranks, ranks.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) } / variation
  }

  /// The least that ``probability(_:_:)`` can be of so many values: all of one lie below all of the other, and none repeats another.
  public static func leastProbability(_ first: Int, _ second: Int) -> Double {
    probability(Array(0..<first), Array(first..<(first + second)), persistence: 0)
  }
}

/// The ranks of two samples' values among all of both, each doubled: equal values share theirs, which may end in a half.
struct JointRanks {
  /// Those of the first sample, in its order.
  let ofFirst: [Int]
  private let all: [Int]
  private var countOfFirst: Int { ofFirst.count }
  private var sumOfFirst: Int { ofFirst.reduce(0, +) }
  /// The sum of t³ − t over the groups of t equal values.
  private let ties: Double

  init(_ first: [Int], _ second: [Int]) {
    let sorted = (first + second).sorted()
    var (all, ranks, ties) = ([Int](), [Int: Int](), 0.0)
    while all.count < sorted.count {
      let value = sorted[all.count]
      let count = sorted[all.count...].prefix { $0 == value }.count
      // Ranks count from 1.
      ranks[value] = 2 * all.count + 1 + count
      all += Array(repeating: 2 * all.count + 1 + count, count: count)
      ties += pow(Double(count), 3) - Double(count)
    }
    (self.all, self.ties) = (all, ties)
    ofFirst = first.map { ranks[$0] ?? 0 }
  }

  /// By counting how many of all choices of ranks are at least as far from the middle.
  var countedProbability: Double {
    let total = all.reduce(0, +)
    let middle = countOfFirst * total
    let distance = abs(sumOfFirst * all.count - middle)
    let choices = choicesBySum(total)
    let far = choices.indices.filter { abs($0 * all.count - middle) >= distance }
    return far.reduce(0) { $0 + choices[$1] } / choices.reduce(0, +)
  }

  /// In how many ways as many ranks as the first sample has can be chosen, by their sum.
  private func choicesBySum(_ total: Int) -> [Double] {
    // A row for each number of ranks chosen so far.
    let width = total + 1
    var ways = [Double](repeating: 0, count: (countOfFirst + 1) * width)
    ways[0] = 1
    ways.withUnsafeMutableBufferPointer { ways in
      for rank in all {
        // Downwards, so that no rank is chosen twice.
        for chosen in stride(from: countOfFirst, to: 0, by: -1) {
          for sum in stride(from: total, through: rank, by: -1) {
            ways[chosen * width + sum] += ways[(chosen - 1) * width + sum - rank]
          }
        }
      }
    }
    return Array(ways[(countOfFirst * width)...])
  }

  /// By the normal approximation with corrections for ties and continuity, which wants some ten values of each.
  /// - Parameter persistence: how much each value repeats the one before; it widens what chance does as it does the mean of such a series.
  func approximateProbability(persistence: Double = 0) -> Double {
    let first = Double(countOfFirst)
    let second = Double(all.count - countOfFirst)
    let total = first + second
    let statistic = Double(sumOfFirst) / 2 - first * (first + 1) / 2
    let repeated = min(max(0, persistence), Self.mostPersistent)
    let variance =
      first * second / 12 * (total + 1 - ties / max(1, total * (total - 1))) * (1 + repeated) / (1 - repeated)
    guard variance > 0 else { return 1 }
    let distance = max(0, abs(statistic - first * second / 2) - 0.5) / variance.squareRoot()
    return erfc(distance / 2.0.squareRoot())
  }

  private static let mostPersistent = 0.9
}
