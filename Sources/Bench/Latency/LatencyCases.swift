import Latency
import Scenarios
import Steps
import WebSocketProtocol

/// The cases of a latency run: they go the way of all cases, through the adapter's ordinary steps.
struct LatencyCases {
  /// The seed of the payloads.
  let seed: UInt64

  /// Messages that the client echoes, under these conditions: those that count, and before them, without pauses, those that do not.
  func echoes(_ conditions: LatencyConditions, warmUp: Int, count: Int) -> Case {
    let payloads = payloads(warmUp + count, of: conditions.payloadLength, for: conditions.name)
    let steps =
      switch conditions.load {
      case .closed: closed(payloads, warmUp, conditions)
      case .open: open(payloads, conditions)
      }
    return testCase(
      "latency-\(conditions.name)", ServerScript(steps), delivery: conditions.delivery,
      overTLS: conditions.overTLS)
  }

  private func closed(
    _ payloads: [Payload], _ warmUp: Int, _ conditions: LatencyConditions
  ) -> [ServerStep] {
    payloads.enumerated().flatMap { index, payload -> [ServerStep] in
      let exchange = [send(payload, conditions), .expectMessage(kind: .binary, payload: payload)]
      guard conditions.spacingMilliseconds > 0, index >= warmUp else { return exchange }
      return [.pause(milliseconds: conditions.spacingMilliseconds)] + exchange
    }
  }

  /// Steps of an open load for each message: the schedule counts from the first.
  private func open(_ payloads: [Payload], _ conditions: LatencyConditions) -> [ServerStep] {
    payloads.enumerated().flatMap { index, payload -> [ServerStep] in
      [
        .waitUntil(milliseconds: index * conditions.spacingMilliseconds), send(payload, conditions),
      ]
    } + payloads.map { .expectMessage(kind: .binary, payload: $0) }
  }

  private func send(_ payload: Payload, _ conditions: LatencyConditions) -> ServerStep {
    let fragments = conditions.fragmentLength.map(MessageSpec.Fragments.size) ?? .count(1)
    return .sendMessage(MessageSpec(.binary, payload, isCompressed: false, fragments: fragments))
  }

  /// All different, as far as so few bytes can be: which echo belongs to which message is seen by its content.
  private func payloads(_ count: Int, of length: Int, for name: String) -> [Payload] {
    var generator = SplitMix64(seed: seed, text: name)
    return (0..<count).map { _ in
      .bytes((0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
    }
  }

  /// A connection with a few echoes, and another one after it.
  func phases(overTLS: Bool) -> Case {
    let connection = { (name: String) in
      ConnectionScript(
        name: name,
        steps: payloads(3, of: 16, for: name).flatMap {
          [.sendFrame(FrameSpec(.binary, $0)), .expectMessage(kind: .binary, payload: $0)]
        })
    }
    return testCase(
      "latency-phases", ServerScript(connections: [connection("main"), connection("again")]),
      client: ClientScript([
        .connect(ConnectStep()), .echo(), .connect(ConnectStep(connection: "again")),
        .echo(connection: "again"),
      ]), overTLS: overTLS)
  }

  /// The bytes of a message that throughput is measured with, and how many there are each way.
  static let bulk = (length: 4096, count: 32)

  /// Messages back to back from the server, an answer when all are there; a demand of the server's, and messages back to back from the
  /// client.
  func throughput(overTLS: Bool) -> Case {
    let down = payloads(Self.bulk.count, of: Self.bulk.length, for: "bulk")
    let up = Payload.repeated(unit: Array("wsrig ".utf8) + [0, 1], count: Self.bulk.length / 8)
    return testCase(
      "latency-throughput",
      ServerScript(
        down.map { .sendFrame(FrameSpec(.binary, $0)) }
          + [.expectMessage(kind: .text, payload: "all"), .sendMessage(MessageSpec(.text, "go"))]
          + down.map { _ in .expectMessage(kind: .binary, payload: up) }),
      client: ClientScript(
        [
          .connect(ConnectStep()), .receive(count: Self.bulk.count), .send(kind: .text, payload: "all"),
          .receive(count: 1),
        ] + down.map { _ in .send(kind: .binary, payload: up) } + [.echo()]),
      overTLS: overTLS)
  }

  /// How many echoes are counted together for what they allocate: the collector rests meanwhile, and a careless client fills the heap.
  static let countedEchoes = 4

  /// Echoes beside a task that watches how busy the event loop is; nothing is timed in it.
  func load(overTLS: Bool) -> Case {
    let messages = payloads(Self.watchedEchoes, of: 128, for: "load")
    return testCase(
      "latency-load",
      ServerScript(
        messages.flatMap { [.sendFrame(FrameSpec(.binary, $0)), .expectMessage(kind: .binary, payload: $0)] }
      ),
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [.start(task: "load"), .pause(milliseconds: 150), .connect(ConnectStep()), .echo()]),
        ClientTask(name: "load", steps: [.watchLoad]),
      ]), overTLS: overTLS)
  }

  /// How many echoes the load is watched for.
  private static let watchedEchoes = 50

  /// A few echoes between two measurements of the heap.
  func costs(overTLS: Bool) -> Case {
    let messages = payloads(Self.countedEchoes * 2, of: 128, for: "costs")
    return testCase(
      "latency-costs",
      ServerScript(
        messages.flatMap { [.sendFrame(FrameSpec(.binary, $0)), .expectMessage(kind: .binary, payload: $0)] }
      ),
      client: ClientScript([
        .connect(ConnectStep()), .echo(count: Self.countedEchoes), .measure(countsAllocations: true),
        .echo(count: Self.countedEchoes), .measure(), .echo(),
      ]), overTLS: overTLS)
  }

  /// Echoes of long messages, and readings of the heap, each after a collection: between two echoes, and by a task of its own while they go
  /// on, which a client that blocks the event loop does not let run before its end.
  func heap(payloadLength: Int, overTLS: Bool) -> Case {
    let messages = payloads(Self.weighedEchoes, of: payloadLength, for: "heap")
    let pairs = Array(repeating: [ClientStep.echo(count: 2), .measure()], count: Self.weighedEchoes / 2)
    let readings = Array(
      repeating: [ClientStep.pause(milliseconds: 1), .measure()], count: Self.weighedEchoes)
    return testCase(
      "latency-heap-\(payloadLength)B",
      ServerScript(
        messages.flatMap { [.sendFrame(FrameSpec(.binary, $0)), .expectMessage(kind: .binary, payload: $0)] }
      ),
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [.connect(ConnectStep()), .start(task: "heap")] + pairs.flatMap(\.self) + [.echo()]),
        ClientTask(name: "heap", steps: readings.flatMap(\.self)),
      ]), overTLS: overTLS)
  }

  /// How many echoes the heap is read beside.
  private static let weighedEchoes = 8

  private func testCase(
    _ id: String, _ server: ServerScript, client: ClientScript = .echo, delivery: Delivery = .whole,
    overTLS: Bool = false
  ) -> Case {
    let scenario = Scenario(
      id: id, description: "Messages are sent.", expectation: "Each is echoed.", rfc: "5.6",
      requirement: .must, server: server, client: client)
    return Case(scenario: scenario, delivery: delivery, overTLS: overTLS)
  }
}
