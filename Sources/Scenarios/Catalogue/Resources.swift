import Steps
import WebSocketProtocol

extension Catalogue {
  /// What the client costs the board: memory, and the time that it keeps the event loop busy (QUALITY, ours).
  ///
  /// Each exchange is repeated and measured after each time, in one interpreter: what is kept each time is a leak, and what one
  /// repeat alone shows is chance.
  @ListBuilder<Scenario> static var resources: [Scenario] {
    leaksOnOneConnection
    leaksByConnection
    allocations
    heaps
    gaps
  }

  /// How often an exchange is repeated.
  static let repeats = 8

  /// A scenario of one connection: the server plays `round` again and again, the client `each`, and measures after each time.
  static func cost(
    _ slug: String, _ section: String, _ description: String, _ expectation: String, repeats: Int = repeats,
    measure: ClientStep = .measure(), each: [ClientStep], otherTasks: [ClientTask] = [],
    ending: ServerScript.Ending = .closingHandshake, deliveries: [Delivery] = .wholeOnly,
    round: (Int) -> [ServerStep]
  ) -> Scenario {
    // The first measurement is a beginning only.
    let rounds = Array(repeating: each + [measure], count: repeats).flatMap { $0 }
    return Scenario(
      id: slug, description: description, expectation: expectation, rfc: section, requirement: .quality,
      tags: ["resources"], server: ServerScript((0..<repeats).flatMap(round), ending: ending),
      client: ClientScript(
        tasks: [ClientTask(name: "main", steps: [.connect(ConnectStep()), measure] + rounds + [.echo()])]
          + otherTasks),
      deliveries: deliveries)
  }

  /// A scenario with a connection for each round.
  static func costByConnection(
    _ slug: String, _ section: String, _ description: String, _ expectation: String, repeats: Int = repeats,
    measure: ClientStep = .measure(), each: [ClientStep] = [.echo()], ending: ServerScript.Ending,
    expected: Expected = Expected(), round: [ServerStep]
  ) -> Scenario {
    let names = (1...repeats).map { "round\($0)" }
    // A task for each, as one that fails to connect has ended.
    let tasks = names.map { name in
      ClientTask(name: name, steps: [.connect(ConnectStep(connection: name))] + each.map { $0.on(name) })
    }
    let main = [measure] + names.flatMap { [.start(task: $0), .join(task: $0), measure] }
    return Scenario(
      id: slug, description: description, expectation: expectation, rfc: section, requirement: .quality,
      tags: ["resources", "several-connections"],
      server: ServerScript(
        connections: names.map { ConnectionScript(name: $0, steps: round, ending: ending) }),
      client: ClientScript(tasks: [ClientTask(name: "main", steps: main)] + tasks), expected: expected,
      deliveries: .wholeOnly)
  }

  @ListBuilder<Scenario> private static var leaksOnOneConnection: [Scenario] {
    let keepsNothing = "Keeps nothing of them: the free heap stays the same from repeat to repeat."
    cost(
      "leak-text", "5.6", "Exchanges eight text messages of 100 bytes, and measures the heap, eight times.",
      keepsNothing, each: [.echo(count: 8)]
    ) { _ in (0..<8).flatMap { echo(.repeated(unit: [0x61 + UInt8($0)], count: 100)) } }
    cost(
      "leak-binary", "5.6",
      "Exchanges four binary messages of 1000 bytes, and measures the heap, eight times.",
      keepsNothing, each: [.echo(count: 4)]
    ) { _ in (0..<4).flatMap { echo(.repeated(unit: [UInt8($0)], count: 1000), as: .binary) } }
    cost(
      "leak-fragments", "5.4",
      "Sends four messages in five fragments each, and measures the heap, eight times.",
      keepsNothing, each: [.echo(count: 4)]
    ) { _ in
      (0..<4).flatMap { _ in
        [.begin(.text, "frag")] + Array(repeating: .more("ment"), count: 3) + [
          .last("s"), .expectText("fragmentmentments"),
        ]
      }
    }
    cost(
      "leak-pings", "5.5.2",
      "Sends twelve Pings, each other than the last, and measures the heap, eight times.",
      keepsNothing, each: [.echo(count: 1)]
    ) { round in
      (0..<12).flatMap { [.ping("ping \(round) \($0)"), .expectPong("ping \(round) \($0)")] }
        + echo("measure")
    }
    cost(
      "leak-pongs", "5.5.3", "Sends twelve Pongs that nobody asked for, and measures the heap, eight times.",
      keepsNothing, each: [.echo(count: 1)]
    ) { round in (0..<12).map { .pong("pong \(round) \($0)") } + echo("measure") }
    cost(
      "leak-sends", "6.1", "Takes eight messages that the client sends, and measures the heap, eight times.",
      keepsNothing,
      each: Array(repeating: .send(kind: .binary, payload: .repeated(unit: [7], count: 300)), count: 8)
    ) { _ in Array(repeating: .expectBinary(.repeated(unit: [7], count: 300)), count: 8) }
    cost(
      "leak-backpressure", "6.1",
      "Does not read for 3 ms while the client sends 20 KiB, and measures the heap, eight times.",
      keepsNothing,
      each: [.send(kind: .binary, payload: .repeated(unit: [7], count: 20480))]
    ) { _ in
      [
        .stopReading, .pause(milliseconds: 3), .resumeReading,
        .expectBinary(.repeated(unit: [7], count: 20480)),
      ]
    }
    let receivers = (1...repeats).map { "receiver\($0)" }
    Scenario(
      id: "leak-cancelled-receives",
      description: "Waits while the client cancels a task that receives, and measures the heap, eight times.",
      expectation: "Keeps nothing of the cancelled task.", rfc: "6.2", requirement: .quality,
      tags: ["resources"],
      server: ServerScript([.expectText("cancelled")] + echo("after the cancellations")),
      client: ClientScript(
        tasks: [
          ClientTask(
            name: "main",
            steps: [.connect(ConnectStep()), .measure()]
              + receivers.flatMap {
                [.start(task: $0), .pause(milliseconds: 3), .cancel(task: $0), .join(task: $0), .measure()]
              } + [.send(kind: .text, payload: "cancelled"), .echo()])
        ] + receivers.map { ClientTask(name: $0, steps: [.receive()]) }), deliveries: .wholeOnly)
  }

