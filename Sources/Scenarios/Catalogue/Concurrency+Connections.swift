import Steps
import WebSocketProtocol

/// Several connections of one client at a time. A board has few: lwIP's five.
extension Catalogue {
  @ListBuilder<Scenario> static var severalConnections: [Scenario] {
    // So that the client has read what came before: nothing that it sends would show it.
    let read = ServerStep.pause(milliseconds: 30)
    connections(
      "five-connections", count: 5, description: "Takes five connections of the client at the same time.",
      expectation: "Keeps them apart: each echo comes on its own connection.",
      steps: { echo("\($0) one") + [.barrier("all open")] + echo("\($0) two") })
    connections(
      "three-busy-connections", count: 3,
      description: "Sends six messages on each of three connections at the same time, without waiting.",
      expectation: "Echoes each on its own connection, in order.",
      steps: { name in
        let messages = (0..<6).map { Payload.text("\(name), message \($0)") }
        return [.barrier("all open")] + messages.map(ServerStep.text)
          + messages.map { ServerStep.expectText($0) }
      })
    connections(
      "two-in-fragments", count: 2,
      description:
        "Sends a first fragment on each of two connections, and the last one when both have begun.",
      expectation: "Echoes each message on its own connection, whole.",
      steps: { name in
        [.begin(.text, .text("begun on \(name)")), .barrier("both have begun"), read, .last(" and ended")]
          + [.expectText(.text("begun on \(name) and ended"))]
      })
    connections(
      "two-in-headers", count: 2,
      description:
        "Sends one byte of a header on each of two connections, and the rest of the frame when both have it.",
      expectation: "Reads each frame by its own header.",
      steps: { name in
        let payload = Array("\(name): text or not".utf8)
        let isText = name == "line1"
        return [
          .sendBytes(.bytes([isText ? 0x81 : 0x82])), .barrier("both have a part of a header"), read,
          .sendBytes(.bytes([UInt8(payload.count)] + payload)),
          .expectMessage(kind: isText ? .text : .binary, payload: .bytes(payload)),
        ]
      })
    oneAfterTheOther(
      "ten-connections-in-turn", count: 10,
      description: "Takes ten connections of the client, one after the other.",
      expectation: "Gives each up for good: a board has five sockets.", ending: .closingHandshake)
    oneAfterTheOther(
      "seven-cut-connections-in-turn", count: 7,
      description: "Takes seven connections of the client in turn, and ends each stream without a Close.",
      expectation: "Gives each up for good, also without a closing handshake.", ending: .endOfStream)
    Scenario(
      id: "second-after-refusals",
      description: "Refuses six opening handshakes of the client and takes the seventh.",
      expectation: "Gives the refused ones up for good and opens the last.", rfc: "4.1", requirement: .must,
      tags: ["concurrency", "several-connections"],
      server: ServerScript(
        connections: refusedNames.map {
          ConnectionScript(
            name: $0, steps: [.respond(.head("HTTP/1.1 503 Service Unavailable", "Content-Length: 0"))],
            ending: .endOfStream)
        } + [ConnectionScript(name: "main", steps: echo("at last"))]),
      client: ClientScript(
        tasks: [
          ClientTask(
            name: "main",
            steps: refusedNames.flatMap { [.start(task: $0), .join(task: $0)] } + [
              .connect(ConnectStep()), .echo(),
            ])
        ] + refusedNames.map { ClientTask(name: $0, steps: [.connect(ConnectStep(connection: $0))]) }),
      expected: Expected(opening: .either), deliveries: .wholeOnly)
  }

  private static let refusedNames = (1...6).map { "refused\($0)" }

