/// Reads DEFLATE (RFC 1951) block by block and word by word: slowly, and by nothing that a peer goes by, which is zlib. It knows how far back
/// each reference goes.
///
/// The bytes may come in pieces of any size. What follows a block with BFINAL set begins at the next byte (RFC 7692 section 7.2.3.4).
struct PlainInflater {
  /// The bytes are no DEFLATE stream, or inflate to more than the judge looks at.
  struct Corruption: Error {}

  private enum State {
    case header
    case stored(left: Int)
    case coded(HuffmanCode, HuffmanCode)
  }

  /// The most bytes that a piece may inflate to.
  private static let limit = 64 << 20
  /// No reference goes further back.
  private static let farthest = 1 << 15

  private var bits = BitReader()
  private var state = State.header
  private var isLastBlock = false
  /// What may be referred to, and what is before it.
  private var history: [UInt8] = []
  private var output: [UInt8] = []
  /// How far back the farthest reference went that there was, in bytes.
  private(set) var reach = 0

  /// Takes a piece; what it inflates to.
  mutating func inflate(_ piece: [UInt8]) throws(Corruption) -> [UInt8] {
    bits.append(piece)
    output = []
    var read = bits.position
    while try step() { read = bits.position }
    bits.position = read
    bits.forget()
    return output
  }

  /// Ends a message as if the four bytes came that its sender took away (RFC 7692 section 7.2.2); false where it ends anywhere but in
  /// front of the length of a stored block.
  mutating func finishMessage() -> Bool {
    guard case .header = state, let header = bits.take(3), header >> 1 == 0, bits.count < 8 else {
      return false
    }
    bits = BitReader()
    return true
  }

  /// Forgets what may be referred to.
  mutating func forget() { history = [] }

  /// Reads one thing more; false where the bits end in it.
  private mutating func step() throws(Corruption) -> Bool {
    switch state {
    case .header: return try readHeader()
    case .stored(let left):
      let bytes = bits.takeBytes(left)
      emit(bytes)
      if bytes.count == left { endBlock() } else { state = .stored(left: left - bytes.count) }
      return !bytes.isEmpty
    case .coded(let literals, let distances): return try readWord(literals, distances)
    }
  }

  private mutating func emit(_ bytes: some Sequence<UInt8>) {
    output += bytes
    history += bytes
    if history.count > 8 * Self.farthest { history.removeFirst(history.count - Self.farthest) }
  }

  private mutating func endBlock() {
    state = .header
    if isLastBlock { bits.align() }
  }

  // MARK: headers (section 3.2.3)

  private mutating func readHeader() throws(Corruption) -> Bool {
    guard let last = bits.take(1), let type = bits.take(2) else { return false }
    isLastBlock = last == 1
    switch type {
    case 0: return try readLength()
    case 1:
      guard let literals = Self.fixedLiterals, let distances = Self.fixedDistances else { throw Corruption() }
      state = .coded(literals, distances)
      return true
    case 2: return try readCodes()
    default: throw Corruption()
    }
  }

  private mutating func readLength() throws(Corruption) -> Bool {
    bits.align()
    guard let length = bits.take(16), let inverted = bits.take(16) else { return false }
    guard length ^ inverted == 0xFFFF else { throw Corruption() }
    state = .stored(left: length)
    if length == 0 { endBlock() }
    return true
  }

  private static let fixedLiterals = HuffmanCode(
    lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }, for: .symbols)
  private static let fixedDistances = HuffmanCode(lengths: Array(repeating: 5, count: 32), for: .symbols)

  /// The codes of the block (section 3.2.7).
  private mutating func readCodes() throws(Corruption) -> Bool {
    guard let literalCount = bits.take(5), let distanceCount = bits.take(5), let lengthCount = bits.take(4)
    else { return false }
    guard literalCount <= 29, distanceCount <= 29 else { throw Corruption() }
    var own = Array(repeating: 0, count: 19)
    for place in Self.order.prefix(lengthCount + 4) {
      guard let length = bits.take(3) else { return false }
      own[place] = length
    }
    guard let code = HuffmanCode(lengths: own, for: .lengths) else { throw Corruption() }
    guard let lengths = try readLengths(literalCount + 257 + distanceCount + 1, code) else { return false }
    guard lengths[256] > 0,
      let literals = HuffmanCode(lengths: lengths.prefix(literalCount + 257), for: .symbols),
      let distances = HuffmanCode(lengths: lengths.dropFirst(literalCount + 257), for: .symbols)
    else { throw Corruption() }
    state = .coded(literals, distances)
    return true
  }

  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  /// So many lengths; nil where the bits end in them.
  private mutating func readLengths(_ count: Int, _ code: HuffmanCode) throws(Corruption) -> [Int]? {
    var lengths: [Int] = []
    while lengths.count < count {
      guard case .symbol(let symbol) = code.read(&bits) else {
        if bits.count == 0 { return nil }
        throw Corruption()
      }
      if symbol < 16 {
        lengths.append(symbol)
        continue
      }
      guard symbol > 16 || !lengths.isEmpty else { throw Corruption() }
      guard let more = bits.take(symbol == 16 ? 2 : symbol == 17 ? 3 : 7) else { return nil }
      let value = symbol == 16 ? lengths[lengths.count - 1] : 0
      lengths += Array(repeating: value, count: more + (symbol == 18 ? 11 : 3))
    }
    guard lengths.count == count else { throw Corruption() }
    return lengths
  }

  // MARK: what stands in a block (section 3.2.5)

  private mutating func readWord(
    _ literals: HuffmanCode, _ distances: HuffmanCode
  ) throws(Corruption) -> Bool {
    switch literals.read(&bits) {
    case .cut: return false
    case .symbol(let symbol) where symbol < 256: emit([UInt8(symbol)])
    case .symbol(256): endBlock()
    case .symbol(let symbol) where symbol <= 285: return try readReference(symbol - 257, distances)
    case .symbol, .unused: throw Corruption()
    }
    guard output.count <= Self.limit else { throw Corruption() }
    return true
  }

  private mutating func readReference(_ place: Int, _ distances: HuffmanCode) throws(Corruption) -> Bool {
    guard let moreLength = bits.take(Self.lengths[place].bits) else { return false }
    let symbol: Int
    switch distances.read(&bits) {
    case .cut: return false
    case .symbol(let found) where found < 30: symbol = found
    case .symbol, .unused: throw Corruption()
    }
    guard let moreDistance = bits.take(Self.distances[symbol].bits) else { return false }
    let distance = Self.distances[symbol].base + moreDistance
    guard distance <= history.count else { throw Corruption() }
    reach = max(reach, distance)
    let length = Self.lengths[place].base + moreLength
    let unit = Array(history.suffix(distance).prefix(length))
    emit((0..<length).lazy.map { unit[$0 % unit.count] })
    guard output.count <= Self.limit else { throw Corruption() }
    return true
  }

  /// What is added to which base, for each length and each distance.
  private static let lengths = Array(ranges(from: 3, plain: 8, each: 4).prefix(28)) + [(258, 0)]
  private static let distances = ranges(from: 1, plain: 4, each: 2)

  /// As many as `plain` stand for themselves, and from then on every `each` of them have one bit more.
  private static func ranges(from first: Int, plain: Int, each: Int) -> [(base: Int, bits: Int)] {
    var base = first
    return (0..<30).map { place in
      let bits = place < plain ? 0 : place / each - plain / each + 1
      defer { base += 1 << bits }
      return (base, bits)
    }
  }
}
