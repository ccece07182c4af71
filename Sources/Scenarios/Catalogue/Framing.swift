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
    for (count, edge) in [
      (255, "the most of one byte"), (256, "the least whose low byte is zero"),
      (512, "a size that buffers have"), (1024, "a size that buffers have"),
      (2048, "a size that buffers have"),
      (8192, "a size that buffers have"),
      (32768, "beyond a signed number of 16 bits"),
    ] {
      lawful(
        "binary-\(count)", "5.2", "Sends a binary message of \(count) bytes, \(edge).",
        "Echoes the same bytes.",
        deliveries: count > 2000 ? .notBytewise : .every
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
    for count in [65535, 65536] {
      lawful(
        "text-\(count)", "5.2", "Sends a text message of \(count) bytes.", "Echoes the same text.",
        tags: ["large"],
        deliveries: .notBytewise
      ) {
        echo(.random(count: count, kind: .ascii))
      }
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
      "lengths-0-to-40", "5.2", "Sends binary messages of 0 to 40 bytes, one more each, without waiting.",
      "Echoes all of them, in order.", deliveries: .unpausedAndBytewise
    ) {
      let contents = (0...40).map { Payload.bytes((0..<$0).map { UInt8($0) }) }
      for content in contents { ServerStep.binary(content) }
      for content in contents { ServerStep.expectBinary(content) }
    }
    lawful(
      "binary-every-byte", "5.6", "Sends a binary message of all 256 values of a byte.",
      "Echoes the same bytes: none is special."
    ) {
      echo(.bytes((UInt8.min...UInt8.max).map { $0 }), as: .binary)
    }
    lawful(
      "binary-like-text", "5.6", "Sends the same seven letters as a binary message and as a text message.",
      "Echoes each with its own type."
    ) {
      echo("letters", as: .binary)
      echo("letters")
    }
    lawful(
      "text-like-head", "5.6", "Sends a text message that looks like the head of a response.",
      "Echoes the same text: the opening handshake is over."
    ) {
      echo("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
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
      ("5-in-64-bit", "hello", .sixtyFourBit), ("empty-in-64-bit", .empty, .sixtyFourBit),
      ("125-in-64-bit", .repeated(unit: [0x2A], count: 125), .sixtyFourBit),
      ("126-in-64-bit", .repeated(unit: [0x2A], count: 126), .sixtyFourBit),
      ("200-in-64-bit", .repeated(unit: [0x2A], count: 200), .sixtyFourBit),
      ("65535-in-64-bit", .repeated(unit: [0x2A], count: 65535), .sixtyFourBit),
    ]
    for (slug, payload, encoding) in wasteful {
      unlawful(
        "length-\(slug)", .quality("5.2"),
        "Sends a text frame of \(payload.count) bytes with its length in the \(encoding == .sixteenBit ? "16" : "64")-bit form.",
        tags: ["minimal-length"], deliveries: payload.count > 2000 ? .notBytewise : .every
      ) {
        ServerStep.frame(.text, payload, lengthEncoding: encoding)
      }.disputed(Dispute.minimalLength)
    }
    framingControlLengths
    framingTopBit
    unlawful(
      "length-top-bit", "5.2", "Sends a frame whose 64-bit length has its top bit set.",
      "Fails the connection with 1002, or with 1009 for its size, and reserves no memory for it.",
      codes: [1002, 1009]
    ) {
      ServerStep.frame(.binary, "hello", lengthEncoding: .sixtyFourBit, declaredLength: 1 << 63 | 5)
    }
  }

  /// The same in control frames, fragments and binary messages: each may have a reader of its own.
  @ListBuilder<Scenario> private static var framingControlLengths: [Scenario] {
    let frames: [(String, String, Opcode, Payload, FrameSpec.LengthEncoding)] = [
      ("binary-in-64-bit", "a binary frame of 5 bytes", .binary, "hello", .sixtyFourBit),
      ("ping-in-16-bit", "a Ping of 5 bytes", .ping, "hello", .sixteenBit),
      ("ping-in-64-bit", "a Ping of 5 bytes", .ping, "hello", .sixtyFourBit),
      ("ping-empty-in-16-bit", "an empty Ping", .ping, .empty, .sixteenBit),
      ("pong-in-16-bit", "a Pong of 5 bytes", .pong, "hello", .sixteenBit),
      ("pong-in-64-bit", "a Pong of 5 bytes", .pong, "hello", .sixtyFourBit),
      ("close-in-16-bit", "a Close with code 1000", .close, [0x03, 0xE8], .sixteenBit),
      ("close-in-64-bit", "a Close with code 1000", .close, [0x03, 0xE8], .sixtyFourBit),
    ]
    for (slug, what, opcode, payload, encoding) in frames {
      let form = encoding == .sixteenBit ? "16" : "64"
      unlawful(
        "length-\(slug)", .quality("5.2"), "Sends \(what) with its length in the \(form)-bit form.",
        tags: ["minimal-length"], isProbed: opcode != .close
      ) {
        ServerStep.frame(opcode, payload, lengthEncoding: encoding)
      }.disputed(Dispute.minimalLength)
    }
    unlawful(
      "length-first-fragment-in-16-bit", .quality("5.2"),
      "Sends the first fragment of a text message with its 4 bytes announced in the 16-bit form.",
      "Fails the connection with 1002 and does not hand out the message.", tags: ["minimal-length"]
    ) {
      ServerStep.frame(.text, "frag", isFinal: false, lengthEncoding: .sixteenBit)
      ServerStep.last("ments")
    }.disputed(Dispute.minimalLength)
    unlawful(
      "length-continuation-in-64-bit", .quality("5.2"),
      "Sends the last fragment of a text message with its 5 bytes announced in the 64-bit form.",
      "Fails the connection with 1002 and does not hand out the message.", tags: ["minimal-length"]
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.frame(.continuation, "ments", lengthEncoding: .sixtyFourBit)
    }.disputed(Dispute.minimalLength)
  }

  /// 64-bit lengths whose top bit is set: negative for who reads them as signed.
  @ListBuilder<Scenario> private static var framingTopBit: [Scenario] {
    let expectation =
      "Fails the connection with 1002, or with 1009 for its size, and does not wait for the payload."
    for (slug, what, length) in [
      ("2-to-the-63", "exactly 2 to the power of 63", UInt64(1) << 63), ("all-ones", "all ones", UInt64.max),
    ] {
      unlawful(
        "length-\(slug)", "5.2", "Sends a text frame whose 64-bit length is \(what).", expectation,
        codes: [1002, 1009]
      ) {
        ServerStep.frame(.text, .empty, lengthEncoding: .sixtyFourBit, declaredLength: length)
      }
    }
    unlawful(
      "length-top-bit-continuation", "5.2",
      "Sends a fragment, and a continuation whose 64-bit length has its top bit set.",
      "Fails the connection with 1002, or with 1009, and does not hand out the message.", codes: [1002, 1009]
    ) {
      ServerStep.begin(.binary, "frag")
      ServerStep.frame(.continuation, "ments", lengthEncoding: .sixtyFourBit, declaredLength: 1 << 63 | 5)
    }
    unlawful(
      "length-ping-2-gib", "5.5", "Sends a Ping that announces 2 GiB and holds five bytes.",
      "Fails the connection with 1002, or with 1009 for its size, at its header.", codes: [1002, 1009]
    ) {
      ServerStep.frame(.ping, "hello", lengthEncoding: .sixtyFourBit, declaredLength: 1 << 31)
    }
  }
}
