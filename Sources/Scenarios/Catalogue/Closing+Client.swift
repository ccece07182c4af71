import Steps

extension Catalogue {
  /// The client closes first.
  @ListBuilder<Scenario> static var closingByClient: [Scenario] {
    lawful(
      "client", "7.1.2", "Answers the Close that the client sends after a message.",
      "Sends one masked Close and ends when it is answered.", client: closesAfterEcho
    ) {
      echo("one")
      ServerStep.expectClose
    }
    lawful(
      "client-at-once", "7.1.2", "Answers the Close that the client sends right after the opening handshake.",
      "Sends one masked Close and ends when it is answered.",
      client: ClientScript([.connect(ConnectStep()), .close()])
    ) {
      ServerStep.expectClose
    }
    lawful(
      "client-code-and-reason", .may("5.5.1"), "Waits for a Close with code 3001 and a reason.",
      "Sends the code and the reason that the application gave.",
      client: ClientScript([.connect(ConnectStep()), .close(code: 3001, reason: "böard sleeps")]),
      expected: Expected(closeCodes: [3001])
    ) {
      ServerStep.expectClose
    }
    lawful(
      "client-twice", "5.5.1", "Answers a client that is told to close twice.", "Sends one Close.",
      client: ClientScript([.connect(ConnectStep()), .echo(count: 1), .close(), .close()])
    ) {
      echo("one")
      ServerStep.expectClose
    }
    lawful(
      "client-then-sends", "5.5.1", "Answers a client that is told to send after it closed.",
      "Sends nothing behind its Close.",
      client: ClientScript([
        .connect(ConnectStep()), .echo(count: 1), .close(), .send(kind: .text, payload: "too late"),
      ])
    ) {
      echo("one")
      ServerStep.expectClose
    }
    lawful(
      "client-then-receives", "7.1.4", "Answers a client that is told to receive after it closed.",
      "Tells the application that the connection is over.",
      client: ClientScript([.connect(ConnectStep()), .close(), .receive()])
    ) {
      ServerStep.expectClose
    }
    clientOpensAgain
  }

  static let closesAfterEcho = ClientScript([.connect(ConnectStep()), .echo(count: 1), .close()])

  /// A client object that can be used again must not carry anything over.
  private static var clientOpensAgain: Scenario {
    let names = ["before", "after"]
    return Scenario(
      id: "client-opens-again",
      description: "Cuts the client's first connection in the middle of a frame, and takes a second one.",
      expectation: "Begins the second with a clean state.", rfc: "7.1.4", requirement: .must,
      tags: ["several-connections"],
      server: ServerScript(connections: [
        ConnectionScript(name: names[0], steps: [.sendBytes([0x81, 0x7E, 0x01])], ending: .endOfStream),
        ConnectionScript(name: names[1], steps: echo("clean?")),
      ]),
      client: ClientScript(
        names.flatMap { name -> [ClientStep] in
          [.connect(ConnectStep(connection: name)), .echo(connection: name)]
        }))
  }

  /// Both sides at once, and answers that come late, oddly or not at all.
  @ListBuilder<Scenario> static var closingCrossed: [Scenario] {
    lawful(
      "crossed", "7.1.2", "Sends a Close while the client sends one too.",
      "Takes the server's Close for the answer, sends no second one and ends.",
      client: ClientScript([.connect(ConnectStep()), .send(kind: .text, payload: "go"), .close()])
    ) {
      ServerStep.expectText("go")
      ServerStep.close(1001)
      ServerStep.expectClose
    }
    lawful(
      "client-late-answer", "7.1.2", "Answers the client's Close after 20 ms.",
      "Waits for the answer, or gives up in an orderly way.", client: closesAfterEcho, deliveries: .wholeOnly
    ) {
      echo("one")
      ServerStep.expectClose
      ServerStep.pause(milliseconds: 20)
    }
    lawful(
      "client-no-answer", "7.1.2", "Ends the stream without answering the client's Close.",
      "Ends too, and does not wait for ever.", client: closesAfterEcho, ending: .endOfStream,
      deliveries: .wholeOnly
    ) {
      echo("one")
      ServerStep.expectClose
    }
    lawful(
      "client-reset-for-answer", "7.1.2",
      "Resets the connection in place of an answer to the client's Close.",
      "Ends too, without an error that stops the application.", client: closesAfterEcho, ending: .endOfStream,
      deliveries: .wholeOnly
    ) {
      echo("one")
      ServerStep.expectClose
      ServerStep.resetTCP
    }
    lawful(
      "client-message-before-answer", "7.1.2",
      "Sends a message and a Ping before it answers the client's Close.",
      "Sends nothing behind its Close, and ends when the answer comes.", client: closesAfterEcho
    ) {
      echo("one")
      ServerStep.expectClose
      ServerStep.text("still on its way")
      ServerStep.ping("still on its way")
    }
    lawful(
      "client-inside-message", "7.1.2", "Is closed by the client while it is in the middle of a message.",
      "Sends its Close, takes the rest of the message and ends when the answer comes.",
      client: closesAfterEcho
    ) {
      ServerStep.text("one")
      ServerStep.begin(.text, "frag")
      ServerStep.expectText("one")
      ServerStep.expectClose
      ServerStep.last("ments")
    }
  }

  /// Ends without a closing handshake (section 7.1.5: code 1006 for the application).
  @ListBuilder<Scenario> static var closingWithout: [Scenario] {
    let cuts: [(String, String, [UInt8])] = [
      ("after-first-byte", "behind the first byte of a frame", [0x81]),
      ("in-16-bit-length", "inside a 16-bit length", [0x81, 0x7E, 0x01]),
      ("in-64-bit-length", "inside a 64-bit length", [0x82, 0x7F, 0x00, 0x00, 0x00]),
      ("after-header", "behind the header of a frame", [0x81, 0x05]),
      ("in-payload", "inside the payload of a text frame", [0x81, 0x05, 0x68, 0x65, 0x6C]),
      ("in-ping", "inside the payload of a Ping", [0x89, 0x05, 0x68, 0x65]),
      ("in-close", "inside the payload of a Close", [0x88, 0x05, 0x03, 0xE8]),
    ]
    for (slug, place, bytes) in cuts {
      lawful(
        "end-\(slug)", "7.1.5", "Ends the stream \(place).", "Hands out nothing and ends too.",
        ending: .endOfStream
      ) {
        ServerStep.sendBytes(.bytes(bytes))
      }
    }
    lawful(
      "end-at-once", "7.1.5", "Ends the stream right after its response.", "Ends too.", ending: .endOfStream
    ) {
      ServerStep.respond()
    }
    lawful(
      "end-after-message", "7.1.5", "Exchanges a message and ends the stream.", "Ends too.",
      ending: .endOfStream
    ) {
      echo("one")
    }
    lawful(
      "tcp-closed-after-message", "7.1.5", "Sends a message and closes TCP without waiting for the echo.",
      "Hands out the message and ends.", ending: .endOfStream
    ) {
      ServerStep.text("last words")
      ServerStep.closeTCP
    }
    let resets: [(String, String, [ServerStep])] = [
      ("at-once", "right after its response", []), ("after-message", "after a message", echo("one")),
      ("in-payload", "inside the payload of a frame", [.sendBytes([0x81, 0x05, 0x68, 0x65, 0x6C])]),
    ]
    for (slug, place, steps) in resets {
      lawful(
        "reset-\(slug)", "7.1.5", "Resets the connection \(place).", "Ends too, and does not wait for ever.",
        ending: .endOfStream
      ) {
        steps
        ServerStep.resetTCP
      }
    }
  }
}
