/// Checks text that arrives in pieces, and fails at the first byte that no valid text could have there
/// (RFC 6455 sections 5.6 and 8.1, RFC 3629 section 4).
public struct UTF8StreamValidator: Sendable {
  /// Bytes still missing from the character in progress.
  private var missing = 0
  /// The range the next byte must lie in while a character is in progress.
  private var lower: UInt8 = 0x80
  private var upper: UInt8 = 0xBF
  /// Valid bytes seen so far, over all pieces; after a failure the offset of the impossible byte.
  public private(set) var offset: UInt64 = 0
  /// Whether an impossible byte was seen. Nothing that follows is looked at.
  public private(set) var hasFailed = false

  /// Creates a validator at the start of a text.
  public init() {}

  /// Whether the text seen so far ends at the end of a character.
  public var isComplete: Bool { missing == 0 && !hasFailed }

  /// Takes the next piece.
  ///
  /// - Returns: `nil` while valid text can still result; otherwise the index in `bytes` of the first impossible byte.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard !hasFailed else { return 0 }
    let failure = scan(bytes)
    offset += UInt64(failure ?? bytes.count)
    hasFailed = failure != nil
    return failure
  }

  private mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    let end = bytes.count
    var index = 0
    while index < end {
      if missing == 0 {
        index = UTF8Scan.skipASCII(base, from: index, to: end)
        if index >= 3, index &+ UTF8Scan.blockLength <= end {
          index = boundary(base, UTF8Scan.skipBlocks(base, from: index, to: end))
        }
      }
      // Byte by byte: the first three, which no block can look back from, then a bad block or the rest that fills none.
      let stop = index < 3 ? 3 : index &+ UTF8Scan.blockLength &+ 3
      while index < end, index < stop || missing > 0 {
        guard step((base + index).load(as: UInt8.self)) else { return index }
        index &+= 1
      }
    }
    return nil
  }

  /// The start of the character that is in progress at `index`, or `index` itself. All before it is valid.
  private func boundary(_ base: UnsafeRawPointer, _ index: Int) -> Int {
    func byte(_ back: Int) -> UInt8 { (base + index - back).load(as: UInt8.self) }
    if byte(1) >= 0xC0 { return index - 1 }
    if byte(2) >= 0xE0 { return index - 2 }
    if byte(3) >= 0xF0 { return index - 3 }
    return index
  }

  /// Takes one byte; the table is RFC 3629 section 4.
  private mutating func step(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard byte >= lower, byte <= upper else { return false }
      missing -= 1
      (lower, upper) = (0x80, 0xBF)
      return true
    }
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0: (missing, lower) = (2, 0xA0)  // shorter forms exist below U+0800
    case 0xE1...0xEC, 0xEE...0xEF: missing = 2
    case 0xED: (missing, upper) = (2, 0x9F)  // surrogates
    case 0xF0: (missing, lower) = (3, 0x90)  // shorter forms exist below U+10000
    case 0xF1...0xF3: missing = 3
    case 0xF4: (missing, upper) = (3, 0x8F)  // nothing above U+10FFFF
    default: return false
    }
    return true
  }
}
