/// Inflates messages bit by bit, as RFC 1951 and RFC 7692 section 7.2.2 describe it: what ``RawInflater``, which is zlib's work, is
/// compared with. It sees what zlib does not tell: how far back a stream reaches.
struct SlowInflater {
  /// A stream that is none, or that ends where no message may.
  private struct Broken: Error {}

  /// The farthest that anything reached back so far, in bytes.
  private(set) var farthest = 0
  /// All that was inflated since the last reset; there is no window that would forget it.
  private var history: [UInt8] = []
  private var payload: [UInt8] = []
  private var bitIndex = 0

  /// Forgets what was inflated.
  mutating func reset() { history = [] }

  /// Inflates a message; nil where it is corrupt.
  mutating func message(_ payload: [UInt8]) -> [UInt8]? {
    let start = history.count
    (self.payload, bitIndex) = (payload, 0)
    do {
      while try block() {}
      return Array(history[start...])
    } catch { return nil }
  }

  /// Inflates a block; false where it is the one of which the message has the header only.
  private mutating func block() throws(Broken) -> Bool {
    let isFinal = try bits(1) == 1
    switch try bits(2) {
    case 0:
      align()
      if bitIndex == payload.count * 8 { return false }
      try stored()
    case 1: try coded(.fixedLengths, .fixedDistances)
    case 2: try dynamic()
    default: throw Broken()
    }
    // Section 7.2.1: after a block with BFINAL come bits up to the next byte, and then another block.
    if isFinal { align() }
    return true
  }

  private mutating func stored() throws(Broken) {
    let count = try bits(16)
    guard try bits(16) == count ^ 0xFFFF else { throw Broken() }
    for _ in 0..<count { history.append(UInt8(try bits(8))) }
  }

  private mutating func dynamic() throws(Broken) {
    let (literals, distances, lengths) = (try bits(5) + 257, try bits(5) + 1, try bits(4) + 4)
    guard literals <= 286, distances <= 30 else { throw Broken() }
    var ofLengths = [Int](repeating: 0, count: 19)
    for place in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].prefix(lengths) {
      ofLengths[place] = try bits(3)
    }
    guard let code = HuffmanCode(ofLengths, mayBeSingle: false) else { throw Broken() }
    var all: [Int] = []
    while all.count < literals + distances {
      switch try symbol(code) {
      case 16:
        guard let last = all.last else { throw Broken() }
        all += [Int](repeating: last, count: 3 + (try bits(2)))
      case 17: all += [Int](repeating: 0, count: 3 + (try bits(3)))
      case 18: all += [Int](repeating: 0, count: 11 + (try bits(7)))
      case let length: all.append(length)
      }
    }
    guard all.count == literals + distances, all[256] > 0,
      let ofLiterals = HuffmanCode(Array(all[..<literals]), mayBeSingle: true),
      let ofDistances = HuffmanCode(Array(all[literals...]), mayBeSingle: true)
    else { throw Broken() }
    try coded(ofLiterals, ofDistances)
  }

  private mutating func coded(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(Broken) {
    while true {
      let literal = try symbol(literals)
      if literal == 256 { return }
      if literal < 256 {
        history.append(UInt8(literal))
        continue
      }
      guard literal < 286 else { throw Broken() }
      let length = try self.length(literal - 257)
      let distance = try self.distance(try symbol(distances))
      guard distance <= history.count else { throw Broken() }
      farthest = max(farthest, distance)
      for _ in 0..<length { history.append(history[history.count - distance]) }
    }
  }

  /// RFC 1951 section 3.2.5, the table of lengths.
  private mutating func length(_ code: Int) throws(Broken) -> Int {
    if code < 8 { return 3 + code }
    if code == 28 { return 258 }
    let extra = code / 4 - 1
    return 3 + (4 + code % 4) << extra + (try bits(extra))
  }

  /// RFC 1951 section 3.2.5, the table of distances.
  private mutating func distance(_ code: Int) throws(Broken) -> Int {
    if code < 4 { return 1 + code }
    guard code < 30 else { throw Broken() }
    let extra = code / 2 - 1
    return 1 + (2 + code % 2) << extra + (try bits(extra))
  }

  private mutating func symbol(_ code: HuffmanCode) throws(Broken) -> Int {
    var (value, first, index) = (0, 0, 0)
    for length in 1...15 {
      value |= try bits(1)
      let count = code.counts[length]
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      (value, first) = (value << 1, (first + count) << 1)
    }
    throw Broken()
  }

  private mutating func bits(_ count: Int) throws(Broken) -> Int {
    guard bitIndex + count <= payload.count * 8 else { throw Broken() }
    var value = 0
    for place in 0..<count {
      value |= Int(payload[bitIndex >> 3] >> UInt8(bitIndex & 7) & 1) << place
      bitIndex += 1
    }
    return value
  }

  private mutating func align() { bitIndex = (bitIndex + 7) & ~7 }
}

/// A canonical Huffman code (RFC 1951 section 3.2.2).
private struct HuffmanCode {
  /// How many symbols have a code of so many bits.
  var counts = [Int](repeating: 0, count: 16)
  /// The symbols in the order of their codes.
  var symbols: [Int]

  static let fixedLengths = HuffmanCode(
    (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }, mayBeSingle: false)!
  static let fixedDistances = HuffmanCode([Int](repeating: 5, count: 32), mayBeSingle: false)!

  /// Makes the code of which each symbol has so many bits; nil where no code has them. Only a code of a single symbol, or of none,
  /// may leave bits without meaning.
  init?(_ lengths: [Int], mayBeSingle: Bool) {
    symbols = lengths.indices.filter { lengths[$0] > 0 }.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    for symbol in symbols { counts[lengths[symbol]] += 1 }
    var free = 1
    for length in 1...15 {
      free = free * 2 - counts[length]
      guard free >= 0 else { return nil }
    }
    let isSingle = symbols.allSatisfy { lengths[$0] == 1 }
    guard free == 0 || mayBeSingle && isSingle else { return nil }
  }
}
