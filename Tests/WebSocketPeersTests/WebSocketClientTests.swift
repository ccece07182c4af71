import PosixIO
import Steps
import TestSupport
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Reference client", .timeLimit(.minutes(1)))
struct WebSocketClientTests {
  /// The example in the documentation of `WebSocketClient`, as it stands there but for the address.
  @Test("The documented example works as written")
  func documentedExample() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      var printed: [Message] = []
      func print(_ message: Message) { printed.append(message) }

      let client = WebSocketClient()
      try await client.handshake("ws://\(server.addresses[0])/chat")
      try await client.send("Hello World")
      while let message = try await client.recv() {
        print(message)
        try await client.close()
      }

      #expect(printed == [.text("Hello World")])
      #expect(!client.open)
      #expect(client.closeCode == .normalClosure)
      try await server.stop()
    }
  }

  @Test(
    "Messages of all sizes come back, from a task on the loop and from elsewhere", arguments: [true, false])
  func sizes(onLoop: Bool) async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV6(port: 0)], on: loop)
      let client = WebSocketClient(on: loop)
      @Sendable @concurrent func exchange() async throws {
        try await client.handshake("ws://\(server.addresses[0])")
        for size in [0, 1, 125, 126, 65535, 65536, 1_000_000] {
          let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
          try await client.send(payload)
          #expect(try await client.recv() == .binary(payload))
        }
        try await client.send(fragments: [Array("ab".utf8), [], Array("ç".utf8)], isText: true)
        #expect(try await client.recv() == .text("abç"))
        #expect(try await client.ping([1, 2, 3]) > .zero)
        #expect(try await client.close(code: .goingAway, reason: "bye"))
        #expect(client.closeCode == .goingAway)
        #expect(try await client.recv() == nil)
        await #expect(throws: InvalidOperation.notOpen) { try await client.send("late") }
      }
      if onLoop { try await loop.run { try await exchange() } } else { try await exchange() }
      try await server.stop()
    }
  }

  @Test("What was sent right before the connection is abandoned still leaves: abandonedAfterSend")
  func abandonedAfterSend() async throws {
    try await withLoop { loop in
      let (received, heard) = AsyncStream<Message?>.makeStream()
      let server = try await WebSocketServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop) {
        connection in
        while let message = try await connection.receive() { heard.yield(message) }
        heard.finish()
      }
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://\(server.addresses[0])")
      // In one turn of the loop, in which nothing has been written yet.
      try await loop.run {
        try await client.send("last words")
        client.connectionIfAny?.abandon()
      }
      #expect(await received.reduce(into: []) { $0.append($1) } == [.text("last words")])
      try await server.stop()
    }
  }

  @Test("Pipelined messages are all received, while others are sent")
  func concurrentSendAndReceive() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://\(server.addresses[0])")
      let count = 2000
      let payload = [UInt8](repeating: 5, count: 5000)
      async let sent: Void = {
        for _ in 0..<count { try await client.send(payload) }
      }()
      for _ in 0..<count { #expect(try await client.recv() == .binary(payload)) }
      try await sent
      try await client.close()
      try await server.stop()
    }
  }

  @Test(
    "What came lawfully before a breach, a Close or a Ping in the same read is answered first",
    arguments: [
      (FrameSpec(.text, "bad", reservedBits: 4), CloseCode.protocolError),
      (FrameSpec(.close, [3, 233]), .goingAway),
    ])
  func answersBeforeTheEnd(last: FrameSpec, code: CloseCode) async throws {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      // In one write, so that the client has it all in one read.
      let script = ServerScript(
        [
          .sendFrame(FrameSpec(.text, "one")), .sendFrame(FrameSpec(.ping, "p")),
          .sendFrame(FrameSpec(.text, "two")), .sendFrame(last),
        ],
        ending: .awaitFailure)
      let attempt = try await server.prepare(
        script, token: "tok", delivery: .coalesced, deadline: .after(.seconds(20)))
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://\(server.addresses[0])/tok")
      while let message = try await client.recv() {
        guard case .text(let text) = message else { break }
        try await client.send(text)
      }
      try await client.close()
      let connection = try #require(await attempt.record().connections.first)
      let frames = DecodedConnection(connection).client.frames
      #expect(frames.map(\.opcode) == [.text, .pong, .text, .close])
      #expect(
        frames.last?.payload.prefix(2).elementsEqual([UInt8(code.rawValue >> 8), UInt8(code.rawValue & 255)])
          == true)
      try await server.stop()
    }
  }

  @Test("A Pong that lies behind a message nobody has taken is found all the same")
  func pongBehindMessage() async throws {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let script = ServerScript([
        .expectFrame(FrameExpectation(opcode: Opcode.ping.rawValue)), .sendFrame(FrameSpec(.text, "one")),
        .sendFrame(FrameSpec(.text, "two")), .sendFrame(FrameSpec(.pong, "p")), .expectClose,
      ])
      let attempt = try await server.prepare(
        script, token: "tok", delivery: .coalesced, deadline: .after(.seconds(20)))
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://\(server.addresses[0])/tok")
      #expect(try await client.ping(Array("p".utf8)) > .zero)
      #expect(try await client.recv() == .text("one"))
      #expect(try await client.recv() == .text("two"))
      #expect(try await client.close())
      _ = await attempt.record()
      try await server.stop()
    }
  }

  @Test("A wait for a message ends at its deadline and on cancellation; the connection goes on")
  func deadlines() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://\(server.addresses[0])")
      let error = await #expect(throws: PosixError.self) {
        try await client.recv(deadline: .after(.milliseconds(5)))
      }
      #expect(error?.number == .timedOut)
      let task = Task { try await client.recv() }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      try await client.send("still here")
      #expect(try await client.recv() == .text("still here"))
      try await client.close()
      try await server.stop()
    }
  }

  @Test("A refused connection, a bad URI and an unconnected client each say so")
  func refusals() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let address = server.addresses[0]
      try await server.stop()
      let client = WebSocketClient(on: loop)
      await #expect(throws: PosixError(.connect, "\(address)", .connectionRefused)) {
        try await client.handshake("ws://\(address)")
      }
      await #expect(throws: InvalidOperation.uriRefused(.scheme)) { try await client.handshake("http://x") }
      await #expect(throws: WebSocketClientError.notConnected) { try await client.send("x") }
      #expect(try await !client.close())
    }
  }

  @Test("With the same generator the client sends the same bytes")
  func sameSeedSameBytes() async throws {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      var streams: [[UInt8]] = []
      for _ in 0..<2 {
        let attempt = try await server.prepare(
          [.expectMessage(kind: .text, payload: nil)], token: "a1", deadline: .after(.seconds(5)))
        let client = WebSocketClient(randomness: Counter(), on: loop)
        try await client.handshake("ws://127.0.0.1:\(server.port)/a1")
        try await client.send("Hello")
        #expect(try await client.recv() == nil)
        try await client.close()
        streams.append(await attempt.record().connections[0].clientStream.bytes)
      }
      #expect(streams[0] == streams[1])
      try await server.stop()
    }
  }

  struct Counter: RandomNumberGenerator {
    var state: UInt64 = 0
    mutating func next() -> UInt64 {
      state += 1
      return state &* 0x9E37_79B9_7F4A_7C15
    }
  }

  @Test("An async handler echoes as in its documentation")
  func asyncServer() async throws {
    try await withLoop { loop in
      let server = try await WebSocketServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop) {
        connection in
        for try await message in connection { try await connection.send(message) }
      }
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://\(server.addresses[0])")
      for size in [0, 5, 200_000] {
        let payload = [UInt8](repeating: 3, count: size)
        try await client.send(payload)
        #expect(try await client.recv() == .binary(payload))
      }
      #expect(try await client.close())
      // A handler under way is cancelled and its client told.
      try await client.handshake("ws://\(server.addresses[0])")
      async let stopped: Void = server.stop()
      #expect(try await client.recv() == nil)
      try await client.close()
      #expect(client.closeCode == .goingAway)
      try await stopped
    }
  }

  @Test(
    "Compression is offered only when asked for, per client or per handshake, and what was agreed on is told")
  func compression() async throws {
    try await withLoop { loop in
      let text = String(repeating: "Hello, hello. ", count: 1000)
      let server = try await WebSocketServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop) {
        connection in
        for try await message in connection {
          try await connection.send(message)
          try await connection.send(.text(connection.deflate?.description ?? "none"))
        }
      }
      let small = DeflateOffer(serverMaxWindowBits: 9, clientMaxWindowBits: .atMost(10))
      for (ofClient, ofHandshake, agreed) in [
        (nil, nil, nil), (ClientCompression(), nil, "permessage-deflate"),
        (nil, ClientCompression(), "permessage-deflate"),
        (
          ClientCompression(), ClientCompression(offers: [small]),
          "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10"
        ),
      ] as [(ClientCompression?, ClientCompression?, String?)] {
        let client = WebSocketClient(compression: ofClient, on: loop)
        let response = try await client.handshake("ws://\(server.addresses[0])", compression: ofHandshake)
        #expect(response.deflate?.description == agreed)
        #expect(client.connectionIfAny?.deflate == response.deflate)
        for _ in 0..<3 {
          try await client.send(text)
          #expect(try await client.recv() == .text(text))
          #expect(try await client.recv() == .text(agreed ?? "none"))
        }
        try await client.send(fragments: [Array("ab".utf8), [], Array("ç".utf8)], isText: true)
        #expect(try await client.recv() == .text("abç"))
        #expect(try await client.close())
      }
      try await server.stop()
    }
  }

  @Test("A server whose handlers are all at work turns further clients away with 503")
  func mostConnections() async throws {
    try await withLoop { loop in
      let server = try await WebSocketServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, maximumConnections: 1
      ) { connection in
        for try await message in connection { try await connection.send(message) }
      }
      let first = WebSocketClient(on: loop)
      try await first.handshake("ws://\(server.addresses[0])")
      let second = try await RawClient.connect(to: server.addresses[0], on: loop)
      #expect(try await second.readToEnd() == .end)
      #expect(second.received.starts(with: "HTTP/1.1 503 ".utf8))
      try await first.close()
      try await server.stop()
    }
  }
}

extension ScriptedServer {
  func prepare(_ steps: [ServerStep], token: String, deadline: Deadline) async throws -> ScriptedAttempt {
    try await prepare(ServerScript(steps), token: token, deadline: deadline)
  }
}
