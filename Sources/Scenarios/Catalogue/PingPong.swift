import Steps
import WebSocketProtocol

extension Catalogue {
  /// Pings must be answered, Pongs need no answer (RFC 6455 sections 5.5.2 and 5.5.3).
  @ListBuilder<Scenario> static var pingPong: [Scenario] {
    lawful(
      "ping-empty", "5.5.2", "Sends a Ping without payload.", "Answers with a Pong without payload."
    ) {
      ServerStep.ping()
      ServerStep.expectPong()
    }
    lawful("ping-text", "5.5.3", "Sends a Ping with a few letters.", "Answers with a Pong that repeats them.")
    {
      ServerStep.ping("Hello, board!")
      ServerStep.expectPong("Hello, board!")
    }
    lawful(
      "ping-binary", "5.5.3", "Sends a Ping whose payload is not UTF-8.",
      "Answers with a Pong of the same bytes."
    ) {
      ServerStep.ping([0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF])
      ServerStep.expectPong([0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF])
    }
    lawful(
      "ping-longest", "5.5", "Sends a Ping with 125 bytes, the most that a control frame holds.",
      "Answers with a Pong of the same bytes."
    ) {
      ServerStep.ping(.random(count: 125, kind: .binary))
      ServerStep.expectPong(.random(count: 125, kind: .binary))
    }
    for (slug, encoding) in [("16-bit", FrameSpec.LengthEncoding.sixteenBit), ("64-bit", .sixtyFourBit)] {
      unlawful(
        "ping-too-long-\(slug)", "5.5", "Sends a Ping with 126 bytes, its length in the \(slug) form."
      ) {
        ServerStep.frame(.ping, .repeated(unit: [0x2A], count: 126), lengthEncoding: encoding)
      }
    }
    unlawful("pong-too-long", "5.5", "Sends a Pong with 126 bytes.") {
      ServerStep.pong(.repeated(unit: [0x2A], count: 126))
    }
    unlawful(
      "ping-65536", "5.5", "Sends a Ping with 65536 bytes.",
      "Fails the connection with 1002 at its header, without reading on.", deliveries: .notBytewise
    ) {
      ServerStep.ping(.repeated(unit: [0x2A], count: 65536))
    }
    unlawful(
      "ping-too-long-announced", "5.5", "Sends the header of a Ping of 126 bytes and nothing of its payload.",
      "Fails the connection with 1002 at the header.", isProbed: false
    ) {
      ServerStep.sendBytes([0x89, 0x7E, 0x00, 0x7E])
      ServerStep.halfClose
    }
    pingPongContents
    pingPongInOrder
    pingPongBetween
    pingPongByClient
  }

  /// Payloads that a client may take for something else.
  @ListBuilder<Scenario> private static var pingPongContents: [Scenario] {
    let contents: [(String, String, Payload)] = [
      ("ping-1", "of one byte", [0x80]), ("ping-124", "of 124 bytes", .random(count: 124, kind: .binary)),
      ("ping-like-close", "that reads like a Close frame", [0x88, 0x02, 0x03, 0xE8]),
      ("ping-like-code", "that reads like a close code", [0x03, 0xE8]),
      ("ping-zeros", "of 32 zeros", .repeated(unit: [0], count: 32)),
    ]
    for (slug, what, payload) in contents {
      lawful(slug, "5.5.3", "Sends a Ping \(what).", "Answers with a Pong of the same bytes.") {
        ServerStep.ping(payload)
        ServerStep.expectPong(payload)
      }
    }
    lawful(
      "pong-unsolicited-longest", "5.5.3", "Sends a Pong of 125 bytes that nobody asked for.",
      "Says nothing to it, and echoes the message that follows."
    ) {
      ServerStep.pong(.random(count: 125, kind: .binary))
      echo("after the Pong")
    }
    lawful(
      "ping-changing", "5.5.3", "Sends Pings of 125, 0, 60 and 1 bytes, each once the last was answered.",
      "Answers each with its own payload: nothing of a longer one is left over."
    ) {
      for count in [125, 0, 60, 1] {
        ServerStep.ping(.random(count: count, kind: .binary))
        ServerStep.expectPong(.random(count: count, kind: .binary))
      }
    }
  }

