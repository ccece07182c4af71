import Foundation

/// The test of Mann and Whitney ("On a test of whether one of two random variables is stochastically larger than the other", 1947):
/// whether two samples may come from one distribution. It looks at ranks only, so that a few outliers weigh no more than any others.
public enum RankTest {
  /// Of so many values in all every choice of ranks is counted; beyond, the normal approximation is good enough, and errs on the side of
  /// chance.
  static let mostCounted = 24

  /// How probable ranks at least as uneven as these are, were both from one distribution: two-sided, ties included.
  /// - Returns: 1 where nothing can be said, because one is empty or all samples are equal.
  public static func probability(_ first: [Int], _ second: [Int]) -> Double {
    guard !first.isEmpty, !second.isEmpty else { return 1 }
    let ranks = JointRanks(first, second)
    return first.count + second.count <= mostCounted
      ? ranks.countedProbability : ranks.approximateProbability
  }

  /// The least that ``probability(_:_:)`` can be of so many values: all of one lie below all of the other.
  public static func leastProbability(_ first: Int, _ second: Int) -> Double {
    probability(Array(0..<first), Array(first..<(first + second)))
  }
}

/// The ranks of two samples' values among all of both, each doubled: equal values share theirs, which may end in a half.
struct JointRanks {
  private let all: [Int]
  private let countOfFirst: Int
  private let sumOfFirst: Int
  /// The sum of t³ − t over the groups of t equal values.
  private let ties: Double

  init(_ first: [Int], _ second: [Int]) {
    let sorted = (first.map { (value: $0, isFirst: true) } + second.map { (value: $0, isFirst: false) })
      .sorted { $0.value < $1.value }
    var (all, sum, ties) = ([Int](), 0, 0.0)
    while all.count < sorted.count {
      let start = all.count
      let group = sorted[start...].prefix { $0.value == sorted[start].value }
      // Ranks count from 1.
      let doubled = start + 1 + group.endIndex
      all += group.map { _ in doubled }
      sum += doubled * group.count(where: \.isFirst)
      ties += pow(Double(group.count), 3) - Double(group.count)
    }
    (self.all, sumOfFirst, self.ties, countOfFirst) = (all, sum, ties, first.count)
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
  var approximateProbability: Double {
    let first = Double(countOfFirst)
    let second = Double(all.count - countOfFirst)
    let total = first + second
    let statistic = Double(sumOfFirst) / 2 - first * (first + 1) / 2
    let variance = first * second / 12 * (total + 1 - ties / max(1, total * (total - 1)))
    guard variance > 0 else { return 1 }
    let distance = max(0, abs(statistic - first * second / 2) - 0.5) / variance.squareRoot()
    return erfc(distance / 2.0.squareRoot())
  }
}
