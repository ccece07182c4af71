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
    pingPongInOrder
    pingPongBetween
    pingPongByClient
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
    }
    lawful(
      "client-ping-other-pong", .may("5.5.3"),
      "Sends a Pong of another payload before it answers the client's Ping.",
      "Takes the first Pong for an unsolicited one and goes on.", tags: ["client-ping"],
      client: pinging("mine")
    ) {
      ServerStep.pong("not yours")
      ServerStep.expectText("pinged")
    }
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
