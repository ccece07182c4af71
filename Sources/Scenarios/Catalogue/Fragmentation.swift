import Steps
import WebSocketProtocol

extension Catalogue {
  /// Messages in several frames (RFC 6455 section 5.4).
  @ListBuilder<Scenario> static var fragmentation: [Scenario] {
    lawful("text-two", "5.4", "Sends a text message in two fragments.", "Echoes it as one message.") {
      ServerStep.begin(.text, "frag")
      ServerStep.last("ments")
      ServerStep.expectText("fragments")
    }
    lawful(
      "binary-two", "5.4", "Sends a binary message in two fragments.", "Echoes it as one binary message."
    ) {
      ServerStep.begin(.binary, [0xFF, 0x00])
      ServerStep.last([0x81, 0xFE])
      ServerStep.expectBinary([0xFF, 0x00, 0x81, 0xFE])
    }
    lawful("text-three", "5.4", "Sends a text message in three fragments.", "Echoes it as one message.") {
      ServerStep.begin(.text, "a ")
      ServerStep.more("b ")
      ServerStep.last("c")
      ServerStep.expectText("a b c")
    }
    lawful(
      "letter-by-letter", "5.4", "Sends a text message of one letter a fragment.",
      "Echoes it as one message.",
      deliveries: .unpausedAndBytewise
    ) {
      ServerStep.begin(.text, "l")
      for letter in "etter by lette" { ServerStep.more("\(letter)") }
      ServerStep.last("r")
      ServerStep.expectText("letter by letter")
    }
    fragmentsEmpty
    fragmentsOfSizes
    fragmentsInARow
    fragmentsAndControl
    fragmentsOutOfOrder
    fragmentedControl
    fragmentsUnfinished
  }

  @ListBuilder<Scenario> private static var fragmentsEmpty: [Scenario] {
    let forms: [(String, String, [Payload])] = [
      ("first-empty", "the first", ["", "a", "b"]), ("middle-empty", "the middle", ["a", "", "b"]),
      ("last-empty", "the last", ["a", "b", ""]), ("all-empty", "every one", ["", "", ""]),
    ]
    for (slug, which, pieces) in forms {
      lawful(
        slug, "5.4", "Sends a text message in three fragments of which \(which) is empty.",
        "Echoes it as one message."
      ) {
        ServerStep.begin(.text, pieces[0])
        ServerStep.more(pieces[1])
        ServerStep.last(pieces[2])
        ServerStep.expectText(slug == "all-empty" ? "" : "ab")
      }
    }
  }

  /// Each form of the length field in fragments, and sizes that differ.
  @ListBuilder<Scenario> private static var fragmentsOfSizes: [Scenario] {
    for count in [125, 126, 127] {
      lawful(
        "binary-two-of-\(count)", "5.4", "Sends a binary message in two fragments of \(count) bytes each.",
        "Echoes it as one message."
      ) {
        ServerStep.begin(.binary, .repeated(unit: [0xA5], count: count))
        ServerStep.last(.repeated(unit: [0xA5], count: count))
        ServerStep.expectBinary(.repeated(unit: [0xA5], count: 2 * count))
      }
    }
    lawful(
      "every-length-form", "5.4", "Sends a binary message in fragments of 65536, 300 and 5 bytes.",
      "Echoes it as one message, whatever the form of each length.", tags: ["large"], deliveries: .notBytewise
    ) {
      ServerStep.begin(.binary, .repeated(unit: [1], count: 65536))
      ServerStep.more(.repeated(unit: [1], count: 300))
      ServerStep.last(.repeated(unit: [1], count: 5))
      ServerStep.expectBinary(.repeated(unit: [1], count: 65841))
    }
    lawful(
      "every-length-form-in-turn", "5.4", "Sends a binary message in fragments of 5, 300 and 65536 bytes.",
      "Echoes it as one message, whatever the form of each length.", tags: ["large"], deliveries: .notBytewise
    ) {
      ServerStep.begin(.binary, .repeated(unit: [1], count: 5))
      ServerStep.more(.repeated(unit: [1], count: 300))
      ServerStep.last(.repeated(unit: [1], count: 65536))
      ServerStep.expectBinary(.repeated(unit: [1], count: 65841))
    }
    lawful(
      "long-then-short", "5.4", "Sends a text message in fragments of 4000, 1, 0 and 2 bytes.",
      "Echoes it as one message: nothing of a longer fragment is left over."
    ) {
      ServerStep.begin(.text, .repeated(unit: Array("long".utf8), count: 1000))
      ServerStep.more("s")
      ServerStep.more()
      ServerStep.last("ho")
      ServerStep.expectText(.text(String(repeating: "long", count: 1000) + "sho"))
    }
    lawful(
      "ten-messages-of-two", "5.4", "Sends ten text messages of two fragments each, without waiting.",
      "Echoes ten messages: each begins anew.", deliveries: .unpausedAndBytewise
    ) {
      for number in 0..<10 {
        ServerStep.begin(.text, "message ")
        ServerStep.last("\(number)")
      }
      for number in 0..<10 { ServerStep.expectText("message \(number)") }
    }
    lawful(
      "slow", "5.4", "Sends a text message in five fragments, 6 ms apart, with a Ping behind each.",
      "Waits for the rest, answers the Pings meanwhile and echoes one message.", deliveries: .wholeOnly
    ) {
      ServerStep.begin(.text, "0")
      for number in 1...4 {
        ServerStep.pause(milliseconds: 6)
        ServerStep.ping("ping \(number)")
        ServerStep.expectPong("ping \(number)")
        ServerStep.more("\(number)")
      }
      ServerStep.last("5")
      ServerStep.expectText("012345")
    }
  }

