/// What the states of ``Yasmarang`` say in each pair of neighbours, one bit for a pair, and the unknown bits that it comes from.
///
/// All of it is linear in the unknown bits: rows can be added.
struct YasmarangRow {
  /// Bit 3 of the new `pad`, bit 0 of the old `dat`, `pad` and `d`, added up.
  private(set) var sum: UInt64 = 0
  /// Bit 0 of the old `pad`.
  private(set) var pad: UInt64 = 0
  /// Bit 0 of the old `d`.
  private(set) var d: UInt64 = 0
  /// `d` in 32 bits and `dat` in 8, before the first word.
  private(set) var unknown: UInt64

  /// - Parameter constant: 1, or 0 for the difference that the unknown bits make.
  init(_ words: [UInt32], unknown: UInt64, constant: UInt8) {
    self.unknown = unknown
    let states = Self.states(words, unknown: unknown, constant: constant)
    for (place, (old, new)) in zip(states, states.dropFirst()).enumerated() {
      sum |= UInt64((new.pad >> 3 ^ UInt32(old.dat) ^ old.pad ^ old.d) & 1) << UInt64(place)
      pad |= UInt64(old.pad & 1) << UInt64(place)
      d |= UInt64(old.d & 1) << UInt64(place)
    }
  }

  mutating func add(_ other: YasmarangRow) {
    sum ^= other.sum
    pad ^= other.pad
    d ^= other.d
    unknown ^= other.unknown
  }

  func adding(_ other: YasmarangRow) -> YasmarangRow {
    var row = self
    row.add(other)
    return row
  }

  /// Whether the sum is the product that it has to be.
  var isExact: Bool { sum == ~pad & d }

  /// The states that the words have left behind, were all equations linear and the unknown bits these.
  static func states(_ words: [UInt32], unknown: UInt64, constant: UInt8) -> [Yasmarang.State] {
    var state = Yasmarang.State(
      pad: 0, d: UInt32(truncatingIfNeeded: unknown), dat: UInt8(truncatingIfNeeded: unknown >> 32))
    return words.map { word in
      let rest = word ^ Yasmarang.output(pad: 0, after: state, constant: constant).word
      state = Yasmarang.output(pad: pad(of: rest), after: state, constant: constant).state
      return state
    }
  }

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

  private static func pad(of word: UInt32) -> UInt32 {
    var rest = word
    var pad: UInt32 = 0
    while rest != 0 {
      pad ^= columns[rest.trailingZeroBitCount]
      rest &= rest &- 1
    }
    return pad
  }
}

/// The unknown bits by what the equations know of them, which does not depend on the words: worked out once.
struct YasmarangBasis {
  static let shared = YasmarangBasis()

  /// Those with independent effects on the sums.
  let effects: [YasmarangRow]
  /// All that those make of `d` that have no effect on the sums.
  let hiddenD: [YasmarangRow]
  /// All that those make of `pad` that have none on `d` either.
  let hiddenPad: [YasmarangRow]
  /// Those that have none at all.
  let idle: [UInt64]

  private init() {
    let words = [UInt32](repeating: 0, count: YasmarangSearch.needed)
    let zero = YasmarangRow(words, unknown: 0, constant: 0)
    let rows = (0..<40 as Range<UInt64>).map { YasmarangRow(words, unknown: 1 << $0, constant: 0) }
    let bySum = Self.parted(rows, by: \.sum)
    let byD = Self.parted(bySum.without, by: \.d)
    let byPad = Self.parted(byD.without, by: \.pad)
    effects = bySum.with
    hiddenD = byD.with.reduce([zero]) { all, row in all + all.map(row.adding) }
    hiddenPad = byPad.with.reduce([zero]) { all, row in all + all.map(row.adding) }
    idle = byPad.without.map(\.unknown)
  }

  /// As many rows as are independent in a part, and the others, with so many of the former added that they have nothing there.
  private static func parted(
    _ rows: [YasmarangRow], by part: KeyPath<YasmarangRow, UInt64>
  ) -> (with: [YasmarangRow], without: [YasmarangRow]) {
    rows.reduce(into: ([], [])) { parted, row in
      var row = row
      for known in parted.with where row[keyPath: part] ^ known[keyPath: part] < row[keyPath: part] {
        row.add(known)
      }
      if row[keyPath: part] == 0 { parted.without.append(row) } else { parted.with.append(row) }
    }
  }
}
