import Foundation

/// Tells words that cannot have been drawn at random from those that can (RFC 6455 sections 5.3 and 10.3).
///
/// It looks at the words and at three sequences of their differences (subtracted as big-endian and as little-endian numbers, and
/// by exclusive or), each of which is uniform and independent too where the words are; a counter or a clock shows in them. In each
/// it counts repetitions, ones of every bit, values of every byte, and how often two bits of a word agree.
///
/// The chance to accuse truly random words is at most the probability asked for: every bound used is a rigorous one (Chernoff's
/// for binomial counts, the elementary symmetric sums' for repetitions), and the tests share the probability. What passes is not
/// shown to be unpredictable: a generator of poor cryptographic but good statistical quality does pass.
struct RandomnessCheck {
  let words: [UInt32]
  /// The highest probability at which random words may be accused.
  let falseAlarmProbability: Double

  /// The repetition of a word itself gets half of the probability, as it is what the RFC speaks of, and has to be found in as few
  /// as two words; these groups share the other half: repetitions in three sequences, bits, bytes and pairs in four.
  private static let groups = 15.0

  /// What cannot be chance, as the rest of a sentence that begins with the words' name; nil where nothing speaks against them.
  var defect: String? {
    guard words.count >= 2 else { return nil }
    let share = falseAlarmProbability / 2
    if let found = repetitions(in: words, limit: share) { return found }
    let part = share / Self.groups
    if let found = imbalance(in: words, limit: part) { return found }
    for (name, sequence) in differences {
      if let found = repetitions(in: sequence, limit: part) ?? imbalance(in: sequence, limit: part) {
        return "follow from one another: \(name) \(found)"
      }
    }
    return nil
  }

  private var differences: [(name: String, words: [UInt32])] {
    let pairs = Array(zip(words, words.dropFirst()))
    return [
      ("their differences", pairs.map { $1 &- $0 }),
      ("their differences as little-endian numbers", pairs.map { $1.byteSwapped &- $0.byteSwapped }),
      ("their exclusive ors", pairs.map { $1 ^ $0 }),
    ]
  }

  // MARK: the tests

  /// The chance of word i to repeat an earlier one is at most (i - 1) / 2^32, whatever came before. So that of r repetitions among
  /// n words is at most λ^r / r! with λ = n (n - 1) / 2^33.
  private func repetitions(in words: [UInt32], limit: Double) -> String? {
    let count = words.count - Set(words).count
    guard count > 0 else { return nil }
    let lambda = Double(words.count) * Double(words.count - 1) / exp2(33)
    let chance = exp(Double(count) * log(lambda) - lgamma(Double(count) + 1))
    guard chance <= limit else { return nil }
    return "repeat: \(count) of \(words.count) were there before"
  }

  private func imbalance(in words: [UInt32], limit: Double) -> String? {
    if let found = byteImbalance(in: words, limit: limit) { return found }
    // Not even words that are all alike would show it.
    guard 2 * exp2(-Double(words.count)) <= limit / 32 else { return nil }
    let columns = BitColumns(words)
    return bitImbalance(in: columns, limit: limit) ?? pairImbalance(in: columns, limit: limit)
  }

  private func byteImbalance(in words: [UInt32], limit: Double) -> String? {
    for position in 0..<4 {
      var counts = [Int](repeating: 0, count: 256)
      for word in words { counts[Int(word >> (24 - 8 * UInt32(position)) & 0xFF)] += 1 }
      guard let most = counts.indices.max(by: { counts[$0] < counts[$1] }) else { continue }
      let chance = 256 * Self.tail(counts[most], of: words.count, probability: 1 / 256)
      guard chance > limit / 4 else {
        return "have a byte \(position + 1) that is \(most) in \(counts[most]) of \(words.count)"
      }
    }
    return nil
  }

  private func bitImbalance(in columns: BitColumns, limit: Double) -> String? {
    for bit in 0..<32 where isUnlikely(columns.ones(bit), of: columns.count, limit: limit / 32) {
      return "have a bit \(bit) that is 1 in \(columns.ones(bit)) of \(columns.count)"
    }
    return nil
  }

  private func pairImbalance(in columns: BitColumns, limit: Double) -> String? {
    for first in 0..<32 {
      for second in (first + 1)..<32 {
        let differing = columns.differing(first, second)
        guard isUnlikely(differing, of: columns.count, limit: limit / 496) else { continue }
        return
          "have bits \(first) and \(second) that agree in \(columns.count - differing) of \(columns.count)"
      }
    }
    return nil
  }

  /// Whether so many or so few out of `count` throws of a coin are less likely than `limit`.
  private func isUnlikely(_ number: Int, of count: Int, limit: Double) -> Bool {
    2 * Self.tail(max(number, count - number), of: count, probability: 0.5) <= limit
  }

  /// Chernoff's bound on the chance of at least `number` successes in `count` independent trials.
  static func tail(_ number: Int, of count: Int, probability: Double) -> Double {
    let share = Double(number) / Double(count)
    guard share > probability else { return 1 }
    let rest = share < 1 ? (1 - share) * log((1 - share) / (1 - probability)) : 0
    return exp(-Double(count) * (share * log(share / probability) + rest))
  }
}

/// Words turned into columns, one for each bit, so that many are counted at a time.
private struct BitColumns {
  let count: Int
  private var columns: [[UInt64]]

  init(_ words: [UInt32]) {
    count = words.count
    columns = Array(repeating: Array(repeating: 0, count: (words.count + 63) / 64), count: 32)
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        columns[rest.trailingZeroBitCount][index / 64] |= 1 << UInt64(index % 64)
        rest &= rest - 1
      }
    }
  }

  func ones(_ bit: Int) -> Int { columns[bit].reduce(0) { $0 + $1.nonzeroBitCount } }

  func differing(_ first: Int, _ second: Int) -> Int {
    zip(columns[first], columns[second]).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
  }
}