  @ListBuilder<Scenario> private static var leaksByConnection: [Scenario] {
    let keepsNothing = "Keeps nothing of a connection that is over, neither memory nor a socket."
    costByConnection(
      "leak-connections", "7.1.4",
      "Takes eight connections in turn, closes each, and measures the heap each time.",
      keepsNothing, ending: .closingHandshake, round: echo("hello"))
    costByConnection(
      "leak-closes", "7.1.2",
      "Takes eight connections that the client closes, and measures the heap each time.",
      keepsNothing, each: [.echo(count: 1), .close()], ending: .closingHandshake,
      round: echo("hello") + [.expectClose])
    costByConnection(
      "leak-refusals", "4.1", "Refuses eight opening handshakes with 403, and measures the heap each time.",
      "Keeps nothing of an attempt that failed.", ending: .endOfStream, expected: Expected(opening: .refused),
      round: [.respond(.head("HTTP/1.1 403 Forbidden", "Content-Length: 0"))])
    costByConnection(
      "leak-violations", "7.1.7",
      "Breaks the protocol on eight connections, and measures the heap each time.",
      keepsNothing, ending: .awaitFailure, round: [.frame(.text, "reserved", reservedBits: 4), .halfClose])
    costByConnection(
      "leak-bad-text", "8.1",
      "Sends text that is no UTF-8 on eight connections, and measures the heap each time.",
      keepsNothing, ending: .awaitFailure, round: [.text([0x61, 0xFF])])
    costByConnection(
      "leak-resets", "7.1.5", "Resets eight connections, and measures the heap each time.", keepsNothing,
      ending: .endOfStream, round: echo("hello") + [.resetTCP])
    costByConnection(
      "leak-cut-messages", "7.1.5",
      "Ends eight connections in the middle of a message of 4 KiB, and measures the heap each time.",
      "Keeps nothing of the half messages.", ending: .endOfStream,
      round: [
        .begin(.binary, .repeated(unit: [1], count: 2048)), .sendBytes([0x80, 0x7E, 0x08, 0x00, 0x01]),
      ])
    costByConnection(
      "leak-too-large", "10.4", "Announces 1 GiB on eight connections, and measures the heap each time.",
      "Keeps nothing of what it refused.", ending: .awaitFailure,
      expected: Expected(closeCodes: [1009], failure: true),
      round: [.frame(.binary, "hello", lengthEncoding: .sixtyFourBit, declaredLength: 1 << 30), .halfClose])
  }
}

extension ClientStep {
  /// The step on that connection, where it is on one.
  fileprivate func on(_ name: String) -> ClientStep {
    switch self {
    case .echo(_, let count): .echo(connection: name, count: count)
    case .receive(_, let count): .receive(connection: name, count: count)
    case .send(_, let kind, let payload): .send(connection: name, kind: kind, payload: payload)
    case .close(_, let code, let reason): .close(connection: name, code: code, reason: reason)
    case .connect, .ping, .start, .join, .cancel, .barrier, .pause, .measure, .watchLoad: self
    }
  }
}
