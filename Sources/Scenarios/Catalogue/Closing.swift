import Steps
import WebSocketProtocol

extension Catalogue {
  /// The closing handshake and other ends (RFC 6455 sections 5.5.1 and 7).
  @ListBuilder<Scenario> static var closing: [Scenario] {
    closingCodes
    closingReasons
    closingByServer
    closingByClient
    closingCrossed
    closingWithout
  }

  /// Codes that may be sent, and codes that may not (section 7.4).
  @ListBuilder<Scenario> private static var closingCodes: [Scenario] {
    for code: UInt16 in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 3000, 3999, 4000, 4999] {
      lawful(
        "code-\(code)", "7.4", "Sends a Close with code \(code).", "Answers with a Close and code \(code)."
      ) {
        ServerStep.close(code, "ends here")
      }
    }
    for code: UInt16 in [1010, 1012, 1013, 1014] {
      lawful(
        "code-\(code)", .quality("7.4"),
        "Sends a Close with code \(code), which is for clients or was registered later.",
        "Answers with a Close."
      ) {
        ServerStep.close(code)
      }.disputed(code == 1010 ? Dispute.code1010 : Dispute.registeredCode)
    }
    for code: UInt16 in [0, 1, 100, 999, 1005, 1006, 1015] {
      wrongCode(code, .quality("7.4"), "which must not be sent").disputed(Dispute.unlawfulCode)
    }
    for code: UInt16 in [1004, 1016, 1100, 2000, 2999] {
      wrongCode(code, .quality("7.4"), "which is reserved").disputed(
        code == 1004 ? Dispute.code1004 : Dispute.reservedCode)
    }
    for code: UInt16 in [1005, 1006] {
      unlawful(
        "code-\(code)-with-reason", .quality("7.4"),
        "Sends a Close with code \(code), which must not be sent, and a reason.", isProbed: false
      ) {
        ServerStep.close(code, "nothing of the kind")
      }.disputed(Dispute.unlawfulCode)
    }
    for code: UInt16 in [5000, 32768, 65535] {
      lawful(
        "code-\(code)", .may("7.4"), "Sends a Close with code \(code), which is above every range.",
        "Answers with a Close, or fails the connection with 1002.", tags: ["disputed"],
        ending: .awaitFailure, expected: Expected(closeCodes: [code, 1000, 1002, 1005])
      ) {
        ServerStep.close(code)
      }.disputed(Dispute.codeAboveRanges)
    }
  }

  private static func wrongCode(_ code: UInt16, _ rule: Rule, _ why: String) -> Scenario {
    unlawful("code-\(code)", rule, "Sends a Close with code \(code), \(why).", isProbed: false) {
      ServerStep.close(code)
    }
  }

  @ListBuilder<Scenario> private static var closingReasons: [Scenario] {
    lawful("empty", "5.5.1", "Sends a Close without code.", "Answers with a Close.") {
      ServerStep.frame(.close)
    }
    unlawful("one-byte", "5.5.1", "Sends a Close whose payload is half a code.", isProbed: false) {
      ServerStep.frame(.close, [0x03])
    }
    lawful("reason-longest", "5.5", "Sends a Close with a reason of 123 bytes.", "Answers with a Close.") {
      ServerStep.close(1000, String(repeating: "r", count: 123))
    }
    unlawful("reason-too-long", "5.5", "Sends a Close with a reason of 124 bytes.", isProbed: false) {
      ServerStep.close(1000, String(repeating: "r", count: 124))
    }
    lawful(
      "reason-utf8", "5.5.1", "Sends a Close whose reason has sequences of all lengths.",
      "Answers with a Close."
    ) {
      ServerStep.close(1000, "aé€😀")
    }
    let reasons: [(String, String, [UInt8])] = [
      ("byte", "the byte FF", [0x6F, 0x6B, 0xFF]), ("surrogate", "a surrogate", [0xED, 0xA0, 0x80]),
      ("truncated", "the first two of three bytes", [0x6F, 0xE2, 0x82]),
      ("overlong", "a slash in two bytes", [0x6F, 0xC0, 0xAF]),
      ("above-last", "U+110000", [0xF4, 0x90, 0x80, 0x80]),
      ("continuation", "nothing but a continuation byte", [0x80]),
      ("latin-1", "a Latin-1 e acute before letters", [0xE9, 0x74, 0xE9]),
      ("at-the-end", "its only wrong byte as the last of 123", Array(repeating: 0x72, count: 122) + [0xFF]),
    ]
    for (slug, what, bytes) in reasons {
      unlawful(
        "reason-invalid-\(slug)", "5.5.1", "Sends a Close whose reason holds \(what).",
        "Fails the connection with 1007, or 1002.", codes: [1007, 1002], isProbed: false
      ) {
        ServerStep.close(1000, bytes)
      }.disputed(Dispute.badReason)
    }
    for (slug, what, reason) in [
      ("1-byte", "of one letter", "x"),
      ("longest-utf8", "of 41 3-byte sequences", String(repeating: "€", count: 41)),
      ("nul", "with a NUL in it", "before\u{0}after"),
      ("bom", "that begins with a byte order mark", "\u{FEFF}done"),
    ] {
      lawful("reason-\(slug)", "5.5.1", "Sends a Close with a reason \(what).", "Answers with a Close.") {
        ServerStep.close(1000, reason)
      }
    }
  }

  @ListBuilder<Scenario> private static var closingByServer: [Scenario] {
    lawful(
      "right-after-opening", "5.5.1", "Sends a Close as its first frame.", "Answers with a Close."
    ) {
      ServerStep.close(1001, "not today")
    }
    lawful(
      "glued-to-head", "5.5.1", "Sends a Close in one write with the head of its response.",
      "Takes the connection and answers with a Close."
    ) {
      ServerStep.respond(.append([0x88, 0x02, 0x03, 0xE8]))
      ServerStep.expectClose
    }
    lawful("after-message", "5.5.1", "Exchanges a message and sends a Close.", "Answers with a Close.") {
      echo("before the end")
      ServerStep.close(1000, "done")
    }
    lawful(
      "glued-to-message", "5.5.1", "Sends a message and a Close without waiting.",
      "Hands out the message and answers with a Close; may leave out the echo."
    ) {
      ServerStep.text("last words")
      ServerStep.close(1000)
    }
    lawful(
      "after-16-kib", "5.5.1", "Sends a binary message of 16 KiB and a Close without waiting.",
      "Hands out the message and answers with a Close; may leave out the echo.", deliveries: .notBytewise
    ) {
      ServerStep.binary(.random(count: 16384, kind: .binary))
      ServerStep.close(1000)
    }
    let late: [(String, String, ServerStep)] = [
      ("message", "a message", .text("too late")), ("ping", "a Ping", .ping("too late")),
      ("close", "a second Close", .close(1001)), ("pong", "a Pong", .pong("too late")),
      ("garbage", "bytes that are no frame", .sendBytes([0xFF, 0xFF])),
      ("half-frame", "the first half of a text frame", .sendBytes([0x81, 0x0A, 0x68, 0x61, 0x6C, 0x66])),
      ("masked", "a masked text frame", .frame(.text, "too late", maskingKey: 0x0102_0304)),
      ("large-message", "a binary message of 16 KiB", .binary(.repeated(unit: [0x42], count: 16384))),
    ]
    for (slug, what, step) in late {
      lawful(
        "then-\(slug)", .quality("1.4"), "Sends a Close and \(what) behind it.",
        "Answers with one Close and pays no attention to what came behind.", ending: .awaitFailure,
        expected: Expected(failure: false), deliveries: slug == "large-message" ? .notBytewise : .every
      ) {
        ServerStep.close(1000)
        step
      }.disputed(Dispute.dataAfterClose)
    }
    closingInOddPlaces
  }

  /// A Close where a client may not expect it, and ends of TCP right behind it.
  @ListBuilder<Scenario> private static var closingInOddPlaces: [Scenario] {
    lawful(
      "inside-message-then-rest", .quality("5.5.1"),
      "Sends a Close between two fragments, and the second fragment behind it.",
      "Answers with one Close and does not hand out the message.", ending: .awaitFailure,
      expected: Expected(failure: false)
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.close(1000)
      ServerStep.last("ments")
    }.disputed(Dispute.closeInsideMessage)
    lawful(
      "inside-code-point", "5.5.1", "Sends a Close between the two halves of a code point.",
      "Answers with a Close and does not hold the missing half against the server."
    ) {
      ServerStep.begin(.text, [0xE2, 0x82])
      ServerStep.close(1000)
    }
    lawful(
      "after-unasked-pong", "5.5.1", "Sends a Pong that nobody asked for and a Close in a row.",
      "Answers with a Close."
    ) {
      ServerStep.pong("unasked")
      ServerStep.close(1000)
    }
    lawful(
      "with-end-of-stream", "5.5.1", "Sends a Close and ends its stream at once, still reading.",
      "Answers with a Close before it ends too."
    ) {
      echo("one")
      ServerStep.close(1000)
      ServerStep.halfClose
      ServerStep.expectClose
    }
    lawful(
      "then-reset", "7.1.5", "Sends a Close and resets the connection once it was answered.",
      "Ends too; the closing handshake was complete.", ending: .endOfStream
    ) {
      ServerStep.close(1000)
      ServerStep.expectClose
      ServerStep.resetTCP
    }
    lawful(
      "with-reset", "7.1.5", "Sends a Close and resets the connection at once.",
      "Ends too, and does not wait for ever.", ending: .endOfStream
    ) {
      echo("one")
      ServerStep.close(1000)
      ServerStep.resetTCP
    }
    lawful(
      "after-end-of-messages", "5.5.1", "Sends ten messages and a Close without waiting.",
      "Hands out all ten and answers with a Close.",
      client: ClientScript([.connect(ConnectStep()), .receive()]), deliveries: .unpausedAndBytewise
    ) {
      for number in 0..<10 { ServerStep.text("message \(number)") }
      ServerStep.close(1000)
    }
  }
}
