import Steps
import WebSocketProtocol

extension Catalogue {
  /// TCP may cut a head anywhere. The pause is longer than a client takes that polls after each line, so that the pieces come in reads
  /// of their own; each cut is where a client that takes what a read gives for a line is led astray.
  @ListBuilder<Scenario> static var openingPieces: [Scenario] {
    let start = "\(switching)\r\n\(accept)\r"
    let cuts = [
      (
        "in-line-end", "between CR and LF of a header line", start,
        "\n\(upgrade)\r\n\(connection)\r\n\r\n"
      ),
      (
        "in-header", "inside the name of a header", "\(start)\nUp",
        "grade: websocket\r\n\(connection)\r\n\r\n"
      ),
      (
        "before-last-lf", "between CR and LF of the empty line that ends it",
        "\(start)\n\(upgrade)\r\n\(connection)\r\n\r", "\n"
      ),
    ]
    slowHead
    for (slug, place, first, rest) in cuts {
      lawful(
        "head-in-pieces-\(slug)", "4.1", "Sends its response head in two pieces, cut \(place).",
        "Puts the pieces together and takes the connection as established.", deliveries: .wholeOnly
      ) {
        ServerStep.respond(.raw(.text(first)))
        ServerStep.pause(milliseconds: 50)
        ServerStep.sendBytes(.text(rest))
        echo("hello")
      }
    }
  }

  /// A head that takes its time, as from a server far away.
  private static var slowHead: Scenario {
    let rest = Array("\(upgrade)\r\n\(connection)\r\n\r\n".utf8)
    return lawful(
      "head-slow-drip", "4.1",
      "Sends the second half of its response head in drops of five bytes, each after a pause.",
      "Puts them together and takes the connection as established.", deliveries: .wholeOnly
    ) {
      ServerStep.respond(.raw(.text("\(switching)\r\n\(accept)\r\n")))
      for start in stride(from: 0, to: rest.count, by: 5) {
        [.pause(milliseconds: 5), .sendBytes(.bytes(Array(rest[start..<min(start + 5, rest.count)])))]
      }
      echo("hello")
    }
  }

  /// Frames in the same write as the head: what a client reads beyond the head belongs to the connection.
  @ListBuilder<Scenario> static var openingGlued: [Scenario] {
    let delivers = "Delivers the message, though it came before the client had asked for it."
    glued("text", "Sends a text frame in the same write as the head.", delivers, glued(.text, "at once")) {
      ServerStep.expectText("at once")
    }
    glued(
      "text-empty", "Sends a text frame without payload in the same write as the head.", delivers,
      glued(.text)
    ) {
      ServerStep.expectText("")
    }
    glued(
      "binary-2000", "Sends a binary frame of 2000 bytes in the same write as the head.", delivers,
      glued(.binary, String(repeating: "glue", count: 500))
    ) {
      ServerStep.expectBinary(.text(String(repeating: "glue", count: 500)))
    }
    glued(
      "several", "Sends a text frame, a Ping and a binary frame in the same write as the head.",
      "Delivers both messages in order and answers the Ping.",
      glued(.text, "one") + glued(.ping, "two") + glued(.binary, "three")
    ) {
      ServerStep.expectText("one")
      ServerStep.expectBinary("three")
    }
    glued(
      "fragments", "Sends a message of two fragments in the same write as the head.", delivers,
      Frame(.text, Array("frag".utf8), isFinal: false).encoded() + glued(.continuation, "ments")
    ) {
      ServerStep.expectText("fragments")
    }
    glued("ping", "Sends a Ping in the same write as the head.", "Answers it.", glued(.ping, "so soon?")) {
      ServerStep.expectPong("so soon?")
      echo("hello")
    }
    glued("pong", "Sends a Pong in the same write as the head.", "Passes over it.", glued(.pong, "unasked")) {
      echo("hello")
    }
    openingGluedParts
    openingGluedEnds
  }

  /// A head with the beginning of a frame behind it.
  @ListBuilder<Scenario> private static var openingGluedParts: [Scenario] {
    let frame = glued(.text, "in two parts")
    for (slug, place, count) in [
      ("first-byte", "first byte", 1), ("header", "header", 2), ("half", "first half", 7),
    ] {
      glued(
        slug, "Sends the \(place) of a text frame in the same write as the head, and the rest later.",
        "Keeps the part, and delivers the message when it is whole.", Array(frame.prefix(count))
      ) {
        ServerStep.pause(milliseconds: 20)
        ServerStep.sendBytes(.bytes(Array(frame.dropFirst(count))))
        ServerStep.expectText("in two parts")
      }
    }
  }

