import WebSocketProtocol

/// Whether words are consecutive numbers of ``Yasmarang``, whatever it was seeded with and however many came before.
///
/// All but one step of the generator is linear over bits, so that the numbers give each state as a linear function of 40 bits that
/// are not known: `d` and `dat` before the first. Of the step that is not linear, bit 0 of the sum says that
/// `pad'[3] ^ dat[0] = pad[0] & ~d[0]`, which is the same as `pad'[3] ^ dat[0] ^ pad[0] ^ d[0] = ~pad[0] & d[0]`: three times out of
/// four this is 0. That makes an equation for each pair of neighbours, a quarter of them wrong, in which only 19 dimensions of the
/// 40 bits occur. Equations are drawn and taken for right, all but two of them (``YasmarangGuess``). What follows is looked at further
/// where few of all equations are wrong: those that are wrong say `pad[0] = 0` and `d[0] = 1`, which leaves nothing open
/// and nearly always contradicts. In the end the generator has to give all words.
///
/// Nothing is held against words but that the generator gives exactly these: of the 2^2080 sequences of 65 words it has less than
/// 2^73, in either order of the bytes.
/// Not found are keys put together from four numbers of 8 bits: of each number only a quarter is seen, and its state is out of reach.
struct YasmarangSearch {
  /// How many words it takes.
  static let needed = 65
  /// So many of the equations may be wrong at the most: some 16 are, of 64 by chance 32.
  private static let mostWrong = 24

  private let words: [UInt32]

  /// In so many places of a longer sequence it is looked for: of one window in 34 the search knows nothing, of one in 6000 sequences
  /// of 131 words.
  private static let mostWindows = 8

  /// Whether ``needed`` words in a row, somewhere from the first to the last, are the generator's, as numbers of either order of bytes.
  static func finds(in words: [UInt32]) -> Bool {
    guard words.count >= needed else { return false }
    let spare = words.count - needed
    let gaps = min(spare, mostWindows - 1)
    return (0...gaps).contains { number in
      let begin = gaps == 0 ? 0 : spare * number / gaps
      let window = Array(words[begin..<begin + needed])
      return [window, window.map(\.byteSwapped)].contains { YasmarangSearch(words: $0).isFound }
    }
  }

  private var isFound: Bool {
    let constants = YasmarangRow(words, unknown: 0, constant: 1)
    return YasmarangGuess.all.contains { guess in
      guess.contains(constants, mostWrong: Self.mostWrong) { row in
        solution(row).map { completes($0.unknown) } ?? false
      }
    }
  }

  /// The row with the bits that no sum knows: nil where the equations that are wrong contradict each other, as nearly always.
  private func solution(_ row: YasmarangRow) -> YasmarangRow? {
    let basis = YasmarangBasis.shared
    let wrong = row.sum
    let solves = basis.hiddenD.withUnsafeBufferPointer { choices in
      var place = 0
      while place < choices.count {
        if (row.d ^ choices[place].d) & wrong == wrong { return true }
        place &+= 1
      }
      return false
    }
    guard solves else { return nil }
    return basis.hiddenD.lazy.flatMap { choice in basis.hiddenPad.lazy.map { $0.adding(choice).adding(row) } }
      .first(where: \.isExact)
  }

  /// The two states behind the first words, as far as the test needs them; each part is linear in the unknown bits.
  private struct Beginning {
    var state: Yasmarang.State
    var next: UInt32

    init(_ words: [UInt32], _ bits: UInt64, constant: UInt8) {
      let states = YasmarangRow.states(Array(words.prefix(2)), unknown: bits, constant: constant)
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
    let steps = YasmarangBasis.shared.idle.map { Beginning([0, 0], $0, constant: 0) }
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