  /// Several in a row.
  @ListBuilder<Scenario> private static var pingPongInOrder: [Scenario] {
    lawful(
      "ping-ten", "5.5.2", "Sends ten Pings one after the other, each once the last was answered.",
      "Answers each with its own Pong.", deliveries: .unpausedAndBytewise
    ) {
      for number in 0..<10 {
        ServerStep.ping("ping \(number)")
        ServerStep.expectPong("ping \(number)")
      }
    }
    lawful(
      "ping-ten-empty", "5.5.2", "Sends ten Pings without payload, each once the last was answered.",
      "Answers each.", deliveries: .unpausedAndBytewise
    ) {
      for _ in 0..<10 {
        ServerStep.ping()
        ServerStep.expectPong()
      }
    }
    lawful(
      "ping-flood-and-messages", "5.5.2",
      "Sends forty Pings with a message behind every fourth, without waiting.",
      "Echoes all messages, and answers at least the last Ping.", deliveries: .unpausedAndBytewise
    ) {
      for number in 1...40 {
        ServerStep.ping("flood \(number)")
        if number.isMultiple(of: 4) { ServerStep.text("message \(number)") }
      }
      for number in 1...10 { ServerStep.expectText("message \(number * 4)") }
      ServerStep.ping("the last one")
      ServerStep.expectPong("the last one")
    }
    lawful(
      "ping-flood", "5.5.3", "Sends a hundred Pings without waiting for an answer.",
      "Answers at least the last of them; may skip older ones.", deliveries: .unpausedAndBytewise
    ) {
      for number in 0..<100 { ServerStep.ping("flood \(number)") }
      ServerStep.expectPong("flood 99")
    }
    lawful(
      "ping-flood-longest", "5.5.3", "Sends thirty Pings of 125 bytes without waiting for an answer.",
      "Answers at least the last of them.", deliveries: .unpaused
    ) {
      for number in 10..<40 {
        ServerStep.ping("\(number)\(String(repeating: "x", count: 123))")
      }
      ServerStep.expectPong("39\(String(repeating: "x", count: 123))")
    }
    lawful(
      "pong-unsolicited-empty", "5.5.3", "Sends a Pong without payload that nobody asked for.",
      "Says nothing to it, and echoes the message that follows."
    ) {
      ServerStep.pong()
      echo("after the Pong")
    }
    lawful(
      "pong-unsolicited", "5.5.3", "Sends a Pong with a payload that nobody asked for.",
      "Says nothing to it, and echoes the message that follows."
    ) {
      ServerStep.pong("unasked")
      echo("after the Pong")
    }
    lawful(
      "pong-then-ping", "5.5.3", "Sends a Pong that nobody asked for, then a Ping with another payload.",
      "Answers the Ping with its payload."
    ) {
      ServerStep.pong("unasked")
      ServerStep.ping("asked")
      ServerStep.expectPong("asked")
    }
    lawful(
      "pong-flood", .quality("5.5.3"), "Sends twenty Pongs that nobody asked for.",
      "Says nothing to them, and echoes the message that follows.", deliveries: .unpausedAndBytewise
    ) {
      // No more: a client that pauses some milliseconds at each read shows nothing of its being at work.
      for number in 0..<20 { ServerStep.pong("pong \(number)") }
      echo("after the Pongs")
    }
  }

  /// Between messages and fragments.
  @ListBuilder<Scenario> private static var pingPongBetween: [Scenario] {
    lawful(
      "ping-before-message", "5.5.2", "Sends a Ping and a text message in a row.",
      "Answers the Ping and echoes the message."
    ) {
      ServerStep.ping("first")
      ServerStep.text("second")
      ServerStep.expectText("second")
    }
    lawful(
      "ping-between-messages", "5.5.2", "Sends two text messages with a Ping between them, without waiting.",
      "Echoes both in order and answers the Ping."
    ) {
      ServerStep.text("one")
      ServerStep.ping("between")
      ServerStep.text("two")
      ServerStep.expectText("one")
      ServerStep.expectText("two")
    }
    lawful(
      "ping-between-fragments", "5.4", "Sends a Ping between the two fragments of a text message.",
      "Answers the Ping before the message is complete, then echoes the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.ping("between")
      ServerStep.expectPong("between")
      ServerStep.last("ments")
      ServerStep.expectText("fragments")
    }
    lawful(
      "pong-between-fragments", "5.4", "Sends a Pong between the two fragments of a text message.",
      "Says nothing to the Pong and echoes the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.pong("between")
      ServerStep.last("ments")
      ServerStep.expectText("fragments")
    }
    lawful(
      "ping-before-close", "5.5.2", "Sends a Ping and a Close in a row.",
      "Answers the Close; may leave out the Pong."
    ) {
      ServerStep.ping("last")
      ServerStep.close(1000)
    }
    lawful(
      "ping-between-empty-fragments", "5.4", "Sends a Ping between two empty fragments.",
      "Answers the Ping and echoes an empty message."
    ) {
      ServerStep.begin(.text)
      ServerStep.ping("between")
      ServerStep.expectPong("between")
      ServerStep.last()
      ServerStep.expectText("")
    }
    lawful(
      "ping-longest-between-fragments", "5.4", "Sends a Ping of 125 bytes between fragments of one byte.",
      "Answers the Ping and keeps the message apart from its payload."
    ) {
      ServerStep.begin(.binary, [1])
      ServerStep.ping(.random(count: 125, kind: .binary))
      ServerStep.expectPong(.random(count: 125, kind: .binary))
      ServerStep.last([2])
      ServerStep.expectBinary([1, 2])
    }
    lawful(
      "ping-right-after-opening", "5.5.2", "Sends a Ping right behind the head of its response.",
      "Answers the Ping, also where it came in one read with the head."
    ) {
      ServerStep.respond(.append([0x89, 0x05, 0x66, 0x69, 0x72, 0x73, 0x74]))
      ServerStep.expectPong("first")
    }
  }