  /// A connection that is over as soon as it begins.
  @ListBuilder<Scenario> private static var openingGluedEnds: [Scenario] {
    let close = Frame(.close, [0x03, 0xE8]).encoded()
    glued(
      "close", "Sends a Close with code 1000 in the same write as the head.",
      "Takes the connection as established and answers the Close.", close, ending: .endOfStream
    ) {
      ServerStep.expectClose
    }
    glued(
      "close-and-end",
      "Sends a text frame and a Close in the same write as the head, and ends the stream at once.",
      "Delivers the message, answers the Close and ends.", glued(.text, "farewell") + close,
      ending: .endOfStream
    ) {
      ServerStep.halfClose
    }
    let invalid: [(slug: String, what: String, bytes: [UInt8], code: UInt16)] = [
      (
        "reserved-bit", "a text frame with a reserved bit", Frame(.text, [0x61], reservedBits: 4).encoded(),
        1002
      ),
      ("reserved-opcode", "a frame with opcode 3", Frame(Opcode(rawValue: 3), [0x61]).encoded(), 1002),
      ("bad-text", "a text frame that is not UTF-8", Frame(.text, [0x61, 0xFF]).encoded(), 1007),
    ]
    for (slug, what, bytes, code) in invalid {
      unlawful(
        "glued-\(slug)", slug == "bad-text" ? "8.1" : "5.2", "Sends \(what) in the same write as the head.",
        "Fails the connection with \(code), be it while connecting or later.", codes: [code],
        deliveries: .wholeOnly
      ) {
        ServerStep.respond(.append(.bytes(bytes)))
      }
    }
  }

  /// An unmasked, final frame as it stands behind a head.
  static func glued(_ opcode: Opcode, _ payload: String = "") -> [UInt8] {
    Frame(opcode, Array(payload.utf8)).encoded()
  }

  private static func glued(
    _ slug: String, _ description: String, _ expectation: String, _ bytes: [UInt8],
    ending: ServerScript.Ending = .closingHandshake, @StepList _ steps: () -> [ServerStep]
  ) -> Scenario {
    lawful("glued-\(slug)", "4.1", description, expectation, ending: ending, deliveries: .wholeOnly) {
      ServerStep.respond(.append(.bytes(bytes)))
      steps()
    }
  }

  /// Responses that end before they are complete.
  @ListBuilder<Scenario> static var openingCutShort: [Scenario] {
    let whole = [switching, upgrade, connection, accept].joined(separator: "\r\n")
    let cuts = [
      ("at-once", "before the first byte of its response", ""), ("first-byte", "behind the first byte", "H"),
      ("in-status-line", "inside the status line", "HTTP/1.1 101 Swi"),
      ("after-status-line", "behind the status line", "\(switching)\r\n"),
      ("behind-cr", "between CR and LF of a header line", "\(switching)\r\n\(upgrade)\r"),
      (
        "in-value", "inside the value of a header",
        "\(switching)\r\n\(accept)\r\n\(connection)\r\nUpgrade: webso"
      ),
      ("in-header", "inside a header", "\(switching)\r\n\(upgrade)\r\nConn"),
      ("after-headers", "behind the last header", "\(whole)\r\n"),
      ("before-last-lf", "one byte before the end of the head", "\(whole)\r\n\r"),
    ]
    for (slug, place, head) in cuts {
      refused("end-\(slug)", "4.1", "Ends the stream \(place).", response: .raw(.text(head)))
    }
    refused(
      "end-in-content", "4.1", "Ends the stream inside the content of a refusal with status 404.",
      response: .head("HTTP/1.1 404 Not Found", "Content-Length: 2000", after: "There is "))
    let resets = ["at-once", "in-status-line", "in-header", "after-headers", "before-last-lf"]
    for (slug, place, head) in cuts where resets.contains(slug) {
      reset("reset-\(slug)", "Resets the connection \(place).", head)
    }
    refused(
      "frame-in-place-of-head", "4.1", "Sends a frame at once, without any response.",
      response: .raw([0x81, 0x05, 0x68, 0x65, 0x6C, 0x6C, 0x6F]))
    refused(
      "other-protocol", "4.1", "Speaks another protocol, as a mail server would.",
      response: .raw("220 mail.example.com ESMTP ready\r\n"))
  }

  private static func reset(_ slug: String, _ description: String, _ head: String) -> Scenario {
    var scenario = refused(slug, "4.1", description, response: .raw(.text(head)))
    scenario.server.connections[0].steps = [.respond(.raw(.text(head))), .resetTCP]
    return scenario
  }
}
