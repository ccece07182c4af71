import Steps
import WebSocketProtocol

extension Catalogue {
  /// Servers must not mask, clients must (RFC 6455 sections 5.1 and 5.3).
  @ListBuilder<Scenario> static var masking: [Scenario] {
    for (name, opcode) in [("text", Opcode.text), ("binary", .binary), ("ping", .ping), ("pong", .pong)] {
      unlawful("\(name)-masked", "5.1", "Sends a masked \(name) frame.") {
        ServerStep.frame(opcode, "masked", maskingKey: 0x37FA_213D)
      }
    }
    unlawful("text-masked-empty", "5.1", "Sends a masked text frame without payload.") {
      ServerStep.frame(.text, maskingKey: 0x37FA_213D)
    }
    unlawful("text-masked-by-zero", "5.1", "Sends a text frame masked with a key of zeros.") {
      ServerStep.frame(.text, "masked", maskingKey: 0)
    }
    unlawful("close-masked", "5.1", "Sends a masked Close frame with code 1000.", isProbed: false) {
      ServerStep.frame(.close, [0x03, 0xE8], maskingKey: 0x37FA_213D)
    }
    unlawful(
      "continuation-masked", "5.1", "Sends a message whose second fragment is masked.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.frame(.continuation, "ments", maskingKey: 0x37FA_213D)
    }
    unlawful(
      "text-masked-200", "5.1", "Exchanges a message, then sends a masked text frame of 200 bytes.",
      "Echoes the first message and fails the connection with 1002."
    ) {
      echo("lawful")
      ServerStep.frame(.text, .random(count: 200, kind: .ascii), maskingKey: 0xDEAD_BEEF)
    }
    maskingInMessages
    maskingAround
    maskingByClient
    maskingKeys
  }

  private static let key: UInt32 = 0x37FA_213D

  /// Masked frames where a client looks at a frame in another way than at the first of a connection.
  @ListBuilder<Scenario> private static var maskingInMessages: [Scenario] {
    unlawful(
      "first-fragment-masked", "5.1", "Sends a message of which only the first fragment is masked.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.frame(.text, "frag", isFinal: false, maskingKey: key)
      ServerStep.last("ments")
    }
    unlawful(
      "last-fragment-masked", "5.1",
      "Sends a message of three fragments of which only the last, an empty one, is masked.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.binary, "frag")
      ServerStep.more("ments")
      ServerStep.frame(.continuation, maskingKey: key)
    }
    unlawful(
      "ping-masked-between-fragments", "5.1", "Sends a masked Ping between two unmasked fragments.",
      "Fails the connection with 1002, without a Pong and without the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.frame(.ping, "masked", maskingKey: key)
      ServerStep.last("ments")
    }
    unlawful(
      "text-masked-behind-lawful", "5.1", "Sends an unmasked and a masked text frame in one write.",
      "Delivers the first message and fails the connection with 1002 at the second.", deliveries: .wholeOnly
    ) {
      ServerStep.sendBytes(
        .bytes(
          glued(.text, "lawful")
            + Frame(.text, Array("masked".utf8), maskingKey: MaskingKey(1, 2, 3, 4)).encoded()))
    }
    unlawful(
      "binary-masked-65536", "5.1", "Sends a masked binary frame of 65536 bytes.",
      "Fails the connection with 1002, at the header already.", deliveries: .unpaused
    ) {
      ServerStep.frame(.binary, .repeated(unit: [7], count: 65_536), maskingKey: key)
    }
    unlawful(
      "mask-bit-without-key", "5.1",
      "Sends a text frame with the mask bit set, but its payload plain and no key.",
      "Fails the connection with 1002."
    ) {
      ServerStep.sendBytes([0x81, 0x88, 0x6E, 0x6F, 0x74, 0x20, 0x6D, 0x61, 0x73, 0x6B])
    }
  }

  /// Masked control frames, at the beginning and at the end of a connection.
  @ListBuilder<Scenario> private static var maskingAround: [Scenario] {
    for (name, opcode) in [("ping", Opcode.ping), ("pong", .pong)] {
      unlawful("\(name)-masked-empty", "5.1", "Sends a masked \(name) frame without payload.") {
        ServerStep.frame(opcode, maskingKey: key)
      }
    }
    unlawful(
      "close-masked-empty", "5.1", "Sends a masked Close frame without payload.", isProbed: false
    ) {
      ServerStep.frame(.close, maskingKey: key)
    }
    unlawful(
      "text-masked-behind-head", "5.1", "Sends a masked text frame in the same write as the head.",
      "Fails the connection with 1002, be it while connecting or later.", deliveries: .wholeOnly
    ) {
      ServerStep.respond(
        .append(.bytes(Frame(.text, Array("masked".utf8), maskingKey: MaskingKey(9, 8, 7, 6)).encoded())))
    }
  }

