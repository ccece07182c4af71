import WebSocketProtocol

/// Equations drawn at random, solved: as many as have independent unknowns. Which they are does not depend on the words.
struct YasmarangGuess {
  /// Each finds the numbers in one of some twenty cases.
  static let all: [YasmarangGuess] = {
    var generator = SplitMix64(seed: 0)
    return (0..<200).map { _ in YasmarangGuess(using: &generator) }
  }()

  /// The equations, one bit for each.
  private let pivots: [UInt64]
  /// What each does where it is wrong: of the sums drawn it changes its own alone.
  private let rows: [YasmarangRow]
  /// Their sums, close together.
  private let sums: [UInt64]

  private init(using generator: inout SplitMix64) {
    var rows = YasmarangBasis.shared.effects
    var pivots: [UInt64] = []
    for equation in (0..<UInt64(YasmarangSearch.needed - 1)).shuffled(using: &generator) {
      let bit = UInt64(1) << equation
      guard let pivot = rows[pivots.count...].firstIndex(where: { $0.sum & bit != 0 }) else { continue }
      rows.swapAt(pivots.count, pivot)
      for row in rows.indices where row != pivots.count && rows[row].sum & bit != 0 {
        rows[row].add(rows[pivots.count])
      }
      pivots.append(bit)
      if pivots.count == rows.count { break }
    }
    (self.pivots, self.rows, sums) = (pivots, rows, rows.map(\.sum))
  }

  /// Whether all but two at the most of these equations are right in some row that has few wrong ones and passes the test.
  ///
  /// This is the inner loop of the search, run some 160 000 times for random words, in debug builds too: it only counts bits.
  func contains(_ constants: YasmarangRow, mostWrong: Int, where test: (YasmarangRow) -> Bool) -> Bool {
    var right = constants
    for place in pivots.indices where right.sum & pivots[place] != 0 { right.add(rows[place]) }
    if right.sum.nonzeroBitCount <= mostWrong, test(right) { return true }
    return sums.withUnsafeBufferPointer { sums in
      var first = 0
      while first < sums.count {
        let once = right.sum ^ sums[first]
        if once.nonzeroBitCount <= mostWrong, test(right.adding(rows[first])) { return true }
        var second = 0
        while second < first {
          if (once ^ sums[second]).nonzeroBitCount <= mostWrong,
            test(right.adding(rows[first]).adding(rows[second]))
          {
            return true
          }
          second &+= 1
        }
        first &+= 1
      }
      return false
    }
  }
}
