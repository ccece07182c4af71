/// The fast part of UTF-8 validation: whole blocks, judged without table lookups, which Swift's vectors do not have.
///
/// Every question about a byte is put so that its answer is the byte's top bit: a subtraction that stops at zero becomes
/// one instruction, whereas comparisons that give masks were measured a thousand times slower. Finds only that a block
/// is bad; which byte it is, the caller finds byte by byte.
enum UTF8Scan {
  private typealias Vector = SIMD16<UInt8>
  /// The bytes a block takes: two vectors.
  static let blockLength = 32

  /// The index of the first byte at or after `start` that is not ASCII, or `end`.
  static func skipASCII(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
    var index = start
    while index &+ 64 <= end {
      let wide = (base + index).loadUnaligned(as: SIMD8<UInt64>.self)
      let quarter = wide.lowHalf | wide.highHalf
      let pair = quarter.lowHalf | quarter.highHalf
      guard (pair[0] | pair[1]) & highBits == 0 else { break }
      index &+= 64
    }
    while index &+ 8 <= end {
      let bits = (base + index).loadUnaligned(as: UInt64.self) & highBits
      // The lowest set bit lies in the first such byte in memory.
      guard bits == 0 else { return index &+ UInt64(littleEndian: bits).trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < end, (base + index).load(as: UInt8.self) < 0x80 { index &+= 1 }
    return index
  }

  private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

  /// Judges whole blocks from `start`, which must lie at least three bytes after the beginning of the text, all of which
  /// is valid up to `start` (a character may be in progress there).
  ///
  /// - Returns: Where the first block begins that is bad, incomplete, or follows a block of ASCII only. All before it is
  ///   valid; a character may be in progress.
  static func skipBlocks(_ base: UnsafeRawPointer, from start: Int, to end: Int) -> Int {
    var index = start
    while index &+ blockLength <= end {
      let low = judge(base + index)
      let high = judge(base + index + 16)
      if topBits(low.misplaced | high.misplaced | low.special | high.special) {
        if topBits(low.misplaced | high.misplaced)
          || topBits(refused(base + index) | refused(base + index + 16))
        {
          return index
        }
      }
      index &+= blockLength
      if !topBits(low.bytes | high.bytes) { return index }
    }
    return index
  }

  // `@inline(__always)` left the judging as a call in the package's build, which cost a third of the speed.

  /// Top bits: where a continuation byte is missing or misplaced, and where the byte before restricts what may follow.
  @inline(always)
  private static func judge(_ place: UnsafeRawPointer) -> (bytes: Vector, misplaced: Vector, special: Vector)
  {
    let current = place.loadUnaligned(as: Vector.self)
    let previous = (place - 1).loadUnaligned(as: Vector.self)
    let second = (place - 2).loadUnaligned(as: Vector.self)
    let third = (place - 3).loadUnaligned(as: Vector.self)
    let isExpected = atLeast(previous, 0xC0) | atLeast(second, 0xE0) | atLeast(third, 0xF0)
    let isContinuation = current & ~(current &+ current)
    // C0, C1, E0 (and E1), ED, F0 and above.
    let isSpecial =
      isZero((previous & 0xDE) ^ 0xC0) | isZero(previous ^ 0xED) | atLeast(previous, 0xF0)
    return (current, isExpected ^ isContinuation, isSpecial)
  }

  /// Top bits: where the byte before does not allow this one (RFC 3629 section 4). Rare, hence a call.
  @inline(never)
  private static func refused(_ place: UnsafeRawPointer) -> Vector {
    let current = place.loadUnaligned(as: Vector.self)
    let previous = (place - 1).loadUnaligned(as: Vector.self)
    let isNeverSent = isZero((previous & 0xFE) ^ 0xC0) | atLeast(previous, 0xF5)
    let fromA0 = atLeast(current, 0xA0)
    let from90 = atLeast(current, 0x90)
    let isOverlong = (isZero(previous ^ 0xE0) & ~fromA0) | (isZero(previous ^ 0xF0) & ~from90)
    let isOutside = (isZero(previous ^ 0xED) & fromA0) | (isZero(previous ^ 0xF4) & from90)
    return isNeverSent | isOverlong | isOutside
  }

  /// Top bits: where a byte is at least `limit`, which must be 0x80 or more.
  @inline(always)
  private static func atLeast(_ bytes: Vector, _ limit: UInt8) -> Vector {
    let least = Vector(repeating: limit &- 0x80)
    return bytes.replacing(with: least, where: bytes .< least) &- least
  }

  /// Top bits: where a byte is zero.
  @inline(always)
  private static func isZero(_ bytes: Vector) -> Vector {
    let top = Vector(repeating: 0x80)
    return top.replacing(with: bytes, where: top .< bytes) &- bytes
  }

  /// Whether any top bit is set.
  @inline(always)
  private static func topBits(_ bytes: Vector) -> Bool {
    let words = unsafeBitCast(bytes, to: SIMD2<UInt64>.self)
    return (words[0] | words[1]) & highBits != 0
  }
}
