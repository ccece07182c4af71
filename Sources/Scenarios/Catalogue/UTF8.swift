import Steps

extension Catalogue {
  /// Text must be well-formed UTF-8, whatever the pieces in which it comes (RFC 6455 sections 5.6 and 8.1).
  @ListBuilder<Scenario> static var utf8: [Scenario] {
    for (slug, what, bytes) in wellFormed {
      lawful("valid-\(slug)", "5.6", "Sends a text message with \(what).", "Echoes the same text.") {
        echo(.bytes(Array("a".utf8) + bytes + Array("z".utf8)))
      }
    }
    for (slug, what, bytes) in illFormed + wrongContinuations {
      unlawful(
        "invalid-\(slug)", "8.1", "Sends a text message with \(what).",
        "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
      ) {
        ServerStep.text(.bytes(Array("a".utf8) + bytes + Array("z".utf8)))
      }
    }
    for (slug, what, bytes) in truncated {
      unlawful(
        "truncated-\(slug)", "8.1", "Sends a text message that ends inside \(what).",
        "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
      ) {
        ServerStep.text(.bytes(Array("a".utf8) + bytes))
      }
    }
    utf8Messages
    utf8InFragments
    utf8BrokenInFragments
    utf8FailFast
  }

  private typealias Sequences = [(slug: String, what: String, bytes: [UInt8])]

  /// The edges of the table in RFC 3629 section 4.
  private static let wellFormed: Sequences = [
    ("1-byte-first", "U+0000", [0x00]), ("1-byte-last", "U+007F", [0x7F]),
    ("2-bytes-first", "U+0080", [0xC2, 0x80]), ("2-bytes-last", "U+07FF", [0xDF, 0xBF]),
    ("3-bytes-first", "U+0800", [0xE0, 0xA0, 0x80]), ("3-bytes-last", "U+FFFF", [0xEF, 0xBF, 0xBF]),
    ("before-surrogates", "U+D7FF", [0xED, 0x9F, 0xBF]), ("after-surrogates", "U+E000", [0xEE, 0x80, 0x80]),
    ("4-bytes-first", "U+10000", [0xF0, 0x90, 0x80, 0x80]),
    ("4-bytes-last", "U+10FFFF", [0xF4, 0x8F, 0xBF, 0xBF]),
    ("byte-order-mark", "U+FEFF, the byte order mark", [0xEF, 0xBB, 0xBF]),
    ("replacement", "U+FFFD, the replacement character", [0xEF, 0xBF, 0xBD]),
    ("combining", "the Greek word kosme in five letters", Array("κόσμε".utf8)),
    ("row-e0-last", "U+0FFF, the last of lead byte E0", [0xE0, 0xBF, 0xBF]),
    ("row-e1-first", "U+1000, the first of lead byte E1", [0xE1, 0x80, 0x80]),
    ("row-ec-last", "U+CFFF, the last of lead byte EC", [0xEC, 0xBF, 0xBF]),
    ("row-ed-first", "U+D000, the first of lead byte ED", [0xED, 0x80, 0x80]),
    ("row-f0-last", "U+3FFFF, the last of lead byte F0", [0xF0, 0xBF, 0xBF, 0xBF]),
    ("row-f1-first", "U+40000, the first of lead byte F1", [0xF1, 0x80, 0x80, 0x80]),
    ("row-f3-last", "U+FFFFF, the last of lead byte F3", [0xF3, 0xBF, 0xBF, 0xBF]),
    ("row-f4-first", "U+100000, the first of lead byte F4", [0xF4, 0x80, 0x80, 0x80]),
    ("non-character-fffe", "the non-character U+FFFE", [0xEF, 0xBF, 0xBE]),
    ("non-character-fdd0", "the non-character U+FDD0", [0xEF, 0xB7, 0x90]),
    ("non-character-fdef", "the non-character U+FDEF", [0xEF, 0xB7, 0xAF]),
    ("non-character-1fffe", "the non-character U+1FFFE", [0xF0, 0x9F, 0xBF, 0xBE]),
    ("non-character-1ffff", "the non-character U+1FFFF", [0xF0, 0x9F, 0xBF, 0xBF]),
    ("non-character-10fffe", "the non-character U+10FFFE", [0xF4, 0x8F, 0xBF, 0xBE]),
    (
      "private-use", "U+F8FF and U+F0000, which have private uses",
      [0xEF, 0xA3, 0xBF, 0xF3, 0xB0, 0x80, 0x80]
    ),
    (
      "specials", "U+FFF9 to U+FFFC, the specials",
      (0xB9...0xBC).flatMap { [0xEF, 0xBF, UInt8($0)] }
    ),
    ("control-c1", "the control characters U+0085 and U+009F", [0xC2, 0x85, 0xC2, 0x9F]),
    ("line-separators", "U+2028 and U+2029, the separators", [0xE2, 0x80, 0xA8, 0xE2, 0x80, 0xA9]),
    ("decomposed", "an e and a combining acute, not to be composed", [0x65, 0xCC, 0x81]),
  ]

