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
    var index = 0
    let count = bytes.count
    while index < count {
      if missing == 0 {
        index = Self.skipASCII(bytes, from: index)
        guard index < count else { return nil }
      }
      guard step(bytes[index]) else { return index }
      index += 1
    }
    return nil
  }

  /// The index of the first byte at or after `start` that may not be ASCII.
  private static func skipASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    let count = bytes.count
    guard let base = bytes.baseAddress else { return index }
    while index &+ 8 <= count,
      (base + index).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      index &+= 8
    }
    while index < count, bytes[index] < 0x80 { index &+= 1 }
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
