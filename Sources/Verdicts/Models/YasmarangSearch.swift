import WebSocketProtocol

/// Whether words are consecutive numbers of ``Yasmarang``, whatever it was seeded with and however many came before.
///
/// All but one step of the generator is linear over bits, so that the numbers give each state as a linear function of 40 bits that
/// are not known: `d` and `dat` before the first. Of the step that is not linear, bit 0 of the sum says that
/// `pad'[3] ^ dat[0] = pad[0] & ~d[0]`, and three times out of four this is 0, and three times out of four it is `~d[0]`. Either
/// makes an equation for each pair of neighbours, a quarter of them wrong, in which 26 or 27 dimensions of the 40 bits occur. Equations
/// are drawn and taken for right, all but two of them; what follows has to fulfil the product exactly, and then to give all words.
///
/// Nothing is held against words but that the generator gives exactly these: of the 2^2080 sequences of 65 words it has less than
/// 2^73, in either order of the bytes. Of the generator's own, one in 70 is missed.
/// Not found are keys put together from four numbers of 8 bits: of each number only a quarter is seen, and its state is out of reach.
struct YasmarangSearch {
  /// How many words it takes.
  static let needed = 65
  /// Each finds the numbers in one of some 100 cases.
  private static let guesses = 1000

  private let words: [UInt32]
  private let approximation: Approximation

  /// Whether the first or the last ``needed`` words are the generator's, as numbers of either order of bytes.
  static func finds(in words: [UInt32]) -> Bool {
    guard words.count >= needed else { return false }
    let windows =
      words.count == needed ? [words] : [Array(words.prefix(needed)), Array(words.suffix(needed))]
    return (windows + windows.map { $0.map(\.byteSwapped) }).contains { window in
      Approximation.both.contains { YasmarangSearch(words: window, approximation: $0).isFound }
    }
  }

  private var isFound: Bool {
    let constants = Row(words, unknown: 0, constant: 1, swaps: approximation.swaps)
    var generator = SplitMix64(seed: 0)
    return (0..<Self.guesses).contains { _ in
      guess(constants, using: &generator).contains(where: completes)
    }
  }

  // MARK: the linear part

  /// `d` in 32 bits and `dat` in 8, before the first word.
  private struct Unknown {
    let bits: UInt64
    var state: Yasmarang.State {
      Yasmarang.State(pad: 0, d: UInt32(truncatingIfNeeded: bits), dat: UInt8(truncatingIfNeeded: bits >> 32))
    }
  }

  /// The states that the words have left behind, were all equations linear and the unknown bits these.
  private static func states(_ words: [UInt32], _ unknown: Unknown, constant: UInt8) -> [Yasmarang.State] {
    var state = unknown.state
    return words.map { word in
      let rest = word ^ Yasmarang.output(pad: 0, after: state, constant: constant).word
      state = Yasmarang.output(pad: Linear.pad(of: rest), after: state, constant: constant).state
      return state
    }
  }

  /// What the states say in each pair of neighbours, one bit for a pair, and the unknown bits that it comes from.
  private struct Row {
    /// Bit 3 of the new `pad`, and bit 0 of the old `dat`.
    var sum: UInt64 = 0
    /// What the sum is to be the product of: the first, and the complement of the second. Bit 0 of the old `pad` and of the old `d`.
    var factors: (UInt64, UInt64) = (0, 0)
    var unknown: UInt64 = 0

    /// - Parameter swaps: asks for `~d & ~pad` in place of `pad & ~d`: the former is 0 where the latter is `~d`.
    init(_ words: [UInt32], unknown: UInt64, constant: UInt8, swaps: Bool) {
      self.unknown = unknown
      let states = YasmarangSearch.states(words, Unknown(bits: unknown), constant: constant)
      for (place, (old, new)) in zip(states, states.dropFirst()).enumerated() {
        sum |= UInt64((new.pad >> 3 ^ UInt32(old.dat)) & 1) << UInt64(place)
        factors.0 |= UInt64(old.pad & 1) << UInt64(place)
        factors.1 |= UInt64(old.d & 1) << UInt64(place)
      }
      guard swaps else { return }
      let complement = constant == 1 ? ~factors.1 : factors.1
      sum ^= complement
      factors = (complement, factors.0)
    }

    mutating func add(_ other: Row) {
      sum ^= other.sum
      factors.0 ^= other.factors.0
      factors.1 ^= other.factors.1
      unknown ^= other.unknown
    }

    func adding(_ other: Row) -> Row {
      var row = self
      row.add(other)
      return row
    }

    /// Whether the sum is the product that it has to be.
    var isExact: Bool { sum == factors.0 & ~factors.1 }
  }

