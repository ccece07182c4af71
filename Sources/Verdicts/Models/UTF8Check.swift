/// The judge's own check of text that comes in fragments (RFC 6455 section 8.1, RFC 3629 section 4). It shares nothing with the
/// clients that it judges.
struct UTF8Check {
  private var missing = 0
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  /// Whether what was seen ends at the end of a character.
  var isComplete: Bool { missing == 0 }

  /// Takes the next bytes; returns the index of the first byte that no valid text could have there.
  mutating func firstImpossible(in bytes: some Collection<UInt8>) -> Int? {
    for (index, byte) in bytes.enumerated() where !take(byte) { return index }
    return nil
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard missing == 0 else {
      guard allowed.contains(byte) else { return false }
      missing -= 1
      allowed = 0x80...0xBF
      return true
    }
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: missing = 1
    case 0xE0...0xEF: missing = 2
    case 0xF0...0xF4: missing = 3
    default: return false
    }
    allowed = Self.second(after: byte)
    return true
  }

  /// The second byte excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  private static func second(after lead: UInt8) -> ClosedRange<UInt8> {
    switch lead {
    case 0xE0: 0xA0...0xBF
    case 0xED: 0x80...0x9F
    case 0xF0: 0x90...0xBF
    case 0xF4: 0x80...0x8F
    default: 0x80...0xBF
    }
  }

  /// Whether these bytes are a whole text.
  static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
    var check = UTF8Check()
    return check.firstImpossible(in: bytes) == nil && check.isComplete
  }
}
