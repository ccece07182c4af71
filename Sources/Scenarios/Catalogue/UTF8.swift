import Steps

extension Catalogue {
  /// Text must be well-formed UTF-8, whatever the pieces in which it comes (RFC 6455 sections 5.6 and 8.1).
  @ListBuilder<Scenario> static var utf8: [Scenario] {
    for (slug, what, bytes) in wellFormed {
      lawful("valid-\(slug)", "5.6", "Sends a text message with \(what).", "Echoes the same text.") {
        echo(.bytes(Array("a".utf8) + bytes + Array("z".utf8)))
      }
    }
    for (slug, what, bytes) in illFormed {
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
  ]

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
  ]

  private static let truncated: Sequences = [
    ("2-bytes", "a 2-byte sequence", [0xC3]), ("3-bytes", "a 3-byte sequence", [0xE2, 0x82]),
    ("4-bytes", "a 4-byte sequence", [0xF0, 0x9F, 0x98]),
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
      "valid-mixed-2000", "5.6", "Sends a text message of 2000 bytes with sequences of all lengths.",
      "Echoes the same text.", deliveries: .notBytewise
    ) {
      echo(.repeated(unit: Array("aé€😀".utf8), count: 200))
    }
  }

  @ListBuilder<Scenario> private static var utf8InFragments: [Scenario] {
    for (length, letter) in [(2, "é"), (3, "€"), (4, "😀")] {
      let bytes = Array(letter.utf8)
      lawful(
        "fragments-inside-\(length)-bytes", "8.1", "Sends a \(length)-byte sequence, one byte a fragment.",
        "Echoes it as one message.", deliveries: .unpausedAndBytewise
      ) {
        ServerStep.begin(.text, .bytes([bytes[0]]))
        for byte in bytes.dropFirst().dropLast() { ServerStep.more(.bytes([byte])) }
        ServerStep.last(.bytes([bytes[length - 1]]))
        ServerStep.expectText(.bytes(bytes))
      }
    }
    lawful(
      "fragments-empty-inside", "8.1", "Sends an empty fragment inside a code point.",
      "Echoes it as one message."
    ) {
      ServerStep.begin(.text, [0xE2, 0x82])
      ServerStep.more()
      ServerStep.last([0xAC])
      ServerStep.expectText("€")
    }
    lawful(
      "ping-inside-code-point", "8.1", "Sends a Ping that is no UTF-8 between the fragments of a code point.",
      "Answers the Ping and echoes the message."
    ) {
      ServerStep.begin(.text, [0xE2, 0x82])
      ServerStep.ping([0xFF, 0x80])
      ServerStep.last([0xAC])
      ServerStep.expectText("€")
    }
  }

  @ListBuilder<Scenario> private static var utf8BrokenInFragments: [Scenario] {
    let broken: [(String, String, [UInt8], [UInt8])] = [
      ("lead", "a lead byte and then a letter", [0xE2], [0x61]),
      ("surrogate", "the two halves of a surrogate", [0xED], [0xA0, 0x80]),
      ("overlong", "the two halves of an overlong slash", [0xE0], [0x80, 0xAF]),
      ("above-last", "the two halves of U+110000", [0xF4], [0x90, 0x80, 0x80]),
      ("truncated", "the first three of four bytes", [0xF0, 0x9F], [0x98]),
    ]
    for (slug, what, first, second) in broken {
      unlawful(
        "fragments-\(slug)", "8.1", "Sends a text message whose two fragments hold \(what).",
        "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
      ) {
        ServerStep.begin(.text, .bytes(first))
        ServerStep.last(.bytes(second))
      }
    }
  }

  /// The message never ends: only who checks while reading notices. Section 8.1 lets a client wait for the end.
  @ListBuilder<Scenario> private static var utf8FailFast: [Scenario] {
    let openings: [(String, String, [UInt8])] = [
      ("lone-byte", "the byte FF", Array("ok ".utf8) + [0xFF]),
      ("surrogate", "half a surrogate", [0xED, 0xA0]),
      ("overlong", "the begin of an overlong sequence", [0xE0, 0x80]),
      ("above-last", "the begin of U+110000", [0xF4, 0x90]),
    ]
    for (slug, what, bytes) in openings {
      unlawful(
        "fail-fast-\(slug)", .should("8.1"), "Sends a first fragment with \(what), and not the rest.",
        "Fails the connection with 1007 without waiting for the end of the message.", codes: [1007],
        failFast: true, tags: ["fail-fast"]
      ) {
        ServerStep.begin(.text, .bytes(bytes))
      }
    }
    unlawful(
      "fail-fast-second-fragment", .should("8.1"),
      "Sends a good and a bad fragment of a text message, and not the rest.",
      "Fails the connection with 1007 without waiting for the end of the message.", codes: [1007],
      failFast: true, tags: ["fail-fast"]
    ) {
      ServerStep.begin(.text, "κόσμε")
      ServerStep.more([0xF4, 0x90, 0x80, 0x80])
    }
  }
}