  @ListBuilder<Scenario> private static var fragmentsInARow: [Scenario] {
    lawful(
      "two-messages", "5.4", "Sends two fragmented messages of different kinds in a row.",
      "Echoes both, each of its own kind."
    ) {
      ServerStep.begin(.text, "one ")
      ServerStep.last("text")
      ServerStep.begin(.binary, [1])
      ServerStep.last([2])
      ServerStep.expectText("one text")
      ServerStep.expectBinary([1, 2])
    }
    lawful(
      "then-unfragmented", "5.4", "Sends a fragmented binary message, then a text message in one frame.",
      "Echoes both, each of its own kind."
    ) {
      ServerStep.begin(.binary, [1])
      ServerStep.last([2])
      ServerStep.text("whole")
      ServerStep.expectBinary([1, 2])
      ServerStep.expectText("whole")
    }
    lawful(
      "text-64-fragments", "5.4",
      "Sends a text message of 4 KiB in 64 fragments, with a Ping behind every tenth.",
      "Answers the Pings and echoes it as one message.",
      deliveries: .unpaused
    ) {
      ServerStep.begin(.text, .repeated(unit: Array("fragment".utf8), count: 8))
      for number in 2..<64 {
        ServerStep.more(.repeated(unit: Array("fragment".utf8), count: 8))
        if number.isMultiple(of: 10) { ServerStep.ping("\(number)") }
      }
      ServerStep.last(.repeated(unit: Array("fragment".utf8), count: 8))
      ServerStep.expectText(.repeated(unit: Array("fragment".utf8), count: 512))
    }
    lawful(
      "binary-16-kib", "5.4", "Sends a binary message of 16 KiB in four fragments of 4 KiB.",
      "Echoes it as one message.", deliveries: .notBytewise
    ) {
      let quarter = Payload.random(count: 4096, kind: .binary)
      ServerStep.begin(.binary, quarter)
      ServerStep.more(quarter)
      ServerStep.more(quarter)
      ServerStep.last(quarter)
      ServerStep.expectBinary()
    }
  }

  @ListBuilder<Scenario> private static var fragmentsAndControl: [Scenario] {
    lawful(
      "ping-between-each", "5.4", "Sends a Ping behind each of five fragments, without waiting.",
      "Answers the Pings and echoes the message.", deliveries: .unpausedAndBytewise
    ) {
      ServerStep.begin(.text, "0")
      for number in 1...4 {
        ServerStep.ping("ping \(number)")
        ServerStep.more("\(number)")
      }
      ServerStep.ping("ping 5")
      ServerStep.last("5")
      ServerStep.expectText("012345")
    }
    lawful(
      "controls-between", "5.4", "Sends two Pings and a Pong between the fragments of a binary message.",
      "Answers the Pings and echoes the message."
    ) {
      ServerStep.begin(.binary, [1, 2])
      ServerStep.ping("a")
      ServerStep.pong("b")
      ServerStep.ping("c")
      ServerStep.last([3, 4])
      ServerStep.expectBinary([1, 2, 3, 4])
    }
    lawful(
      "close-between", "5.4", "Sends a Close between the fragments of a text message.",
      "Answers with a Close and does not hand out the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.close(1000)
    }
  }

