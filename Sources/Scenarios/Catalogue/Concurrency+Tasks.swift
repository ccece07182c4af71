import Steps

/// Several tasks of the application on one connection.
extension Catalogue {
  /// Tasks that send at the same time, also where the socket takes only a part of what they send.
  @ListBuilder<Scenario> static var sendingTogether: [Scenario] {
    lawful(
      "two-tasks-send-into-full-buffer", .quality("5.4"),
      "Does not read for 20 ms while two tasks of the client send 9000 bytes each.",
      "Sends whole frames, never one inside the other.", tags: ["concurrency", "backpressure"],
      client: senders([filler(9000), .repeated(unit: [0x55], count: 9000)]), deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 20)
      ServerStep.resumeReading
      for _ in 0..<2 { ServerStep.expectBinary() }
    }
    lawful(
      "five-tasks-send", .quality("5.4"),
      "Takes the messages of five tasks of the client that send at the same time.",
      "Sends whole frames, each once.", tags: ["concurrency"],
      client: senders((1...5).map { .repeated(unit: [UInt8($0)], count: 700 * $0) }), deliveries: .wholeOnly
    ) {
      for _ in 0..<5 { ServerStep.expectBinary() }
    }
    lawful(
      "pong-due-while-sending", "5.5.2",
      "Does not read for 20 ms while one task of the client sends 24 KiB and another gets a Ping.",
      "Sends the Pong whole, before or behind the message's frame.", tags: ["concurrency", "backpressure"],
      client: .sending([.send(kind: .binary, payload: filler(24576))], beside: .echo()),
      deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.ping("meanwhile")
      ServerStep.pause(milliseconds: 20)
      ServerStep.resumeReading
      ServerStep.expectBinary(filler(24576))
      ServerStep.ping("afterwards")
      ServerStep.expectPong("afterwards")
    }
    lawful(
      "echo-and-send", .quality("5.4"),
      "Sends ten messages to a client that echoes in one task and sends in another.",
      "Sends all echoes and all messages of its own, each whole.", tags: ["concurrency"],
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [.connect(ConnectStep()), .start(task: "sender"), .echo(), .join(task: "sender")]),
        ClientTask(
          name: "sender",
          steps: Array(
            repeating: .send(kind: .binary, payload: .repeated(unit: [0x42], count: 900)), count: 6)),
      ]), deliveries: .unpaused
    ) {
      for number in 0..<10 { ServerStep.text("message \(number)") }
      for _ in 0..<16 { ServerStep.expectMessage(kind: nil, payload: nil) }
    }
  }

  /// One task for each payload; all begin together.
  private static func senders(_ payloads: [Payload]) -> ClientScript {
    let names = payloads.indices.map { "sender\($0)" }
    let starts = names.map { ClientStep.start(task: $0) }
    let joins = names.map { ClientStep.join(task: $0) }
    return ClientScript(
      tasks: [ClientTask(name: "main", steps: [.connect(ConnectStep())] + starts + joins + [.echo()])]
        + zip(names, payloads).map {
          ClientTask(name: $0, steps: [.barrier("all ready"), .send(kind: .binary, payload: $1)])
        })
  }

  /// Tasks that are cancelled in the middle of something.
  @ListBuilder<Scenario> static var cancelling: [Scenario] {
    let halves: [(String, String, ServerStep, ServerStep)] = [
      ("frame", "half a frame", .sendBytes([0x81, 0x06, 0x77, 0x68]), .sendBytes([0x6F, 0x6C, 0x65, 0x21])),
      ("message", "the first of two fragments", .begin(.text, "wh"), .last("ole!")),
      (
        "header", "half a header", .sendBytes([0x81]), .sendBytes([0x06, 0x77, 0x68, 0x6F, 0x6C, 0x65, 0x21])
      ),
    ]
    for (slug, what, first, second) in halves {
      lawful(
        "receive-cancelled-in-\(slug)", .quality("6.2"),
        "Sends \(what), and the rest once the client has cancelled the task that was receiving.",
        "Loses nothing: the next receive gets the whole message.", tags: ["concurrency"],
        client: cancelledBeforeSending, deliveries: .wholeOnly
      ) {
        first
        ServerStep.expectText("cancelled")
        second
        ServerStep.expectText("whole!")
      }
    }
    lawful(
      "receive-cancelled-thrice", .quality("6.2"),
      "Goes on after the client has cancelled three receiving tasks.",
      "Loses nothing, however often it is cancelled.", tags: ["concurrency"],
      client: ClientScript(
        tasks: [
          ClientTask(
            name: "main",
            steps: [.connect(ConnectStep())]
              + (1...3).flatMap { number -> [ClientStep] in
                [
                  .start(task: "receiver\(number)"), .pause(milliseconds: 5),
                  .cancel(task: "receiver\(number)"),
                  .join(task: "receiver\(number)"),
                ]
              } + [.send(kind: .text, payload: "cancelled"), .echo()])
        ] + (1...3).map { ClientTask(name: "receiver\($0)", steps: [.receive()]) }), deliveries: .wholeOnly
    ) {
      ServerStep.expectText("cancelled")
      echo("after the cancellations")
    }
    lawful(
      "send-cancelled", .quality("5.2"),
      "Does not read while the client cancels a task that is stuck in sending 24 KiB, then reads.",
      "Sends no half frame: the message of the next send can be read.",
      tags: ["concurrency", "backpressure"],
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [
            .connect(ConnectStep()), .start(task: "sender"), .pause(milliseconds: 15),
            .cancel(task: "sender"),
            .join(task: "sender"), .send(kind: .text, payload: "after the cancellation"), .echo(),
          ]), ClientTask(name: "sender", steps: [.send(kind: .binary, payload: filler(24576))]),
      ]), deliveries: .wholeOnly
    ) {
      ServerStep.stopReading
      ServerStep.pause(milliseconds: 30)
      ServerStep.resumeReading
      // The cancelled message may come whole or not at all.
      ServerStep.expectMessage(kind: nil, payload: nil)
      ServerStep.text("done")
      ServerStep.expectMessage(kind: nil, payload: nil)
    }
    Scenario(
      id: "connect-cancelled",
      description:
        "Keeps its response back for 20 ms, while the client cancels the opening handshake and begins another.",
      expectation: "Gives the first up and opens the second.", rfc: "4.1", requirement: .quality,
      tags: ["concurrency"],
      server: ServerScript(connections: [
        ConnectionScript(
          name: "first", steps: [.respond(.raw(.empty)), .pause(milliseconds: 20), .expectEnd],
          ending: .endOfStream),
        ConnectionScript(name: "second", steps: echo("second")),
      ]), client: cancelledConnect, expected: Expected(opening: .either), deliveries: .wholeOnly)
    lawful(
      "close-cancelled", .quality("7.1.2"),
      "Answers the client's Close after 25 ms; the task that closes is cancelled meanwhile.",
      "Ends all the same: a closing handshake that was begun has no way back.", tags: ["concurrency"],
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [
            .connect(ConnectStep()), .echo(count: 1), .start(task: "closer"), .pause(milliseconds: 10),
            .cancel(task: "closer"), .join(task: "closer"),
          ]), ClientTask(name: "closer", steps: [.close()]),
      ]), deliveries: .wholeOnly
    ) {
      echo("one")
      ServerStep.expectClose
      ServerStep.pause(milliseconds: 25)
    }
  }

  private static let cancelledBeforeSending = ClientScript(tasks: [
    ClientTask(
      name: "main",
      steps: [
        .connect(ConnectStep()), .start(task: "receiver"), .pause(milliseconds: 15),
        .cancel(task: "receiver"),
        .join(task: "receiver"), .send(kind: .text, payload: "cancelled"), .echo(),
      ]), ClientTask(name: "receiver", steps: [.receive()]),
  ])

  private static let cancelledConnect = ClientScript(tasks: [
    ClientTask(
      name: "main",
      steps: [
        .start(task: "opener"), .pause(milliseconds: 40), .cancel(task: "opener"), .join(task: "opener"),
        .connect(ConnectStep(connection: "second")), .echo(connection: "second"),
      ]),
    ClientTask(name: "opener", steps: [.connect(ConnectStep(connection: "first"))]),
  ])
}
