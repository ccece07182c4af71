import Steps

extension Catalogue {
  /// Several tasks on one connection, and several connections.
  @ListBuilder<Scenario> static var concurrency: [Scenario] {
    twoConnections
    severalConnections
    oneOfTwoFails
    sendingTogether
    cancelling
    lawful(
      "two-tasks-send", .quality("5.4"),
      "Takes the messages of two tasks of the client that send at the same time.",
      "Sends whole frames, never one inside the other.", tags: ["concurrency"], client: twoSenders,
      deliveries: .wholeOnly
    ) {
      for _ in 0..<10 { ServerStep.expectMessage(kind: nil, payload: nil) }
    }
    lawful(
      "send-while-pings-come", "5.5.2",
      "Sends ten Pings while one task of the client sends and another receives.",
      "Answers the Pings between its own messages.", tags: ["concurrency"],
      client: .sending(
        Array(repeating: .send(kind: .text, payload: "from the sender"), count: 8), beside: .echo()),
      deliveries: .unpaused
    ) {
      for number in 0..<10 { ServerStep.ping("ping \(number)") }
      for _ in 0..<8 { ServerStep.expectText() }
      ServerStep.text("done")
      ServerStep.expectText("done")
    }
    lawful(
      "receive-cancelled", .quality("6.2"),
      "Goes on after the client has cancelled a task that was receiving.",
      "Loses nothing: the next receive gets the next message.", tags: ["concurrency"],
      client: cancelledReceiver,
      deliveries: .wholeOnly
    ) {
      ServerStep.expectText("cancelled")
      echo("after the cancellation")
    }
  }

  private static var twoConnections: Scenario {
    let names = ["left", "right"]
    return Scenario(
      id: "two-connections", description: "Takes two connections of the client at the same time.",
      expectation: "Keeps them apart: each echo comes on its own connection.", rfc: "4.1",
      requirement: .quality,
      tags: ["concurrency", "several-connections"],
      server: ServerScript(
        connections: names.map { name in
          ConnectionScript(
            name: name,
            steps: echo("\(name) one") + [.barrier("both open")] + echo("\(name) two") + echo("\(name) three")
          )
        }),
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [
            .connect(ConnectStep(connection: "left")), .start(task: "other"), .echo(connection: "left"),
            .join(task: "other"),
          ]),
        ClientTask(
          name: "other", steps: [.connect(ConnectStep(connection: "right")), .echo(connection: "right")]),
      ]))
  }

  /// Five messages of 500 bytes from each of two tasks; the barrier lets them begin together.
  private static let twoSenders: ClientScript = {
    let sends = { (kind: ServerStep.MessageKind) -> [ClientStep] in
      let payload = Payload.repeated(unit: Array("task \(kind.rawValue) ".utf8), count: 40)
      return [.barrier("both ready")] + Array(repeating: .send(kind: kind, payload: payload), count: 5)
    }
    return ClientScript(tasks: [
      ClientTask(
        name: "main",
        steps: [.connect(ConnectStep()), .start(task: "other")] + sends(.text) + [
          .join(task: "other"), .echo(),
        ]),
      ClientTask(name: "other", steps: sends(.binary)),
    ])
  }()

  private static let cancelledReceiver = ClientScript(tasks: [
    ClientTask(
      name: "main",
      steps: [
        .connect(ConnectStep()), .start(task: "receiver"), .pause(milliseconds: 15),
        .cancel(task: "receiver"),
        .join(task: "receiver"), .send(kind: .text, payload: "cancelled"), .echo(),
      ]),
    ClientTask(name: "receiver", steps: [.receive()]),
  ])
}
