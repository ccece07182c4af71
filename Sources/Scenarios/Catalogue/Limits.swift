import Steps
import WebSocketProtocol

extension Catalogue {
  /// Much, large, slow and several: where small boards give way.
  @ListBuilder<Scenario> static var limits: [Scenario] {
    limitsVolume
    limitsLengths
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
      "silence", .quality("5.5.2"), "Says nothing for 25 ms, then sends a message.",
      "Waits for it and echoes it.", deliveries: .wholeOnly
    ) {
      ServerStep.pause(milliseconds: 25)
      echo("after the silence")
    }
  }

  /// Lengths that no board can hold. The end of the stream follows, so that a client that waits for the payload gets no stuck.
  @ListBuilder<Scenario> private static var limitsLengths: [Scenario] {
    let lengths: [(String, String, UInt64)] = [
      ("256-mib", "256 MiB", 1 << 28), ("2-gib", "2 GiB", 1 << 31),
      ("4-gib-and-5", "4 GiB and 5 bytes", 1 << 32 | 5),
      ("2-to-the-62", "2 to the power of 62 bytes", 1 << 62),
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

  /// Bytes of which none is like its neighbours, so that a lost or a repeated piece shows; described rather than random, so that the
  /// board need not be told them one by one.
  private static func filler(_ count: Int) -> Payload {
    // 251 is prime, so no power of two is a multiple: a piece that is written twice is out of step.
    let unit = (0..<251).map { UInt8($0) }
    return .repeated(unit: unit, count: (count + 250) / 251)
  }

  /// A server that does not read fills the client's send buffer, so that its writes become partial.
  @ListBuilder<Scenario> private static var limitsBackpressure: [Scenario] {
    let messages = [8100, 8300, 8600, 8800].map(filler)
    lawful(
      "backpressure-send", "5.2", "Does not read for 25 ms while the client sends four messages of 8 KiB.",
      "Sends every byte once there is room.", tags: ["backpressure"],
      client: ClientScript(
        [.connect(ConnectStep())]
          + messages.map { .send(kind: .binary, payload: $0) } + [.echo()]),
      deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 25)
      ServerStep.resumeReading
      for message in messages { ServerStep.expectBinary(message) }
    }
    lawful(
      "backpressure-echo", "5.2", "Sends four messages of 6000 bytes and does not read the echoes for 25 ms.",
      "Sends every byte once there is room.", tags: ["backpressure"], deliveries: .unpaused
    ) {
      ServerStep.stopReading
      for _ in 0..<4 { ServerStep.text(.random(count: 6000, kind: .utf8)) }
      ServerStep.pause(milliseconds: 25)
      ServerStep.resumeReading
      for _ in 0..<4 { ServerStep.expectText(.random(count: 6000, kind: .utf8)) }
    }
    lawful(
      "backpressure-ping", "5.5.2", "Sends a Ping while the client is stuck in sending 24 KiB.",
      "Puts the Pong between frames, never inside one.", tags: ["backpressure"],
      client: ClientScript([
        .connect(ConnectStep()), .send(kind: .binary, payload: filler(24576)), .echo(),
      ]), deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.ping("meanwhile")
      ServerStep.pause(milliseconds: 25)
      ServerStep.resumeReading
      ServerStep.expectBinary(filler(24576))
      echo("afterwards")
    }
    lawful(
      "backpressure-then-reset", "7.1.5",
      "Does not read while the client sends 24 KiB, and resets the connection.",
      "Ends too, and does not wait for ever.", tags: ["backpressure"],
      client: ClientScript([
        .connect(ConnectStep()), .send(kind: .binary, payload: filler(24576)), .echo(),
      ]), ending: .endOfStream, deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 15)
      ServerStep.resetTCP
    }
  }
}
