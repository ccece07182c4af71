import Steps
import WebSocketProtocol

/// Ends of connections, with and without TLS's own (close_notify): who cuts TCP must not pass for who has finished.
extension Catalogue {
  @ListBuilder<Scenario> static var tlsEnds: [Scenario] {
    secured(
      "close", "5.5.1", "Sends a Close, and ends TLS and TCP once it was answered.",
      "Answers the Close, and reports a clean end.", tag: "ends", deliveries: .every,
      steps: echo("hello") + [.close(1000, "bye"), .expectClose])
    cut(
      "truncated-in-message", "Ends TCP inside a message, without TLS's close_notify.",
      "Delivers nothing of the message, and reports 1006.", [.sendBytes(beginning), .truncateTLS])
    cut(
      "truncated-in-header", "Ends TCP inside a frame header, without TLS's close_notify.",
      "Delivers no message, and reports 1006.", [.sendBytes([0x82, 0x7E, 0x01]), .truncateTLS])
    cut(
      "truncated-between-fragments", "Ends TCP after a fragment, without TLS's close_notify.",
      "Delivers nothing of the message, and reports 1006.", [.begin(.text, "half of it"), .truncateTLS])
    cut(
      "truncated-after-message", "Ends TCP after a whole message, without TLS's close_notify.",
      "Delivers the message, and reports 1006.", [.text("last"), .expectText("last"), .truncateTLS])
    cut(
      "record-cut-in-message", "Ends TCP inside a record.", "Delivers nothing of it, and reports 1006.",
      [.cutTLS(afterBytes: 30), .sendBytes(beginning), .truncateTLS])
    cut(
      "record-cut-in-its-header", "Ends TCP inside the header of a record.",
      "Delivers nothing of it, and reports 1006.",
      [.cutTLS(afterBytes: 3), .sendBytes(beginning), .truncateTLS])
    cut(
      "notified-in-message", "Ends TLS and TCP in an orderly way, but inside a message.",
      "Delivers nothing of the message, and reports 1006: TLS's end is no Close.",
      [.sendBytes(beginning), .halfClose])
    cut(
      "notified-after-message", "Ends TLS and TCP in an orderly way, without a Close.",
      "Reports 1006: TLS's end is no Close.", [.halfClose])
    cut(
      "reset-in-message", "Resets TCP inside a message.",
      "Delivers nothing of the message, and reports 1006.",
      [.sendBytes(beginning), .resetTCP])
    secured(
      "truncated-after-close", "7.1.4", "Ends TCP without close_notify once its Close was answered.",
      "Reports a clean end all the same: the closing handshake was complete.", tag: "ends",
      ending: .endOfStream, steps: echo("hello") + [.close(1001), .expectClose, .truncateTLS])
    headCut(
      "truncated-in-head", "Ends TCP inside its answer to the opening handshake, without close_notify.",
      .truncateTLS)
    headCut("notified-in-head", "Ends TLS and TCP inside its answer to the opening handshake.", .halfClose)
    clientCloses
  }

  /// A binary frame of 100 bytes, as far as its twentieth.
  private static let beginning = Payload.bytes([0x82, 100] + [UInt8](repeating: 0x61, count: 20))

  private static func cut(
    _ slug: String, _ description: String, _ expectation: String, _ steps: [ServerStep]
  ) -> Scenario {
    secured(
      slug, "7.1.5", description, expectation, tag: "ends", ending: .endOfStream,
      steps: echo("hello") + steps)
  }

  private static func headCut(_ slug: String, _ description: String, _ step: ServerStep) -> Scenario {
    var scenario = unsecured(
      slug, "4.1", description, "Fails the connection and never reports it as open.", tag: "ends")
    scenario.server.connections[0].steps = [
      .respond(.raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")), step,
    ]
    return scenario
  }

  private static var clientCloses: Scenario {
    var scenario = secured(
      "client-close", "7.1.2", "Answers the client's Close, and waits for its end.",
      "Sends a Close, waits for the answer, and ends TLS and TCP.", tag: "ends",
      steps: echo("hello") + [.expectClose])
    scenario.client = ClientScript([
      .connect(ConnectStep(tls: ClientTLS())), .echo(count: 1), .close(code: 1000, reason: "done"),
    ])
    return scenario
  }

  /// Several connections, each with TLS of its own.
  @ListBuilder<Scenario> static var tlsConnections: [Scenario] {
    connections(
      "two-in-turn", "Takes two TLS connections of the client, one after the other.", isTogether: false)
    connections("two-together", "Takes two TLS connections of the client at the same time.", isTogether: true)
  }

  private static func connections(_ slug: String, _ description: String, isTogether: Bool) -> Scenario {
    let names = ["first", "second"]
    let meeting: [ServerStep] = isTogether ? [.barrier("both open")] : []
    var script = ServerScript(
      connections: names.map {
        ConnectionScript(name: $0, steps: echo("\($0), one") + meeting + echo("\($0), two"))
      })
    script.tls = ServerTLS()
    let steps: [ClientStep] =
      isTogether
      ? names.map { .start(task: $0) } + names.map { .join(task: $0) }
      : names.flatMap { [.start(task: $0), .join(task: $0)] }
    return Scenario(
      id: slug, description: description, expectation: "Keeps them apart, and echoes on each.", rfc: "4.1",
      requirement: isTogether ? .quality : .must, tags: ["several-connections"], server: script,
      client: ClientScript(
        tasks: [ClientTask(name: "main", steps: steps)]
          + names.map {
            let connect = ConnectStep(connection: $0, target: "/{token}/\($0)", tls: .verifying)
            return ClientTask(name: $0, steps: [.connect(connect), .echo(connection: $0)])
          }), deliveries: .wholeOnly)
  }
}
