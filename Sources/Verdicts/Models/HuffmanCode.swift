/// A code of RFC 1951 section 3.2.2, given by the length of each symbol's word.
struct HuffmanCode {
  /// Which codes may leave words without a symbol.
  enum Use { case lengths, symbols }

  /// How many words there are of each length, from 0 to the longest.
  private let counts: [Int]
  /// The symbols in the order of their words.
  private let symbols: [Int]

  /// Nil where the lengths make no code: there are more words than fit, or fewer. One word alone, of one bit, and none at all will do
  /// for literals and distances.
  init?(lengths: some Sequence<Int>, for use: Use) {
    let lengths = Array(lengths)
    var counts = Array(repeating: 0, count: 16)
    for length in lengths { counts[length] += 1 }
    counts[0] = 0
    var free = 1
    for count in counts.dropFirst() {
      free = free * 2 - count
      guard free >= 0 else { return nil }
    }
    let longest = counts.lastIndex { $0 > 0 } ?? 0
    guard free == 0 || longest == 0 || use == .symbols && longest == 1 else { return nil }
    self.counts = Array(counts[...longest])
    symbols = lengths.indices.filter { lengths[$0] > 0 }.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
  }

  /// What was read.
  enum Word {
    case symbol(Int)
    /// No symbol has it.
    case unused
    /// The bits end within it.
    case cut
  }

  /// Reads a word.
  func read(_ bits: inout BitReader) -> Word {
    var (code, first, index) = (0, 0, 0)
    for count in counts.dropFirst() {
      guard let bit = bits.take(1) else { return .cut }
      code |= bit
      if code - first < count { return .symbol(symbols[index + code - first]) }
      index += count
      (code, first) = (code << 1, (first + count) << 1)
    }
    return .unused
  }
}

/// Bits in the order of RFC 1951 section 3.1.1: from the lowest of each byte to the highest.
struct BitReader {
  private var bytes: [UInt8] = []
  /// How many bits were read. Who could not finish puts it back.
  var position = 0

  /// How many bits are left.
  var count: Int { bytes.count * 8 - position }

  mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

  /// Forgets what was read.
  mutating func forget() {
    bytes.removeFirst(position / 8)
    position %= 8
  }

  /// The next bits as a number; nil, and nothing read, where there are not so many.
  mutating func take(_ width: Int) -> Int? {
    guard width <= count else { return nil }
    var value = 0
    for place in 0..<width {
      value |= Int(bytes[position / 8] >> (position % 8) & 1) << place
      position += 1
    }
    return value
  }

  /// Goes on at the next byte.
  mutating func align() { position = (position + 7) / 8 * 8 }

  /// The next bytes, at most so many, of a reader that is aligned.
  mutating func takeBytes(_ most: Int) -> ArraySlice<UInt8> {
    let start = position / 8
    let taken = bytes[start..<min(bytes.count, start + most)]
    position += taken.count * 8
    return taken
  }
}
