import Steps
import WebSocketProtocol

/// How much is allocated for a message, and in what shape the heap is left.
extension Catalogue {
  private static let counting = ClientStep.measure(countsAllocations: true)

  /// Few repeats of few messages: while allocations are counted, nothing is collected.
  @ListBuilder<Scenario> static var allocations: [Scenario] {
    let thrifty = "Allocates a few times the size of the messages at most."
    cost(
      "allocation-small", "5.6",
      "Exchanges eight text messages of 16 bytes, and counts what is allocated, four times.",
      "Allocates little for each.", repeats: 4, measure: counting, each: [.echo(count: 8)]
    ) { _ in (0..<8).flatMap { _ in echo("sixteen letters.") } }
    cost(
      "allocation-echo-4-kib", "5.6",
      "Exchanges two binary messages of 4 KiB, and counts what is allocated, four times.", thrifty,
      repeats: 4,
      measure: counting, each: [.echo(count: 2)]
    ) { _ in (0..<2).flatMap { _ in echo(kibibytes(4), as: .binary) } }
    cost(
      "allocation-text-4-kib", "5.6",
      "Exchanges two text messages of 4 KiB, and counts what is allocated, four times.",
      thrifty, repeats: 4, measure: counting, each: [.echo(count: 2)]
    ) { _ in (0..<2).flatMap { _ in echo(.repeated(unit: Array("é€😀abc".utf8), count: 341)) } }
    cost(
      "allocation-receive-8-kib", "6.2",
      "Sends a binary message of 8 KiB that is not sent back, and counts what is allocated, four times.",
      thrifty,
      repeats: 4, measure: counting, each: [.receive(count: 1)]
    ) { _ in [.binary(kibibytes(8))] }
    cost(
      "allocation-send-8-kib", "6.1",
      "Takes a binary message of 8 KiB, and counts what is allocated, four times.",
      "Masks and sends it without copying it over and over.", repeats: 4, measure: counting,
      each: [.send(kind: .binary, payload: kibibytes(8))]
    ) { _ in [.expectBinary(kibibytes(8))] }
    cost(
      "allocation-fragments", "5.4",
      "Sends a message of 8 KiB in 32 fragments, and counts what is allocated, four times.",
      "Does not copy what has come so far at each fragment.", repeats: 4, measure: counting,
      each: [.receive(count: 1)]
    ) { _ in fragments(of: kibibytes(8).bytes ?? [], .binary, size: 256) }
    cost(
      "allocation-chunks", "5.2",
      "Sends a frame of 4 KiB in writes of 64 bytes, and counts what is allocated, four times.",
      "Does not copy what has come so far at each read.", repeats: 4, measure: counting,
      each: [.receive(count: 1)]
    ) { _ in
      [.sendBytes([0x82, 0x7E, 0x10, 0x00])]
        + Array(repeating: .sendBytes(.repeated(unit: [0x5A], count: 64)), count: 64)
    }
    cost(
      "allocation-pings", "5.5.2",
      "Sends four Pings of 125 bytes, and counts what is allocated, four times.",
      "Allocates little for each.", repeats: 4, measure: counting, each: [.echo(count: 1)]
    ) { _ in
      let longest = Payload.repeated(unit: [0x50], count: 125)
      return (0..<4).flatMap { _ in [.ping(longest), .expectPong(longest)] } + echo("measure")
    }
    for (slug, what, frames) in tooLarge {
      costByConnection(
        "allocation-\(slug)", "10.4", "Announces \(what) on four connections, and counts what is allocated.",
        "Fails each with 1009 before it allocates anything for the payload.", repeats: 4, measure: counting,
        ending: .awaitFailure, expected: Expected(closeCodes: [1009], failure: true),
        round: frames + [.halfClose])
    }
  }

  private static let tooLarge: [(slug: String, what: String, frames: [ServerStep])] = [
    ("announced-1-gib", "a frame of 1 GiB", [announcing(.binary, 1 << 30)]),
    ("announced-text-2-gib", "a text frame of 2 GiB", [announcing(.text, 1 << 31)]),
    ("announced-2-to-the-62", "a frame of 2 to the power of 62 bytes", [announcing(.binary, 1 << 62)]),
    (
      "announced-continuation", "a second fragment of 1 GiB",
      [.begin(.binary, "begun"), announcing(.continuation, 1 << 30)]
    ),
  ]

  private static func announcing(_ opcode: Opcode, _ length: UInt64) -> ServerStep {
    .frame(opcode, "hello", lengthEncoding: .sixtyFourBit, declaredLength: length)
  }

  private static func kibibytes(_ count: Int) -> Payload { .repeated(unit: [0x5A], count: count << 10) }

  /// One exchange each: what counts is the heap after it.
  @ListBuilder<Scenario> static var heaps: [Scenario] {
    let asBefore = "Leaves hardly less heap free than before, and in pieces not much smaller."
    heap(
      "heap-after-32-kib", "5.2", "Exchanges a binary message of 32 KiB.", asBefore, deliveries: .notBytewise,
      echo(kibibytes(32), as: .binary))
    heap(
      "heap-after-text", "5.6", "Exchanges a text message of 12 KB of 3-byte sequences.", asBefore,
      deliveries: .notBytewise,
      echo(.repeated(unit: Array("€".utf8), count: 4000)))
    heap(
      "heap-after-growing", "5.4", "Exchanges binary messages of 1, 2, 4, 8, 16 and 24 KiB.",
      "Leaves the heap in pieces not much smaller than before: no small rest lies between large holes.",
      [1, 2, 4, 8, 16, 24].flatMap { echo(kibibytes($0), as: .binary) })
    heap(
      "heap-after-alternating", "5.4", "Exchanges sixteen messages of 200 and of 6000 bytes in turn.",
      "Leaves the heap in pieces not much smaller than before.",
      (0..<8).flatMap { _ in
        echo(.repeated(unit: [1], count: 200), as: .binary)
          + echo(.repeated(unit: [2], count: 6000), as: .binary)
      })
    heap(
      "heap-after-fragments", "5.4", "Sends a binary message of 16 KiB in 128 fragments.", asBefore,
      fragments(of: kibibytes(16).bytes ?? [], .binary, size: 128) + [.expectBinary(kibibytes(16))])
    heap(
      "heap-after-cut-message", "7.1.5", "Announces a frame of 32 KiB and ends the stream in its middle.",
      "Gives back what it had reserved for the payload.", ending: .endOfStream, deliveries: .notBytewise,
      [.sendBytes([0x82, 0x7E, 0x80, 0x00]), .sendBytes(kibibytes(16))])
    heap(
      "heap-after-bytes", "5.6", "Exchanges four text messages of one letter.",
      "Leaves the heap as it was: short messages leave nothing behind.", deliveries: .every,
      (0..<4).flatMap { _ in echo("x") })
    heap(
      "heap-after-close-reason", "5.5.1",
      "Sends a Close with a reason of 123 bytes, and has the heap measured.",
      "Leaves the heap as it was.", deliveries: .every, [.close(1000, String(repeating: "r", count: 123))])
  }

  private static func heap(
    _ slug: String, _ section: String, _ description: String, _ expectation: String,
    ending: ServerScript.Ending = .closingHandshake, deliveries: [Delivery] = .unpaused, _ steps: [ServerStep]
  ) -> Scenario {
    Scenario(
      id: slug, description: description, expectation: expectation, rfc: section, requirement: .quality,
      tags: ["resources"], server: ServerScript(steps, ending: ending),
      client: ClientScript([.connect(ConnectStep()), .echo(), .measure()]), deliveries: deliveries)
  }
}
