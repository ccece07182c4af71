import Foundation

/// The test of Mann and Whitney ("On a test of whether one of two random variables is stochastically larger than the other", 1947):
/// whether two samples may come from one distribution. It looks at ranks only, so that a few outliers weigh no more than any others.
public enum RankTest {
  /// How probable ranks at least as uneven as these are, were both from one distribution: two-sided, by the normal approximation with
  /// corrections for ties and continuity, which wants some 20 samples of each.
  /// - Returns: 1 where nothing can be said, because one is empty or all samples are equal.
  public static func probability(_ first: [Int], _ second: [Int]) -> Double {
    let (sizeOfFirst, sizeOfSecond) = (Double(first.count), Double(second.count))
    guard !first.isEmpty, !second.isEmpty else { return 1 }
    let (rankSum, ties) = ranks(of: first, among: second)
    let total = sizeOfFirst + sizeOfSecond
    let statistic = rankSum - sizeOfFirst * (sizeOfFirst + 1) / 2
    let mean = sizeOfFirst * sizeOfSecond / 2
    let variance =
      sizeOfFirst * sizeOfSecond / 12 * (total + 1 - ties / max(1, total * (total - 1)))
    guard variance > 0 else { return 1 }
    let distance = max(0, abs(statistic - mean) - 0.5) / variance.squareRoot()
    return erfc(distance / 2.0.squareRoot())
  }

  /// The sum of the first samples' ranks among all, equal ones sharing theirs, and the sum of t³ − t over the groups of t equal ones.
  private static func ranks(of first: [Int], among second: [Int]) -> (sum: Double, ties: Double) {
    let left = first.sorted()
    let right = second.sorted()
    var (i, j) = (0, 0)
    var (sum, ties) = (0.0, 0.0)
    while i < left.count || j < right.count {
      let value = j == right.count || (i < left.count && left[i] <= right[j]) ? left[i] : right[j]
      let (startOfLeft, startOfRight) = (i, j)
      while i < left.count, left[i] == value { i += 1 }
      while j < right.count, right[j] == value { j += 1 }
      let equal = Double(i - startOfLeft + j - startOfRight)
      // Ranks count from 1.
      let rank = Double(startOfLeft + startOfRight) + (equal + 1) / 2
      sum += rank * Double(i - startOfLeft)
      ties += equal * equal * equal - equal
    }
    return (sum, ties)
  }
}