  @ListBuilder<Scenario> private static var maskingByClient: [Scenario] {
    lawful(
      "client-every-length", "5.3", "Exchanges messages of 0 to 9 bytes.",
      "Masks each one correctly, whatever is left over of the last four bytes.", deliveries: .unpaused
    ) {
      for count in 0...9 { echo(.bytes(Array(0..<UInt8(count))), as: .binary) }
    }
    lawful(
      "client-zeros", "5.3", "Exchanges a binary message of 64 zeros, which shows the key on the wire.",
      "Masks it with a key that is not zero."
    ) {
      echo(.repeated(unit: [0], count: 64), as: .binary)
    }
    lawful(
      "client-lengths-around-125", "5.3", "Exchanges messages of 123 to 130 bytes.",
      "Masks each one correctly, whichever form its length has.", deliveries: .unpaused
    ) {
      for count in 123...130 { echo(.bytes((0..<UInt8(count)).map { $0 }), as: .binary) }
    }
    lawful(
      "client-16001", "5.3", "Exchanges a message of 16001 random bytes.",
      "Masks all of it with the one key, across all pieces in which it is worked on.", deliveries: .unpaused
    ) {
      echo(.random(count: 16_001, kind: .binary), as: .binary)
    }
    lawful("client-ones", "5.3", "Exchanges a binary message of 64 bytes 255.", "Masks it correctly.") {
      echo(.repeated(unit: [0xFF], count: 64), as: .binary)
    }
    lawful(
      "client-control-frames", "5.3", "Sends a Ping with and one without payload, then closes.",
      "Masks its Pongs and its Close, also without payload."
    ) {
      ServerStep.ping("masked?")
      ServerStep.expectPong("masked?")
      ServerStep.ping()
      ServerStep.expectPong()
    }
    lawful(
      "client-pong-125", "5.3", "Sends a Ping of 125 random bytes.", "Masks all 125 bytes of its Pong.",
      deliveries: .unpausedAndBytewise
    ) {
      ServerStep.ping(.random(count: 125, kind: .binary))
      ServerStep.expectPong(.random(count: 125, kind: .binary))
    }
    lawful(
      "client-ping", "5.3", "Waits for Pings of the client, the second of them without payload.",
      "Masks its Pings.",
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [
            .connect(ConnectStep()), .start(task: "reader"), .ping(payload: "masked?"), .ping(),
            .join(task: "reader"),
          ]),
        ClientTask(name: "reader", steps: [.receive()]),
      ])
    ) {
      ServerStep.expectFrame(FrameExpectation(opcode: Opcode.ping.rawValue, payload: "masked?"))
      ServerStep.pong("masked?")
      ServerStep.expectFrame(FrameExpectation(opcode: Opcode.ping.rawValue, payload: .empty))
      ServerStep.pong()
    }
    lawful(
      "client-close", "5.3", "Waits for the client to close with a code and a reason.", "Masks its Close.",
      client: ClientScript([.connect(ConnectStep()), .close(code: 1000, reason: "masked?")])
    ) {
      ServerStep.expectClose
    }
    lawful(
      "client-sends-first", "5.3", "Waits for three messages of the client.",
      "Masks what it sends unasked like everything else.",
      client: ClientScript([
        .connect(ConnectStep()), .send(kind: .text, payload: "one"), .send(kind: .binary, payload: [2, 2]),
        .send(kind: .text, payload: ""), .echo(),
      ])
    ) {
      ServerStep.expectText("one")
      ServerStep.expectBinary([2, 2])
      ServerStep.expectText("")
    }
  }

  /// Keys must be fresh and unpredictable, whatever they are drawn for. The judge counts what chance does not do.
  @ListBuilder<Scenario> private static var maskingKeys: [Scenario] {
    lawful(
      "client-keys-differ", "5.3", "Exchanges twenty small messages.",
      "Masks each with a key of its own, and not in a pattern.", deliveries: .unpaused
    ) {
      for number in 0..<20 { echo("message \(number)") }
    }
    lawful(
      "client-keys-random", "5.3", "Exchanges 130 small messages, no two of them alike.",
      "Draws keys for them in which no byte, no bit and no step from one to the next shows a pattern.",
      deliveries: .wholeOnly
    ) {
      for number in 0..<130 { echo("message \(number)") }
    }
    lawful(
      "client-keys-same-message", "5.3", "Waits for the same message 48 times.",
      "Masks the same payload with another key each time.",
      client: ClientScript(
        [.connect(ConnectStep())] + Array(repeating: .send(kind: .text, payload: "the same again"), count: 48)
          + [.echo()]),
      deliveries: .wholeOnly
    ) {
      for _ in 0..<48 { ServerStep.expectText("the same again") }
    }
    lawful(
      "client-keys-pongs", "5.3", "Sends 64 Pings, no two of them alike.",
      "Draws the keys of its Pongs like all others.", deliveries: .wholeOnly
    ) {
      for number in 0..<64 { [.ping(.text("ping \(number)")), .expectPong(.text("ping \(number)"))] }
    }
    connectionKeys
  }

  /// A generator that begins anew with each connection gives the same keys on each.
  private static var connectionKeys: Scenario {
    let names = (1...8).map { "connection\($0)" }
    return Scenario(
      id: "client-keys-connections",
      description: "Takes eight connections, one after the other, and exchanges a message on each.",
      expectation: "Begins each connection with another key, which does not follow from the last.",
      rfc: "5.3",
      requirement: .must, tags: ["several-connections"],
      server: ServerScript(connections: names.map { ConnectionScript(name: $0, steps: echo("hello")) }),
      client: ClientScript(
        names.flatMap { name -> [ClientStep] in
          [.connect(ConnectStep(connection: name)), .echo(connection: name)]
        }),
      deliveries: .wholeOnly)
  }
}
