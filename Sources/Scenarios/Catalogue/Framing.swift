import Steps
import WebSocketProtocol

extension Catalogue {
  /// Messages of one frame, in all forms of the length field (RFC 6455 section 5.2).
  @ListBuilder<Scenario> static var framing: [Scenario] {
    for count in [1, 125, 126, 127, 128, 1000, 4096, 16384] {
      let deliveries: [Delivery] = count > 2000 ? .notBytewise : .every
      lawful(
        "text-\(count)", "5.6", "Sends a text message of \(count) bytes.", "Echoes the same text.",
        deliveries: deliveries
      ) {
        echo(.random(count: count, kind: .utf8))
      }
      lawful(
        "binary-\(count)", "5.6", "Sends a binary message of \(count) bytes.", "Echoes the same bytes.",
        deliveries: deliveries
      ) {
        echo(.random(count: count, kind: .binary), as: .binary)
      }
    }
    lawful("text-empty", "5.6", "Sends an empty text message.", "Echoes an empty text message.") { echo("") }
    lawful("binary-empty", "5.6", "Sends an empty binary message.", "Echoes an empty binary message.") {
      echo([], as: .binary)
    }
    framingLarge
    framingSequences
    framingLengths
  }

  /// Around the largest length of the 16-bit form; a board with a heap of 400 KiB holds them.
  @ListBuilder<Scenario> private static var framingLarge: [Scenario] {
    for count in [65535, 65536] {
      lawful(
        "binary-\(count)", "5.2", "Sends a binary message of \(count) bytes.", "Echoes the same bytes.",
        tags: ["large"], deliveries: .notBytewise
      ) {
        echo(.random(count: count, kind: .binary), as: .binary)
      }
    }
    lawful(
      "text-65536", "5.2", "Sends a text message of 65536 bytes.", "Echoes the same text.", tags: ["large"],
      deliveries: .notBytewise
    ) {
      echo(.random(count: 65536, kind: .ascii))
    }
  }

  /// Several messages: nothing may be lost where one ends and the next begins.
  @ListBuilder<Scenario> private static var framingSequences: [Scenario] {
    lawful(
      "messages-in-a-row", "5.4", "Sends five messages of both kinds and several lengths without waiting.",
      "Echoes all of them, in order.", deliveries: .unpausedAndBytewise
    ) {
      let contents: [Payload] = [
        "one", "", "three, \u{E4}\u{20AC}\u{1F600}", .random(count: 200, kind: .ascii),
      ]
      for content in contents { ServerStep.text(content) }
      ServerStep.binary([0xFF, 0x00, 0x81, 0x05])
      for content in contents { ServerStep.expectText(content) }
      ServerStep.expectBinary([0xFF, 0x00, 0x81, 0x05])
    }
    lawful(
      "empty-messages-in-a-row", "5.4", "Sends four empty messages of both kinds without waiting.",
      "Echoes all of them, in order."
    ) {
      for _ in 0..<2 { ServerStep.text("") }
      for _ in 0..<2 { ServerStep.binary(.empty) }
      for _ in 0..<2 { ServerStep.expectText("") }
      for _ in 0..<2 { ServerStep.expectBinary(.empty) }
    }
    lawful(
      "message-glued-to-head", "5.1", "Sends a text message in one write with the head of its response.",
      "Takes the connection and echoes the message."
    ) {
      ServerStep.respond(.append([0x81, 0x05, 0x68, 0x65, 0x6C, 0x6C, 0x6F]))
      ServerStep.expectText("hello")
    }
    lawful(
      "partial-frame-glued-to-head", "5.1",
      "Sends the first three bytes of a text frame in one write with the head, the others afterwards.",
      "Takes the connection and echoes the message."
    ) {
      ServerStep.respond(.append([0x81, 0x05, 0x68]))
      ServerStep.sendBytes("ello")
      ServerStep.expectText("hello")
    }
    lawful(
      "payload-looks-like-frames", "5.2",
      "Sends a binary message whose payload is itself a sequence of frames.",
      "Echoes it as one message."
    ) {
      echo([0x88, 0x02, 0x03, 0xE8, 0x89, 0x00, 0x81, 0x01, 0x78, 0x0D, 0x0A, 0x0D, 0x0A], as: .binary)
    }
    lawful(
      "text-with-control-characters", "5.6", "Sends a text message with NUL, CR, LF, quotes and backslashes.",
      "Echoes the same text."
    ) {
      echo("a\u{0}b\r\n\r\n\"c\"\\d\u{7F}\u{1B}[0m")
    }
  }

  /// Length fields as they must not be.
  @ListBuilder<Scenario> private static var framingLengths: [Scenario] {
    let wasteful: [(String, Payload, FrameSpec.LengthEncoding)] = [
      ("empty-in-16-bit", .empty, .sixteenBit), ("5-in-16-bit", "hello", .sixteenBit),
      ("125-in-16-bit", .repeated(unit: [0x2A], count: 125), .sixteenBit),
      ("5-in-64-bit", "hello", .sixtyFourBit),
      ("200-in-64-bit", .repeated(unit: [0x2A], count: 200), .sixtyFourBit),
    ]
    for (slug, payload, encoding) in wasteful {
      unlawful(
        "length-\(slug)", .should("5.2"),
        "Sends a text frame of \(payload.count) bytes with its length in the \(encoding == .sixteenBit ? "16" : "64")-bit form.",
        tags: ["minimal-length"]
      ) {
        ServerStep.frame(.text, payload, lengthEncoding: encoding)
      }
    }
    unlawful(
      "length-top-bit", "5.2", "Sends a frame whose 64-bit length has its top bit set.",
      "Fails the connection with 1002, or with 1009 for its size, and reserves no memory for it.",
      codes: [1002, 1009]
    ) {
      ServerStep.frame(.binary, "hello", lengthEncoding: .sixtyFourBit, declaredLength: 1 << 63 | 5)
    }
  }
}
