import Steps
import WebSocketProtocol

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
    closingCodesOfClient
    closingByTasks
  }

  /// What an application may ask of a close, and what a client must not let through.
  @ListBuilder<Scenario> private static var closingCodesOfClient: [Scenario] {
    let lawfulCodes: [(UInt16, String?, String)] = [
      (1000, nil, "no reason"), (1001, "", "an empty reason"), (4999, "last of the private ones", "a reason"),
      (3000, String(repeating: "r", count: 123), "a reason of 123 bytes"),
      (1011, String(repeating: "€", count: 41), "a reason of 41 3-byte sequences"),
    ]
    for (code, reason, what) in lawfulCodes {
      lawful(
        "client-code-\(code)", .may("7.4"), "Waits for a Close with code \(code) and \(what).",
        "Sends the code and the reason as the application gave them.",
        client: ClientScript([.connect(ConnectStep()), .close(code: code, reason: reason)]),
        expected: Expected(closeCodes: [code])
      ) {
        ServerStep.expectClose
      }.disputed(Dispute.clientCode)
    }
    for code: UInt16 in [0, 999, 1005, 1006, 1015] {
      lawful(
        "client-code-\(code)-refused", "7.4.1",
        "Answers a client whose application closes with code \(code), which must not be sent.",
        "Refuses the call or sends another code.",
        client: closesWrongly(code: code, reason: "")
      ) {
        echo("one")
      }
    }
    lawful(
      "client-reason-too-long", "5.5",
      "Answers a client whose application closes with a reason of 124 bytes.",
      "Refuses the call or cuts the reason: the Close holds at most 125 bytes.",
      client: closesWrongly(code: 1000, reason: String(repeating: "r", count: 124))
    ) {
      echo("one")
    }
    lawful(
      "client-reason-too-long-utf8", "5.5.1",
      "Answers a client whose application closes with a reason of 42 3-byte sequences.",
      "Refuses the call or cuts the reason between code points.",
      client: closesWrongly(code: 1000, reason: String(repeating: "€", count: 42))
    ) {
      echo("one")
    }
  }

  /// Closing while other tasks use the connection.
  @ListBuilder<Scenario> private static var closingByTasks: [Scenario] {
    lawful(
      "client-while-receiving", "7.1.2", "Answers a client that closes while another task of it receives.",
      "Sends one Close, and the receiving task learns of the end.", client: closerBesideReceiver
    ) {
      echo("one")
      ServerStep.expectClose
    }
    lawful(
      "client-two-tasks", "5.5.1", "Answers a client of which two tasks close at the same time.",
      "Sends one Close, and both calls return.",
      client: ClientScript(tasks: [
        ClientTask(
          name: "main",
          steps: [
            .connect(ConnectStep()), .echo(count: 1), .start(task: "other"), .barrier("both"), .close(),
            .join(task: "other"),
          ]),
        ClientTask(name: "other", steps: [.barrier("both"), .close()]),
      ]), deliveries: .wholeOnly
    ) {
      echo("one")
      ServerStep.expectClose
    }
  }

  /// An application that asks for a Close that must not be sent, is perhaps told so, and goes on.
  private static func closesWrongly(code: UInt16, reason: String) -> ClientScript {
    ClientScript(tasks: [
      ClientTask(
        name: "main",
        steps: [
          .connect(ConnectStep()), .echo(count: 1), .start(task: "closer"), .join(task: "closer"), .echo(),
        ]),
      ClientTask(name: "closer", steps: [.close(code: code, reason: reason)]),
    ])
  }

  private static let closerBesideReceiver = ClientScript(tasks: [
    ClientTask(
      name: "main",
      steps: [
        .connect(ConnectStep()), .echo(count: 1), .start(task: "receiver"), .pause(milliseconds: 5), .close(),
        .join(task: "receiver"),
      ]),
    ClientTask(name: "receiver", steps: [.receive()]),
  ])

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
      "Sends no data behind its Close, and ends when the answer comes.", client: closesAfterEcho
    ) {
      echo("one")
      ServerStep.expectClose
      ServerStep.text("still on its way")
      ServerStep.ping("still on its way")
    }
    let answers: [(String, String, ServerStep)] = [
      ("other-code", "with another code", .close(1001)), ("empty", "without a code", .frame(.close)),
      ("half-code", "with half a code", .frame(.close, [0x03])), ("bad-code", "with code 1005", .close(1005)),
      ("reserved-opcode", "by a frame with the reserved opcode 3", .frame(Opcode(rawValue: 3))),
    ]
    for (slug, how, answer) in answers {
      lawful(
        "client-answer-\(slug)", "7.1.2", "Answers the client's Close \(how), and ends the stream.",
        "Ends, sends no second Close and lets its close return.", client: closesAfterEcho,
        ending: .endOfStream
      ) {
        echo("one")
        ServerStep.expectClose
        answer
      }
    }
    lawful(
      "client-16-kib-before-answer", "7.1.2",
      "Sends a binary message of 16 KiB before it answers the client's Close.",
      "Takes the message off the wire and ends when the answer comes.", client: closesAfterEcho,
      deliveries: .notBytewise
    ) {
      echo("one")
      ServerStep.expectClose
      ServerStep.binary(.repeated(unit: [0x42], count: 16384))
    }
    lawful(
      "client-close-split-by-end", "7.1.5",
      "Sends half of its answer to the client's Close and ends the stream.",
      "Ends too, and does not wait for the other half.", client: closesAfterEcho, ending: .endOfStream
    ) {
      echo("one")
      ServerStep.expectClose
      ServerStep.sendBytes([0x88, 0x02, 0x03])
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
      ("before-16-bit-length", "behind the first two bytes of a longer header", [0x82, 0x7E]),
      ("before-payload-200", "behind the header of a frame of 200 bytes", [0x82, 0x7E, 0x00, 0xC8]),
      ("in-continuation", "inside the payload of a last fragment", [0x01, 0x01, 0x61, 0x80, 0x04, 0x62]),
      ("one-byte-short", "one byte before the end of a frame", [0x82, 0x03, 0x01, 0x02]),
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
      ("in-length", "inside a 16-bit length", [.sendBytes([0x82, 0x7E, 0x01])]),
      ("in-ping", "inside the payload of a Ping", [.sendBytes([0x89, 0x05, 0x68])]),
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
    lawful(
      "half-close-while-client-sends", "7.1.5",
      "Ends its stream, and reads the message that the client sends then.",
      "Ends its own stream too, with or without the message.",
      client: ClientScript([
        .connect(ConnectStep()), .send(kind: .text, payload: "one"), .receive(),
      ]), ending: .endOfStream
    ) {
      ServerStep.expectText("one")
      ServerStep.halfClose
      ServerStep.expectEnd
    }
  }
}