  /// Pings of the client's own: an API need not offer them. The message behind the Ping keeps a client that cannot from waiting; the
  /// server answers every Ping that comes while it waits for a message.
  @ListBuilder<Scenario> private static var pingPongByClient: [Scenario] {
    lawful(
      "client-ping", .may("5.5.2"), "Waits for a Ping and a message of the client, and answers the Ping.",
      "Sends a masked Ping of at most 125 bytes, and takes the Pong without a word.", tags: ["client-ping"],
      client: pinging("are you there?")
    ) {
      ServerStep.expectText("pinged")
    }.disputed(Dispute.clientPing)
    for (slug, what, payload) in [
      ("empty", "without payload", Payload.empty),
      ("longest", "of 125 bytes", .random(count: 125, kind: .binary)),
    ] {
      lawful(
        "client-ping-\(slug)", .may("5.5.2"), "Answers a Ping \(what) of the client's.",
        "Sends the Ping as it was asked to, and takes the Pong for its answer.", tags: ["client-ping"],
        client: pinging(payload)
      ) {
        ServerStep.expectFrame(FrameExpectation(opcode: Opcode.ping.rawValue, payload: payload))
        ServerStep.pong(payload)
        ServerStep.expectText("pinged")
      }.disputed(Dispute.clientPing)
    }
    lawful(
      "client-ping-message-first", .may("5.5.2"),
      "Sends two messages before it answers the client's Ping.",
      "Hands out both messages and takes the Pong.", tags: ["client-ping"], client: pinging("mine")
    ) {
      ServerStep.expectFrame(FrameExpectation(opcode: Opcode.ping.rawValue, payload: "mine"))
      ServerStep.text("one")
      ServerStep.text("two")
      ServerStep.pong("mine")
      ServerStep.expectMessage(kind: .text, payload: nil)
      ServerStep.expectMessage(kind: .text, payload: nil)
      ServerStep.expectMessage(kind: .text, payload: nil)
    }.disputed(Dispute.clientPing)
    lawful(
      "client-ping-unanswered", .may("5.5.2"), "Sends a Close in place of an answer to the client's Ping.",
      "Answers the Close, and its ping returns.", tags: ["client-ping"], client: pinging("in vain")
    ) {
      ServerStep.expectFrame(FrameExpectation(opcode: Opcode.ping.rawValue, payload: "in vain"))
      ServerStep.close(1001)
    }.disputed(Dispute.clientPing)
    lawful(
      "client-ping-other-pong", .may("5.5.3"),
      "Sends a Pong of another payload before it answers the client's Ping.",
      "Takes the first Pong for an unsolicited one and goes on.", tags: ["client-ping"],
      client: pinging("mine")
    ) {
      ServerStep.pong("not yours")
      ServerStep.expectText("pinged")
    }.disputed(Dispute.clientPing)
  }

  /// One task receives, as an API may demand that waits for the Pong.
  private static func pinging(_ payload: Payload) -> ClientScript {
    ClientScript(tasks: [
      ClientTask(
        name: "main",
        steps: [
          .connect(ConnectStep()), .start(task: "receiver"), .ping(payload: payload),
          .send(kind: .text, payload: "pinged"), .join(task: "receiver"),
        ]),
      ClientTask(name: "receiver", steps: [.echo()]),
    ])
  }
}
