import Steps

/// Text in pieces: what is whole only together, and what is wrong before it is whole (RFC 6455 sections 5.6 and 8.1).
extension Catalogue {
  @ListBuilder<Scenario> static var utf8InFragments: [Scenario] {
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
    lawful(
      "pings-inside-code-point", "8.1",
      "Sends a 4-byte sequence, one byte a fragment, with a Ping behind each.",
      "Answers the Pings and echoes the message.", deliveries: .unpausedAndBytewise
    ) {
      ServerStep.begin(.text, [0xF0])
      for byte: UInt8 in [0x9F, 0x98] {
        ServerStep.ping(.bytes([byte]))
        ServerStep.more(.bytes([byte]))
      }
      ServerStep.ping([0x80])
      ServerStep.last([0x80])
      ServerStep.expectText("😀")
    }
    lawful(
      "slow-code-point", "8.1", "Sends a 3-byte sequence in one frame, with 6 ms between its bytes.",
      "Waits for the rest of the sequence and echoes the message.", deliveries: .wholeOnly
    ) {
      ServerStep.sendBytes([0x81, 0x03, 0xE2])
      for byte: UInt8 in [0x82, 0xAC] {
        ServerStep.pause(milliseconds: 6)
        ServerStep.sendBytes(.bytes([byte]))
      }
      ServerStep.expectText("€")
    }
    lawful(
      "binary-fragments-not-checked", "5.6", "Sends a binary message in fragments of which none is UTF-8.",
      "Echoes the same bytes: only text is checked."
    ) {
      ServerStep.begin(.binary, [0xC0])
      ServerStep.more([0xFF, 0x80])
      ServerStep.last([0xED, 0xA0])
      ServerStep.expectBinary([0xC0, 0xFF, 0x80, 0xED, 0xA0])
    }
    kosmeSplit
  }

  /// The Greek word that tests of UTF-8 have used for decades: sequences of two and three bytes, 11 bytes in all.
  private static let kosme = Array("κόσμε".utf8)

  /// The word in two fragments, cut at every place; and cut short inside each letter.
  @ListBuilder<Scenario> private static var kosmeSplit: [Scenario] {
    for place in 1..<kosme.count {
      lawful(
        "kosme-split-\(place)", "8.1",
        "Sends the Greek word kosme in two fragments, cut behind byte \(place).",
        "Echoes it as one message."
      ) {
        ServerStep.begin(.text, .bytes(Array(kosme[..<place])))
        ServerStep.last(.bytes(Array(kosme[place...])))
        ServerStep.expectText(.bytes(kosme))
      }
    }
    for count in 1..<kosme.count where kosme[count] & 0xC0 == 0x80 {
      unlawful(
        "kosme-cut-\(count)", "8.1",
        "Sends the first \(count) bytes of the Greek word kosme, which end in a letter.",
        "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
      ) {
        ServerStep.text(.bytes(Array(kosme[..<count])))
      }
    }
  }

  @ListBuilder<Scenario> static var utf8BrokenInFragments: [Scenario] {
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
    utf8BrokenLater
  }

  @ListBuilder<Scenario> private static var utf8BrokenLater: [Scenario] {
    unlawful(
      "fragments-cut-by-empty", "8.1",
      "Sends the first two of three bytes in one fragment, and an empty last fragment.",
      "Fails the connection with 1007: the text ends inside a code point.", codes: [1007]
    ) {
      ServerStep.begin(.text, [0xE2, 0x82])
      ServerStep.last()
    }
    unlawful(
      "fragments-third-of-four", "8.1",
      "Sends four fragments of text, of which the third holds a byte that UTF-8 never has.",
      "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
    ) {
      ServerStep.begin(.text, "κόσ")
      ServerStep.more("με")
      ServerStep.more([0xFE])
      ServerStep.last("ok")
    }
    unlawful(
      "fragments-truncated-then-message", "8.1",
      "Sends a fragmented text that ends inside a code point, and a message that begins with its rest.",
      "Fails the connection with 1007 and hands out neither.", codes: [1007]
    ) {
      ServerStep.begin(.text, "a")
      ServerStep.last([0xE2, 0x82])
      ServerStep.text([0xAC])
    }
  }

  /// The message never ends: only who checks while reading notices. Section 8.1 lets a client wait for the end.
  @ListBuilder<Scenario> static var utf8FailFast: [Scenario] {
    let openings: [(String, String, [UInt8])] = [
      ("lone-byte", "the byte FF", Array("ok ".utf8) + [0xFF]),
      ("surrogate", "half a surrogate", [0xED, 0xA0]),
      ("overlong", "the begin of an overlong sequence", [0xE0, 0x80]),
      ("above-last", "the begin of U+110000", [0xF4, 0x90]),
    ]
    for (slug, what, bytes) in openings {
      unlawful(
        "fail-fast-\(slug)", .quality("8.1"), "Sends a first fragment with \(what), and not the rest.",
        "Fails the connection with 1007 without waiting for the end of the message.", codes: [1007],
        failFast: true, tags: ["fail-fast"]
      ) {
        ServerStep.begin(.text, .bytes(bytes))
      }
    }
    unlawful(
      "fail-fast-second-fragment", .quality("8.1"),
      "Sends a good and a bad fragment of a text message, and not the rest.",
      "Fails the connection with 1007 without waiting for the end of the message.", codes: [1007],
      failFast: true, tags: ["fail-fast"]
    ) {
      ServerStep.begin(.text, "κόσμε")
      ServerStep.more([0xF4, 0x90, 0x80, 0x80])
    }
    utf8FailFastInFrame
  }

  /// The frame itself never ends: its header announces 40 bytes, and the last one sent is the first impossible one.
  @ListBuilder<Scenario> private static var utf8FailFastInFrame: [Scenario] {
    let impossible: [(String, String, [UInt8])] = [
      ("continuation", "a continuation byte without a lead byte", [0x80]), ("c0", "the byte C0", [0xC0]),
      ("c1", "the byte C1", [0xC1]), ("f5", "the byte F5", [0xF5]), ("ff", "the byte FF", [0xFF]),
      ("overlong-3", "the begin of an overlong 3-byte sequence", [0xE0, 0x9F]),
      ("overlong-4", "the begin of an overlong 4-byte sequence", [0xF0, 0x8F]),
      ("surrogate", "the first two bytes of a surrogate", [0xED, 0xA0]),
      ("above-last", "the first two bytes of U+110000", [0xF4, 0x90]),
      ("letter-in-sequence", "a letter as the third byte of a sequence", [0xE2, 0x82, 0x61]),
    ]
    for (slug, what, bytes) in impossible {
      unlawful(
        "fail-fast-in-frame-\(slug)", .quality("8.1"),
        "Sends a text frame up to \(what), and not the rest of the frame.",
        "Fails the connection with 1007 at that very byte.", codes: [1007], failFast: true,
        tags: ["fail-fast"],
        isProbed: false
      ) {
        ServerStep.sendBytes(.bytes([0x81, 40] + kosme + bytes))
        ServerStep.halfClose
      }
    }
  }
}
