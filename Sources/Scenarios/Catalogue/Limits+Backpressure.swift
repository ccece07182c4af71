import Steps
import WebSocketProtocol

extension Catalogue {
  /// A server that does not read fills the client's send buffer, so that its writes become partial.
  @ListBuilder<Scenario> static var limitsBackpressure: [Scenario] {
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
    limitsBackpressureEnds
    lawful(
      "backpressure-small-messages", "5.2",
      "Does not read for 25 ms while the client sends two hundred messages of 100 bytes.",
      "Sends all of them whole and in order once there is room.", tags: ["backpressure"],
      client: ClientScript(
        [.connect(ConnectStep())]
          + Array(
            repeating: .send(kind: .text, payload: .repeated(unit: Array("0123456789".utf8), count: 10)),
            count: 200)
          + [.echo()]), deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 25)
      ServerStep.resumeReading
      for _ in 0..<200 { ServerStep.expectText(.repeated(unit: Array("0123456789".utf8), count: 10)) }
    }
    lawful(
      "backpressure-in-turns", "5.2",
      "Reads, and does not read for 8 ms, four times while the client sends 48 KiB.",
      "Goes on each time where it stopped: no byte is lost and none comes twice.", tags: ["backpressure"],
      client: ClientScript([
        .connect(ConnectStep()), .send(kind: .binary, payload: filler(24576)),
        .send(kind: .binary, payload: filler(24000)), .echo(),
      ]), deliveries: .wholeOnly
    ) {
      for _ in 0..<4 {
        ServerStep.stopReading
        ServerStep.pause(milliseconds: 8)
        ServerStep.resumeReading
        ServerStep.pause(milliseconds: 1)
      }
      ServerStep.expectBinary(filler(24576))
      ServerStep.expectBinary(filler(24000))
    }
    lawful(
      "backpressure-text", "5.6",
      "Does not read for 25 ms while the client sends 24 KiB of 3-byte sequences.",
      "Sends the text whole, also where a write ended inside a code point.", tags: ["backpressure"],
      client: ClientScript([
        .connect(ConnectStep()), .send(kind: .text, payload: .repeated(unit: Array("€".utf8), count: 8192)),
        .echo(),
      ]), deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 25)
      ServerStep.resumeReading
      ServerStep.expectText(.repeated(unit: Array("€".utf8), count: 8192))
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

  /// Ends of the connection while the client is stuck in sending.
  @ListBuilder<Scenario> private static var limitsBackpressureEnds: [Scenario] {
    let stuck = ClientScript([
      .connect(ConnectStep()), .send(kind: .binary, payload: filler(24576)), .echo(),
    ])
    lawful(
      "backpressure-then-close", "5.5.1", "Sends a Close while the client is stuck in sending 24 KiB.",
      "Finishes or drops its frame, and answers with a Close at a frame's border.", tags: ["backpressure"],
      client: stuck, deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 10)
      ServerStep.close(1001)
      ServerStep.pause(milliseconds: 10)
      ServerStep.resumeReading
    }
    lawful(
      "backpressure-then-end", "7.1.5",
      "Ends its stream while the client is stuck in sending 24 KiB, then reads.",
      "Ends too, and does not wait for ever.", tags: ["backpressure"], client: stuck, ending: .endOfStream,
      deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 10)
      ServerStep.halfClose
      ServerStep.pause(milliseconds: 10)
      ServerStep.resumeReading
    }
    unlawful(
      "backpressure-then-violation", "5.2",
      "Sends a frame with a reserved opcode while the client is stuck in sending 24 KiB.",
      "Fails the connection once it reads, and does not wait for ever.", tags: ["backpressure"],
      isProbed: false,
      client: .sending([.send(kind: .binary, payload: filler(24576))], beside: .receive()),
      deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 10)
      ServerStep.frame(Opcode(rawValue: 3), "reserved")
      ServerStep.pause(milliseconds: 10)
      ServerStep.resumeReading
    }
    lawful(
      "backpressure-client-closes", "7.1.2",
      "Does not read for 25 ms while the client sends 24 KiB and closes.",
      "Sends its Close behind the whole message.", tags: ["backpressure"],
      client: ClientScript([
        .connect(ConnectStep()), .send(kind: .binary, payload: filler(24576)), .close(),
      ]), deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 25)
      ServerStep.resumeReading
      ServerStep.expectBinary(filler(24576))
      ServerStep.expectClose
    }
  }
}