  /// What becomes of one connection while the other goes on.
  @ListBuilder<Scenario> static var oneOfTwoFails: [Scenario] {
    let fates: [(slug: String, what: String, steps: [ServerStep], ending: ServerScript.Ending)] = [
      (
        "violation", "breaks the protocol on one", [.frame(Opcode(rawValue: 3), "reserved"), .halfClose],
        .awaitFailure
      ),
      ("bad-text", "sends text that is no UTF-8 on one", [.text([0xFF]), .halfClose], .awaitFailure),
      ("reset", "resets one", [.resetTCP], .endOfStream),
      ("end", "ends the stream of one", [], .endOfStream),
      ("close", "closes one", [.close(1001)], .closingHandshake),
      (
        "half-frame", "sends half a frame on one and no more for a while", [.sendBytes([0x81, 0x05, 0x68])],
        .endOfStream
      ),
      (
        "half-message", "sends a first fragment on one and no more for a while", [.begin(.text, "frag")],
        .endOfStream
      ),
    ]
    for fate in fates {
      // The half ones wait for the other connection, the others do not.
      let waits = fate.slug.hasPrefix("half")
      let meeting = ServerStep.barrier(waits ? "other is done" : "both open")
      Scenario(
        id: "one-\(fate.slug)-other-goes-on",
        description: "Takes two connections, \(fate.what), and goes on with the other.",
        expectation: "Goes on with the other as if it were alone.", rfc: "4.1", requirement: .must,
        tags: ["concurrency", "several-connections"],
        server: ServerScript(connections: [
          ConnectionScript(
            name: "left", steps: echo("left") + (waits ? fate.steps + [meeting] : [meeting] + fate.steps),
            ending: fate.ending),
          ConnectionScript(
            name: "right",
            steps: (waits ? [] : [meeting]) + echo("right one") + echo("right two") + (waits ? [meeting] : [])
          ),
        ]), client: sideBySide(["left", "right"]), deliveries: .wholeOnly)
    }
    Scenario(
      id: "one-blocked-other-goes-on",
      description:
        "Does not read what the client sends on one connection, and exchanges messages on the other.",
      expectation: "Goes on with the other while the first waits for room.", rfc: "4.1",
      requirement: .quality,
      tags: ["concurrency", "several-connections", "backpressure"],
      server: ServerScript(connections: [
        ConnectionScript(
          name: "left",
          steps: [
            .stopReading, .barrier("both open"), .barrier("other is done"), .resumeReading,
            .expectBinary(filler(24576)),
          ]),
        ConnectionScript(
          name: "right",
          steps: [.barrier("both open")] + echo("right one") + echo("right two") + [.barrier("other is done")]
        ),
      ]),
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [
            .connect(ConnectStep(connection: "left")), .start(task: "other"),
            .send(connection: "left", kind: .binary, payload: filler(24576)), .echo(connection: "left"),
            .join(task: "other"),
          ]),
        ClientTask(
          name: "other", steps: [.connect(ConnectStep(connection: "right")), .echo(connection: "right")]),
      ]), deliveries: .wholeOnly)
    Scenario(
      id: "one-closed-by-client-other-goes-on",
      description: "Takes two connections, of which the client closes one, and goes on with the other.",
      expectation: "Closes one in order, and echoes on the other.", rfc: "7.1.2", requirement: .must,
      tags: ["concurrency", "several-connections"],
      server: ServerScript(connections: [
        ConnectionScript(name: "left", steps: echo("left") + [.expectClose, .barrier("left is closed")]),
        ConnectionScript(name: "right", steps: [.barrier("left is closed")] + echo("right")),
      ]),
      client: ClientScript([
        .connect(ConnectStep(connection: "left")), .connect(ConnectStep(connection: "right")),
        .echo(connection: "left", count: 1), .close(connection: "left"), .echo(connection: "right"),
      ]), deliveries: .wholeOnly)
  }

  private static func connections(
    _ slug: String, count: Int, description: String, expectation: String, steps: (String) -> [ServerStep]
  ) -> Scenario {
    let names = (1...count).map { "line\($0)" }
    return Scenario(
      id: slug, description: description, expectation: expectation, rfc: "4.1", requirement: .quality,
      tags: ["concurrency", "several-connections"],
      server: ServerScript(connections: names.map { ConnectionScript(name: $0, steps: steps($0)) }),
      client: sideBySide(names))
  }

  /// The first connection in the main task, each other one in a task of its own; all echo to the end.
  private static func sideBySide(_ names: [String]) -> ClientScript {
    let others = names.dropFirst()
    let main: [ClientStep] =
      [.connect(ConnectStep(connection: names[0]))] + others.map { .start(task: $0) } + [
        .echo(connection: names[0])
      ]
      + others.map { .join(task: $0) }
    return ClientScript(
      tasks: [ClientTask(name: "main", steps: main)]
        + others.map {
          ClientTask(name: $0, steps: [.connect(ConnectStep(connection: $0)), .echo(connection: $0)])
        })
  }

  private static func oneAfterTheOther(
    _ slug: String, count: Int, description: String, expectation: String, ending: ServerScript.Ending
  ) -> Scenario {
    let names = (1...count).map { "turn\($0)" }
    return Scenario(
      id: slug, description: description, expectation: expectation, rfc: "7.1.4", requirement: .must,
      tags: ["several-connections"],
      server: ServerScript(
        connections: names.map { ConnectionScript(name: $0, steps: echo("in \($0)"), ending: ending) }),
      client: ClientScript(
        names.flatMap { [.connect(ConnectStep(connection: $0)), .echo(connection: $0)] }),
      deliveries: .wholeOnly)
  }
}
