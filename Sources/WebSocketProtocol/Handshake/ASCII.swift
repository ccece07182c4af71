/// Character classes of HTTP and URIs.
enum ASCII {
  static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  static func isLetter(_ byte: UInt8) -> Bool { lowercased(byte) &- 0x61 < 26 }

  /// A character of a token (RFC 7230 section 3.2.6).
  static func isToken(_ byte: UInt8) -> Bool {
    if isLetter(byte) || isDigit(byte) { return true }
    switch byte {
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: return true
    default: return false
    }
  }

  /// A character of a header field's value (RFC 7230 section 3.2): visible, space, tab, or above ASCII.
  static func isFieldValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

  /// A character of a host name or IPv4 address (RFC 3986 section 3.2.2: unreserved, percent, sub-delimiters).
  static func isHostCharacter(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || "-._~%!$&'()*+,;=".utf8.contains(byte)
  }

  /// A character of an IPv6 address, with a zone after a percent sign.
  static func isIPv6Character(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || ":.%-_".utf8.contains(byte)
  }

  /// Whether a text is one token.
  static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isToken) }

  /// Whether two byte strings are equal without regard to the case of ASCII letters.
  static func equal(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    // By index: an iterator over both is not made plain by the optimiser, and a head has some fifty names to compare.
    return bytes.withUnsafeBufferPointer { bytes in
      bytes.indices.allSatisfy { lowercased(bytes[$0]) == lowercased(text.utf8Start[$0]) }
    }
  }
}