  /// All non-characters of Unicode: the last two code points of each plane, and U+FDD0 to U+FDEF.
  private static let nonCharacters: [UInt8] = {
    let ends = (UInt32(0)...16).flatMap { [$0 << 16 | 0xFFFE, $0 << 16 | 0xFFFF] }
    let all = ends + Array(0xFDD0...0xFDEF)
    return all.compactMap(Unicode.Scalar.init).flatMap { Array(String($0).utf8) }
  }()

  private static let illFormed: Sequences = [
    ("continuation-first", "the byte 80 by itself", [0x80]),
    ("continuation-last", "the byte BF by itself", [0xBF]),
    ("continuations-six", "six continuation bytes by themselves", [0x80, 0xBF, 0x80, 0xBF, 0x80, 0xBF]),
    ("lead-2-alone", "the lead byte of a 2-byte sequence by itself", [0xC3]),
    ("lead-3-alone", "the lead byte of a 3-byte sequence by itself", [0xE2]),
    ("lead-3-short", "the first two of three bytes", [0xE2, 0x82]),
    ("lead-4-short", "the first three of four bytes", [0xF0, 0x9F, 0x98]),
    ("latin-1", "a Latin-1 e acute", [0xE9]),
    ("overlong-nul", "NUL in two bytes", [0xC0, 0x80]),
    ("overlong-slash-2", "a slash in two bytes", [0xC0, 0xAF]),
    ("overlong-slash-3", "a slash in three bytes", [0xE0, 0x80, 0xAF]),
    ("overlong-slash-4", "a slash in four bytes", [0xF0, 0x80, 0x80, 0xAF]),
    ("overlong-2-last", "U+007F in two bytes", [0xC1, 0xBF]),
    ("overlong-3-last", "U+07FF in three bytes", [0xE0, 0x9F, 0xBF]),
    ("overlong-4-last", "U+FFFF in four bytes", [0xF0, 0x8F, 0xBF, 0xBF]),
    ("surrogate-first", "the surrogate U+D800", [0xED, 0xA0, 0x80]),
    ("surrogate-last", "the surrogate U+DFFF", [0xED, 0xBF, 0xBF]),
    ("surrogate-pair", "a pair of surrogates", [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80]),
    ("above-last", "U+110000, one above the last code point", [0xF4, 0x90, 0x80, 0x80]),
    ("lead-f5", "the byte F5 and three continuation bytes", [0xF5, 0x80, 0x80, 0x80]),
    ("5-bytes", "a sequence of five bytes", [0xF8, 0x88, 0x80, 0x80, 0x80]),
    ("6-bytes", "a sequence of six bytes", [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80]),
    ("fe", "the byte FE", [0xFE]), ("ff", "the byte FF", [0xFF]),
    ("surrogate-high-last", "the surrogate U+DBFF", [0xED, 0xAF, 0xBF]),
    ("surrogate-low-first", "the surrogate U+DC00", [0xED, 0xB0, 0x80]),
    ("surrogate-private-first", "the surrogate U+DB80", [0xED, 0xAE, 0x80]),
    ("surrogate-private-before", "the surrogate U+DB7F", [0xED, 0xAD, 0xBF]),
    ("above-f4-last", "U+13FFFF, the last of lead byte F4", [0xF4, 0xBF, 0xBF, 0xBF]),
    ("lead-f6", "the byte F6 and three continuation bytes", [0xF6, 0x80, 0x80, 0x80]),
    ("lead-f7", "U+1FFFFF, all that four bytes can write", [0xF7, 0xBF, 0xBF, 0xBF]),
    ("5-bytes-last", "the last sequence of five bytes", [0xFB, 0xBF, 0xBF, 0xBF, 0xBF]),
    ("6-bytes-last", "the last sequence of six bytes", [0xFD, 0xBF, 0xBF, 0xBF, 0xBF, 0xBF]),
    ("overlong-nul-3", "NUL in three bytes", [0xE0, 0x80, 0x80]),
    ("overlong-nul-4", "NUL in four bytes", [0xF0, 0x80, 0x80, 0x80]),
    ("surplus-2", "a continuation byte behind a whole 2-byte sequence", [0xC3, 0xA9, 0xA9]),
    ("surplus-3", "a continuation byte behind a whole 3-byte sequence", [0xE2, 0x82, 0xAC, 0x80]),
    ("surplus-4", "a continuation byte behind a whole 4-byte sequence", [0xF0, 0x9F, 0x98, 0x80, 0x80]),
  ]

