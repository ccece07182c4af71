/// Puts two sequences side by side so that as many equal elements as possible stand in the same row.
enum Alignment {
  /// One row.
  struct Pair<Element> {
    var left: Element?
    var right: Element?
    var isEqual: Bool
  }

  /// The most cells of the table of common subsequences; beyond it elements are put side by side as they come.
  static let cellLimit = 250_000

  static func align<Element>(
    _ left: [Element], _ right: [Element], equal: (Element, Element) -> Bool
  ) -> [Pair<Element>] {
    var start = 0
    while start < left.count, start < right.count, equal(left[start], right[start]) { start += 1 }
    var leftEnd = left.count
    var rightEnd = right.count
    while leftEnd > start, rightEnd > start, equal(left[leftEnd - 1], right[rightEnd - 1]) {
      leftEnd -= 1
      rightEnd -= 1
    }
    var pairs = (0..<start).map { Pair(left: left[$0], right: right[$0], isEqual: true) }
    let matches = commonSubsequence(left[start..<leftEnd], right[start..<rightEnd], equal: equal)
    var (leftIndex, rightIndex) = (start, start)
    for (leftMatch, rightMatch) in matches + [(leftEnd, rightEnd)] {
      pairs += beside(left[leftIndex..<leftMatch], right[rightIndex..<rightMatch])
      if leftMatch < leftEnd {
        pairs.append(Pair(left: left[leftMatch], right: right[rightMatch], isEqual: true))
      }
      (leftIndex, rightIndex) = (leftMatch + 1, rightMatch + 1)
    }
    pairs += zip(left[leftEnd...], right[rightEnd...]).map { Pair(left: $0, right: $1, isEqual: true) }
    return pairs
  }

  /// Elements between two matches: the first beside the first, and so on.
  private static func beside<Element>(_ left: ArraySlice<Element>, _ right: ArraySlice<Element>) -> [Pair<
    Element
  >] {
    let (left, right) = (Array(left), Array(right))
    return (0..<max(left.count, right.count)).map { index in
      Pair(
        left: index < left.count ? left[index] : nil, right: index < right.count ? right[index] : nil,
        isEqual: false)
    }
  }

  /// The indices of a longest common subsequence.
  private static func commonSubsequence<Element>(
    _ left: ArraySlice<Element>, _ right: ArraySlice<Element>, equal: (Element, Element) -> Bool
  ) -> [(Int, Int)] {
    guard !left.isEmpty, !right.isEmpty, left.count <= cellLimit / right.count else { return [] }
    let width = right.count + 1
    var lengths = [Int32](repeating: 0, count: (left.count + 1) * width)
    for row in stride(from: left.count - 1, through: 0, by: -1) {
      for column in stride(from: right.count - 1, through: 0, by: -1) {
        let isEqual = equal(left[left.startIndex + row], right[right.startIndex + column])
        lengths[row * width + column] =
          isEqual
          ? lengths[(row + 1) * width + column + 1] + 1
          : max(lengths[(row + 1) * width + column], lengths[row * width + column + 1])
      }
    }
    var matches: [(Int, Int)] = []
    var (row, column) = (0, 0)
    while row < left.count, column < right.count {
      if equal(left[left.startIndex + row], right[right.startIndex + column]) {
        matches.append((left.startIndex + row, right.startIndex + column))
        (row, column) = (row + 1, column + 1)
      } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
        row += 1
      } else {
        column += 1
      }
    }
    return matches
  }
}
