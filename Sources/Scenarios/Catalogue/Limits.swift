import Steps
import WebSocketProtocol

extension Catalogue {
  /// Much, large, slow and several: where small boards give way.
  @ListBuilder<Scenario> static var limits: [Scenario] {
    limitsVolume
    limitsManyMessages
    limitsFragmentSizes
    limitsChunkSizes
    limitsSizes
    limitsThousands
    limitsMegabytesInPieces
    limitsLengths
    limitsLengthsInFragments
    limitsBackpressure
  }

  @ListBuilder<Scenario> private static var limitsVolume: [Scenario] {
    lawful(
      "messages-50", "5.4", "Exchanges fifty text messages of 16 bytes, one after the other.",
      "Echoes all of them.", deliveries: .unpaused
    ) {
      for number in 100..<150 { echo("message no. \(number) ") }
    }
    lawful(
      "messages-60-at-once", "5.4", "Sends sixty binary messages of 32 bytes without waiting.",
      "Echoes all of them, in order.", deliveries: .unpausedAndBytewise
    ) {
      for number in UInt8(0)..<60 { ServerStep.binary(.repeated(unit: [number], count: 32)) }
      for number in UInt8(0)..<60 { ServerStep.expectBinary(.repeated(unit: [number], count: 32)) }
    }
    lawful(
      "fragments-128", "5.4",
      "Sends a binary message of 16 KiB in 128 fragments, with a Ping behind every tenth.",
      "Answers the Pings and echoes it as one message.",
      deliveries: .unpaused
    ) {
      // A client that pauses some milliseconds at each read shows by its Pongs that it is at work.
      ServerStep.begin(.binary, .repeated(unit: [0xA5], count: 128))
      for number in 2..<128 {
        ServerStep.more(.repeated(unit: [0xA5], count: 128))
        if number.isMultiple(of: 10) { ServerStep.ping("\(number)") }
      }
      ServerStep.last(.repeated(unit: [0xA5], count: 128))
      ServerStep.expectBinary(.repeated(unit: [0xA5], count: 16384))
    }
    lawful(
      "fragments-200-empty", .quality("5.4"),
      "Sends two hundred empty fragments inside a message, with a Ping behind every twentieth.",
      "Answers the Pings and echoes the message.", deliveries: .unpausedAndBytewise
    ) {
      ServerStep.begin(.text, "a")
      for number in 2...201 {
        ServerStep.more()
        if number.isMultiple(of: 20) { ServerStep.ping("\(number)") }
      }
      ServerStep.last("z")
      ServerStep.expectText("az")
    }
    lawful(
      "silence", .quality("5.5.2"), "Says nothing for 60 ms, then sends a message.",
      "Waits for it and echoes it.", deliveries: .wholeOnly
    ) {
      // Long beside the moments for which a busy computer leaves the board waiting: a client that gives up after 10 ms survived 25.
      ServerStep.pause(milliseconds: 60)
      echo("after the silence")
    }
  }

  /// Lengths that no board can hold. The end of the stream follows, so that a client that waits for the payload gets no stuck.
  @ListBuilder<Scenario> private static var limitsLengths: [Scenario] {
    let lengths: [(String, String, UInt64)] = [
      ("256-mib", "256 MiB", 1 << 28), ("2-gib", "2 GiB", 1 << 31),
      ("4-gib-and-5", "4 GiB and 5 bytes", 1 << 32 | 5),
      ("2-to-the-62", "2 to the power of 62 bytes", 1 << 62),
      ("4-gib", "exactly 4 GiB, whose low 32 bits are zero,", 1 << 32),
      ("2-to-the-63-less-1", "2 to the power of 63 bytes less one", 1 << 63 - 1),
    ]
    for (slug, what, length) in lengths {
      unlawful(
        "length-\(slug)", .quality("10.4"), "Announces a frame of \(what) and sends five of them.",
        "Fails the connection with 1009 before it reserves memory for the payload.", codes: [1009]
      ) {
        ServerStep.frame(.binary, "hello", lengthEncoding: .sixtyFourBit, declaredLength: length)
      }
    }
    lawful(
      "length-512-kib-cut", .quality("10.4"),
      "Announces a message of 512 KiB, more than a board holds, and ends the stream.",
      "Fails the connection with 1009, or ends with the stream; does not run out of memory.",
      ending: .awaitFailure, expected: Expected(messageLimit: 65536)
    ) {
      ServerStep.frame(.binary, "hello", lengthEncoding: .sixtyFourBit, declaredLength: 512 << 10)
      ServerStep.halfClose
    }
  }

  /// What a frame cannot hold, a message of several frames cannot either.
  @ListBuilder<Scenario> private static var limitsLengthsInFragments: [Scenario] {
    let fragments: [(String, String, UInt64, Bool)] = [
      ("first-fragment-1-gib", "a first fragment of 1 GiB", 1 << 30, true),
      ("continuation-256-mib", "a second fragment of 256 MiB", 1 << 28, false),
      (
        "continuation-overflow", "a second fragment of 2 to the power of 63 bytes less one", 1 << 63 - 1,
        false
      ),
    ]
    for (slug, what, length, isFirst) in fragments {
      unlawful(
        "length-\(slug)", .quality("10.4"), "Announces \(what) and sends five bytes of it.",
        "Fails the connection with 1009 before it reserves memory: the limit is that of the message.",
        codes: [1009]
      ) {
        if !isFirst { ServerStep.begin(.binary, "begun") }
        ServerStep.frame(
          isFirst ? .binary : .continuation, "hello", isFinal: !isFirst, lengthEncoding: .sixtyFourBit,
          declaredLength: length)
      }
    }
    unlawful(
      "length-text-2-gib", .quality("10.4"), "Announces a text frame of 2 GiB and sends five bytes of it.",
      "Fails the connection with 1009 before it reserves memory for the text.", codes: [1009]
    ) {
      ServerStep.frame(.text, "hello", lengthEncoding: .sixtyFourBit, declaredLength: 1 << 31)
    }
    unlawful(
      "length-after-message-1-gib", .quality("10.4"),
      "Exchanges a message of 8 KiB, then announces a frame of 1 GiB and sends five bytes of it.",
      "Echoes the message and fails the connection with 1009, also with its heap in use.", codes: [1009],
      deliveries: .notBytewise
    ) {
      echo(filler(8192), as: .binary)
      ServerStep.frame(.binary, "hello", lengthEncoding: .sixtyFourBit, declaredLength: 1 << 30)
    }
  }

  /// Bytes of which none is like its neighbours, so that a lost or a repeated piece shows; described rather than random, so that the
  /// board need not be told them one by one.
  static func filler(_ count: Int) -> Payload {
    // 251 is prime, so no power of two is a multiple: a piece that is written twice is out of step.
    let unit = (0..<251).map { UInt8($0) }
    return .repeated(unit: unit, count: (count + 250) / 251)
  }
}