  /// Sequences in which one byte is just below or just above the continuation bytes, 80 to BF.
  private static let wrongContinuations: Sequences = [0x7F, 0xC0].flatMap { (byte: UInt8) in
    [(2, [0xC2, 0x80]), (3, [0xE1, 0x80, 0x80]), (4, [0xF1, 0x80, 0x80, 0x80])].flatMap {
      (length: Int, bytes: [UInt8]) in
      (1..<length).map { place in
        var wrong = bytes
        wrong[place] = byte
        let hexadecimal = String(byte, radix: 16)
        return (
          "byte-\(place + 1)-of-\(length)-is-\(hexadecimal)",
          "a \(length)-byte sequence whose byte \(place + 1) is \(hexadecimal.uppercased())", wrong
        )
      }
    }
  }

  private static let truncated: Sequences = [
    ("2-bytes", "a 2-byte sequence", [0xC3]), ("3-bytes", "a 3-byte sequence", [0xE2, 0x82]),
    ("4-bytes", "a 4-byte sequence", [0xF0, 0x9F, 0x98]),
    ("3-bytes-after-1", "a 3-byte sequence, behind its first byte", [0xE2]),
    ("4-bytes-after-1", "a 4-byte sequence, behind its first byte", [0xF0]),
    ("4-bytes-after-2", "a 4-byte sequence, behind its second byte", [0xF0, 0x9F]),
  ]

  @ListBuilder<Scenario> private static var utf8Messages: [Scenario] {
    lawful(
      "binary-is-not-checked", "5.6", "Sends a binary message that is no UTF-8.", "Echoes the same bytes."
    ) {
      echo([0xC0, 0x80, 0xED, 0xA0, 0x80, 0xFF, 0xFE], as: .binary)
    }
    unlawful(
      "invalid-after-valid", "8.1", "Exchanges a text message, then sends one that is no UTF-8.",
      "Echoes the first message and fails the connection with 1007.", codes: [1007]
    ) {
      echo("κόσμε")
      ServerStep.text([0x65, 0xED, 0xA0, 0x80, 0x65])
    }
    unlawful(
      "invalid-last-of-2000", "8.1", "Sends a text message of 2000 bytes of which only the last is wrong.",
      "Fails the connection with 1007 and does not hand out the message.", codes: [1007],
      deliveries: .notBytewise
    ) {
      ServerStep.text(.bytes(Array(repeating: 0x61, count: 1999) + [0xFF]))
    }
    lawful(
      "valid-non-characters", "5.6", "Sends a text message of all 66 non-characters.", "Echoes the same text."
    ) {
      echo(.bytes(nonCharacters))
    }
    for (slug, what, text) in [
      ("nul-alone", "nothing but a NUL", "\u{0}"),
      ("bom-first", "a byte order mark as its first character", "\u{FEFF}text"),
      ("bom-alone", "nothing but a byte order mark", "\u{FEFF}"),
    ] {
      lawful("valid-\(slug)", "5.6", "Sends a text message with \(what).", "Echoes the same text.") {
        echo(.text(text))
      }
    }
    for offset in 0...2 {
      lawful(
        "valid-3-bytes-6000-at-\(offset)", "5.6",
        "Sends a text message of 2000 3-byte sequences behind \(offset) letters.", "Echoes the same text.",
        deliveries: .notBytewise
      ) {
        // Whatever power of two a client reads at a time, in two of the three it ends inside a sequence.
        echo(.text(String(repeating: "a", count: offset) + String(repeating: "€", count: 2000)))
      }
    }
    unlawful(
      "invalid-middle-of-4000", "8.1", "Sends a text message of 4000 bytes with a surrogate in the middle.",
      "Fails the connection with 1007 and does not hand out the message.", codes: [1007],
      deliveries: .notBytewise
    ) {
      let half = Array(repeating: UInt8(0x61), count: 2000)
      ServerStep.text(.bytes(half + [0xED, 0xA0, 0x80] + half))
    }
    lawful(
      "valid-after-binary-lead", "5.6",
      "Sends a binary message that ends in a lead byte, then a text message.",
      "Echoes both: the check of the text begins anew."
    ) {
      echo([0x61, 0xE2, 0x82], as: .binary)
      echo("text")
    }
    lawful(
      "valid-mixed-2000", "5.6", "Sends a text message of 2000 bytes with sequences of all lengths.",
      "Echoes the same text.", deliveries: .notBytewise
    ) {
      echo(.repeated(unit: Array("aé€😀".utf8), count: 200))
    }
  }
}