  @ListBuilder<Scenario> private static var fragmentsOutOfOrder: [Scenario] {
    unlawful("continuation-first", "5.4", "Begins with a continuation frame that is final.") {
      ServerStep.last("of nothing")
    }
    unlawful("continuation-first-unfinished", "5.4", "Begins with a continuation frame that is not final.") {
      ServerStep.more("of nothing")
    }
    unlawful("continuation-first-empty", "5.4", "Begins with an empty continuation frame.") {
      ServerStep.last()
    }
    unlawful(
      "continuation-after-message", "5.4", "Sends a continuation frame behind a message of one frame.",
      "Echoes the message and fails the connection with 1002."
    ) {
      echo("whole")
      ServerStep.last("of nothing")
    }
    unlawful(
      "continuation-after-fragments", "5.4", "Sends a continuation frame behind a fragmented message.",
      "Echoes the message and fails the connection with 1002."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.last("ments")
      ServerStep.expectText("fragments")
      ServerStep.last("more")
    }
    unlawful(
      "continuation-unfinished-after-message", "5.4",
      "Sends a continuation frame that is not final behind a message, and a text message in one frame.",
      "Echoes the first message, fails the connection with 1002 and does not hand out the second."
    ) {
      echo("whole")
      ServerStep.more("of nothing")
      ServerStep.text("a message")
    }
    unlawful(
      "continuation-after-control", "5.4", "Sends a Ping, and a continuation frame as if it went on.",
      "Fails the connection with 1002: a control frame begins no message."
    ) {
      ServerStep.ping("not a message")
      ServerStep.last("of nothing")
    }
    unlawful(
      "continuation-after-empty-message", "5.4",
      "Exchanges an empty message, then sends a continuation frame.",
      "Echoes the empty message and fails the connection with 1002."
    ) {
      echo("")
      ServerStep.last("of nothing")
    }
    unlawful(
      "empty-text-inside-message", "5.4", "Sends an empty text frame while a message is unfinished.",
      "Fails the connection with 1002 and hands out neither."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.text("")
    }
    unlawful(
      "text-inside-empty-fragment", "5.4", "Sends a text frame behind an empty first fragment.",
      "Fails the connection with 1002: an empty fragment has begun a message, too."
    ) {
      ServerStep.begin(.text)
      ServerStep.text("intruder")
    }
    for (name, kind, opcode) in [
      ("binary", ServerStep.MessageKind.binary, Opcode.binary), ("text", .binary, .text),
    ] {
      unlawful(
        "\(name)-inside-binary-message", "5.4", "Sends a \(name) frame while a binary message is unfinished.",
        "Fails the connection with 1002 and hands out neither."
      ) {
        ServerStep.begin(kind, [1, 2])
        ServerStep.frame(opcode, "intruder")
      }
    }
    unlawful(
      "text-inside-message-after-ping", "5.4",
      "Sends a Ping and a text frame while a message is unfinished.",
      "Answers the Ping, fails the connection with 1002 and hands out no message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.ping("between")
      ServerStep.expectPong("between")
      ServerStep.text("intruder")
    }
    for (name, opcode) in [("text", Opcode.text), ("binary", .binary)] {
      for isFinal in [true, false] {
        unlawful(
          "\(name)-inside-message\(isFinal ? "" : "-unfinished")", "5.4",
          "Sends a \(name) frame that is \(isFinal ? "" : "not ")final while a message is unfinished.",
          "Fails the connection with 1002 and hands out neither."
        ) {
          ServerStep.begin(.text, "frag")
          ServerStep.frame(opcode, "intruder", isFinal: isFinal)
        }
      }
    }
  }

  @ListBuilder<Scenario> private static var fragmentedControl: [Scenario] {
    for (name, opcode) in [("ping", Opcode.ping), ("pong", .pong)] {
      unlawful("\(name)-fragmented", "5.5", "Sends a \(name) frame that is not final, and a continuation.") {
        ServerStep.frame(opcode, "frag", isFinal: false)
        ServerStep.last("ments")
      }
    }
    for (name, opcode) in [("ping", Opcode.ping), ("pong", .pong)] {
      unlawful(
        "\(name)-unfinished-alone", "5.5",
        "Sends an empty \(name) frame that is not final, and nothing behind it."
      ) {
        ServerStep.frame(opcode, isFinal: false)
      }
    }
    unlawful(
      "pong-fragmented-inside-message", "5.5", "Sends a Pong that is not final between two fragments.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.binary, [1])
      ServerStep.frame(.pong, "pong", isFinal: false)
      ServerStep.last([2])
    }
    unlawful(
      "close-fragmented-inside-message", "5.5", "Sends a Close that is not final between two fragments.",
      "Fails the connection with 1002 and does not hand out the message.", isProbed: false
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.frame(.close, [0x03, 0xE8], isFinal: false)
      ServerStep.last("ments")
    }
    unlawful("close-fragmented", "5.5", "Sends a Close frame that is not final.", isProbed: false) {
      ServerStep.frame(.close, [0x03, 0xE8], isFinal: false)
    }
    unlawful(
      "ping-fragmented-inside-message", "5.5", "Sends a Ping that is not final between two fragments.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.frame(.ping, "ping", isFinal: false)
      ServerStep.last("ments")
    }
  }

  @ListBuilder<Scenario> private static var fragmentsUnfinished: [Scenario] {
    lawful(
      "unfinished-then-end", "7.1.5", "Sends a first fragment and ends the stream.",
      "Does not hand out the message; the connection is over.", ending: .endOfStream
    ) {
      ServerStep.begin(.text, "unfinished")
    }
    lawful(
      "unfinished-text-then-end", "7.1.5", "Sends three of four fragments and ends the stream.",
      "Does not hand out the message; the connection is over.", ending: .endOfStream
    ) {
      ServerStep.begin(.text, "three ")
      ServerStep.more("of ")
      ServerStep.more("four")
    }
    lawful(
      "unfinished-empty-then-end", "7.1.5", "Sends an empty first fragment and ends the stream.",
      "Hands out nothing, not even an empty message.", ending: .endOfStream
    ) {
      ServerStep.begin(.binary)
    }
    lawful(
      "unfinished-then-reset", "7.1.5", "Sends a first fragment and resets the connection.",
      "Does not hand out the message; the connection is over.", ending: .endOfStream
    ) {
      ServerStep.begin(.text, "unfinished")
      ServerStep.resetTCP
    }
  }
}