  /// What depends on no word, and is worked out once.
  private enum Linear {
    /// For each bit of a word the `pad` that makes it, where all else is 0.
    private static let columns: [UInt32] = {
      let zero = Yasmarang.State(pad: 0, d: 0, dat: 0)
      var rows = (0..<32).map { bit in
        let pad = UInt32(1) << UInt32(bit)
        return (word: Yasmarang.output(pad: pad, after: zero, constant: 0).word, pad: pad)
      }
      for bit in 0..<32 {
        // The matrix is regular, so that there is one.
        let pivot = rows[bit...].firstIndex { $0.word >> UInt32(bit) & 1 == 1 } ?? bit
        rows.swapAt(bit, pivot)
        for row in rows.indices where row != bit && rows[row].word >> UInt32(bit) & 1 == 1 {
          rows[row].word ^= rows[bit].word
          rows[row].pad ^= rows[bit].pad
        }
      }
      return rows.map(\.pad)
    }()

    static func pad(of word: UInt32) -> UInt32 {
      (0..<32).reduce(0) { pad, bit in word >> UInt32(bit) & 1 == 1 ? pad ^ columns[bit] : pad }
    }
  }

  /// The equations without their constants, which do not depend on the words: worked out once.
  private struct Approximation {
    static let both = [Approximation(swaps: false), Approximation(swaps: true)]

    let swaps: Bool
    /// Unknown bits with independent effects on the sums.
    let effects: [Row]
    /// Those that have none.
    let idle: [Row]
    /// All that the latter make of the factors.
    let hidden: [Row]

    private init(swaps: Bool) {
      let words = [UInt32](repeating: 0, count: needed)
      var effects: [Row] = []
      var idle: [Row] = []
      for bit in 0..<UInt64(40) {
        var row = Row(words, unknown: 1 << bit, constant: 0, swaps: swaps)
        for known in effects where row.sum ^ known.sum < row.sum { row.add(known) }
        if row.sum == 0 { idle.append(row) } else { effects.append(row) }
      }
      self.swaps = swaps
      self.effects = effects
      self.idle = idle
      hidden = idle.reduce(into: [Row(words, unknown: 0, constant: 0, swaps: swaps)]) { all, row in
        guard !all.contains(where: { $0.factors == row.factors }) else { return }
        all += all.map(row.adding)
      }
    }
  }

  // MARK: guessing

  /// The unknown bits that fulfil all equations, where all but two of some drawn at random are right.
  private func guess(_ constants: Row, using generator: inout SplitMix64) -> [UInt64] {
    var rows = approximation.effects
    var guessed = constants
    var solved = 0
    for equation in (0..<UInt64(Self.needed - 1)).shuffled(using: &generator) {
      guard let pivot = rows[solved...].firstIndex(where: { $0.sum >> equation & 1 == 1 }) else { continue }
      rows.swapAt(solved, pivot)
      for row in rows.indices where row != solved && rows[row].sum >> equation & 1 == 1 {
        rows[row].add(rows[solved])
      }
      if guessed.sum >> equation & 1 == 1 { guessed.add(rows[solved]) }
      solved += 1
    }
    let wrong = [guessed] + rows.map(guessed.adding)
    let wrongTwice = rows.indices.flatMap { first in rows[..<first].map(wrong[first + 1].adding) }
    return (wrong + wrongTwice).flatMap { row in
      approximation.hidden.lazy.map(row.adding).filter(\.isExact).map(\.unknown)
    }
  }

  /// The two states behind the first words, as far as the test needs them; each part is linear in the unknown bits.
  private struct Beginning {
    var state: Yasmarang.State
    var next: UInt32

    init(_ words: [UInt32], _ bits: UInt64, constant: UInt8) {
      let states = YasmarangSearch.states(Array(words.prefix(2)), Unknown(bits: bits), constant: constant)
      (state, next) = (states[0], states[1].pad)
    }

    mutating func add(_ other: Beginning) {
      state.pad ^= other.state.pad
      state.d ^= other.state.d
      state.dat ^= other.state.dat
      next ^= other.next
    }
  }

  /// Whether the generator gives all words, with these unknown bits and some choice of those that no equation knows.
  private func completes(_ bits: UInt64) -> Bool {
    var beginning = Beginning(words, bits, constant: 1)
    let steps = approximation.idle.map { Beginning([0, 0], $0.unknown, constant: 0) }
    // In the order of Gray's code one bit changes at a time.
    for count in 1...(1 << steps.count) {
      if Yasmarang.pad(after: beginning.state, n: beginning.state.pad | 2) == beginning.next {
        var generator = Yasmarang(after: beginning.state)
        if words.dropFirst().allSatisfy({ $0 == generator.next() }) { return true }
      }
      if count < 1 << steps.count { beginning.add(steps[count.trailingZeroBitCount]) }
    }
    return false
  }
}
