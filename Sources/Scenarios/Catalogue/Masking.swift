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
    maskingByClient
  }

  @ListBuilder<Scenario> private static var maskingByClient: [Scenario] {
    lawful(
      "client-every-length", "5.3", "Exchanges messages of 0 to 9 bytes.",
      "Masks each one correctly, whatever is left over of the last four bytes.", deliveries: .unpaused
    ) {
      for count in 0...9 { echo(.bytes(Array(0..<UInt8(count))), as: .binary) }
    }
    lawful(
      "client-keys-differ", "5.3", "Exchanges twenty small messages.",
      "Masks each with a key of its own, and not in a pattern.", deliveries: .unpaused
    ) {
      for number in 0..<20 { echo("message \(number)") }
    }
    lawful(
      "client-zeros", "5.3", "Exchanges a binary message of 64 zeros, which shows the key on the wire.",
      "Masks it with a key that is not zero."
    ) {
      echo(.repeated(unit: [0], count: 64), as: .binary)
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
}
