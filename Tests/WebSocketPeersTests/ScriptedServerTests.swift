import PosixIO
import Steps
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Scripted server", .timeLimit(.minutes(1)))
struct ScriptedServerTests {
  static let soon = Duration.seconds(5)

  /// Starts a server, plays a script against what `body` does as the client, and returns the attempt's record.
  func play(
    _ script: ServerScript, _ delivery: Delivery = .whole, deadline: Duration = soon,
    _ body: (ScriptedServer, ScriptedAttempt, EventLoop) async throws -> Void
  ) async throws -> AttemptRecord {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      let attempt = try await server.prepare(
        script, token: "t0k3n", delivery: delivery, deadline: .after(deadline))
      try await body(server, attempt, loop)
      let record = await attempt.record()
      #expect(try await server.takeStrays().isEmpty)
      try await server.stop()
      return record
    }
  }

  @Test(
    "An echo script runs to the closing handshake under every delivery",
    arguments: Delivery.allCases)
  func echo(delivery: Delivery) async throws {
    let script = ServerScript([
      .respond(.accept()),
      .sendFrame(FrameSpec(.text, .text("häß"))),
      .expectMessage(kind: .text, payload: .text("häß")),
      .sendFrame(FrameSpec(.binary, .bytes([1]), isFinal: false)),
      .sendFrame(FrameSpec(.ping, .text("p"))),
      .sendFrame(FrameSpec(.continuation, .bytes([2]))),
      .expectFrame(FrameExpectation(opcode: 10, payload: .text("p"))),
      .expectMessage(kind: .binary, payload: .bytes([1, 2])),
    ])
    let record = try await play(script, delivery) { server, _, loop in
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://localhost:\(server.port)/t0k3n")
      while let message = try await client.recv() {
        switch message {
        case .text(let text): try await client.send(text)
        case .binary(let bytes): try await client.send(bytes)
        }
      }
      #expect(try await client.close())
      #expect(client.closeCode == .normalClosure)
    }
    let trace = try #require(record.connections.first)
    #expect(trace.missed.isEmpty)
    #expect(trace.name == "main")
    #expect(trace.token == "t0k3n")
    let head = try #require(trace.responseHeadLength)
    let frames =
      Frame(.text, Array("häß".utf8)).encoded() + Frame(.binary, [1], isFinal: false).encoded()
      + Frame(.ping, Array("p".utf8)).encoded() + Frame(.continuation, [2]).encoded()
      + Frame(.close, [3, 0xE8]).encoded()
    #expect(Array(trace.serverStream.bytes.dropFirst(head)) == frames)
    if delivery == .bytewise {
      #expect(trace.sentCounts.allSatisfy { $0 == 1 })
    }
    if delivery == .coalesced { #expect(trace.sentCounts.first == head + 7) }
  }

  @Test("Edits and raw bytes replace the response")
  func responses() async throws {
    let edited = ServerScript(
      [
        .respond(
          .accept(edits: [
            .rename(name: "upgrade", to: "UPGRADE"), .remove(name: "Connection"), .add(name: "X", value: "1"),
            .set(name: "X", value: "2"), .subprotocol("a"), .append(.bytes([0x81, 0])),
          ]))
      ], ending: .endOfStream)
    let record = try await play(edited) { server, _, loop in
      let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      #expect(try await client.readToEnd() == .end)
      try await client.endSending()
      #expect(client.framesReceived == [0x81, 0])
      let head = String(decoding: client.received.dropLast(6), as: UTF8.self)
      #expect(
        head == """
          HTTP/1.1 101 Switching Protocols\r\nUPGRADE: websocket\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nX: 2\r\nSec-WebSocket-Protocol: a
          """)
    }
    let trace = try #require(record.connections.first)
    #expect(trace.responseHeadLength == trace.serverStream.totalCount - 2)
    let raw = ServerScript([.respond(.raw(.text("HTTP/1.1 404 No\r\nA: {accept}\r\n\r\n")))])
    _ = try await play(raw) { server, _, loop in
      let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      #expect(try await client.readToEnd() == .end)
      try await client.endSending()
      #expect(
        String(decoding: client.received, as: UTF8.self).contains("A: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
    }
  }

  @Test("What was not expected is a miss, and the ending follows")
  func misses() async throws {
    let steps: [(ServerStep, Frame, String)] = [
      (.expectMessage(kind: .text, payload: nil), clientFrame(.binary), "instead came a binary message"),
      (
        .expectMessage(kind: nil, payload: .text("a")), clientFrame(.text, [98]),
        "the message of 1 bytes has another payload"
      ),
      (
        .expectMessage(kind: nil, payload: nil), clientFrame(.close, [3, 0xE9]),
        "instead came a Close frame with code 1001"
      ),
      (
        .expectFrame(FrameExpectation(opcode: 10)), clientFrame(.text, [98]),
        "instead came a text frame of 1 bytes"
      ),
    ]
    for (step, frame, reason) in steps {
      let record = try await play(ServerScript([step, .sendFrame(FrameSpec(.ping))])) { server, _, loop in
        let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
        try await client.send(frame)
        if frame.opcode != .close { try await client.send(clientFrame(.close, [3, 0xE8])) }
        #expect(try await client.readToEnd() == .end)
        try await client.endSending()
        // The script's own step after the miss is not played.
        #expect(client.framesReceived.first == 0x88)
      }
      #expect(try #require(record.connections.first).missed == [reason])
    }
  }

  @Test("A client that ends too soon is a miss; a reset is recorded as one")
  func ends() async throws {
    let record = try await play(ServerScript([.expectClose])) { server, _, loop in
      let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      try await client.endSending()
      #expect(try await client.readToEnd() == .end)
    }
    #expect(try #require(record.connections.first).missed == ["the stream ended without a Close frame"])
    #expect(try #require(record.connections.first).events.map(\.kind).contains(.receivedEnd))
  }

  @Test("TCP is half-closed, closed and reset as the script says")
  func tcpSteps() async throws {
    for (step, ending) in [
      (ServerStep.closeTCP, RawClient.Ending.end), (.halfClose, .end), (.resetTCP, .reset),
    ] {
      let record = try await play(ServerScript([step])) { server, _, loop in
        let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
        #expect(try await client.readToEnd() == ending)
        if ending == .end { try await client.endSending() }
      }
      let kinds = try #require(record.connections.first).events.map(\.kind)
      #expect(kinds.contains(.sentReset) == (ending == .reset))
      #expect(kinds.last == .closed)
    }
  }

  @Test("An attempt that nobody answers ends at its deadline, with an end of stream and no reset")
  func deadline() async throws {
    let record = try await play(ServerScript([.expectClose]), deadline: .seconds(1)) { server, _, loop in
      let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      #expect(try await client.readToEnd() == .end)
      try await client.endSending()
    }
    #expect(try #require(record.connections.first).events.map(\.kind).contains(.deadlinePassed(index: 0)))
    let unopened = try await play(ServerScript([.expectClose]), deadline: .milliseconds(10)) { _, _, _ in }
    #expect(unopened.connections.isEmpty)
  }

  @Test("When the client side is over, the attempt does not wait for its deadline")
  func clientOver() async throws {
    let record = try await play(ServerScript([.expectClose]), deadline: .seconds(50)) {
      server, attempt, loop in
      _ = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      attempt.clientHasEnded(allowing: .milliseconds(5))
    }
    #expect(record.connections.count == 1)
    let unopened = try await play(ServerScript([.expectClose]), deadline: .seconds(50)) { _, attempt, _ in
      attempt.clientHasEnded()
    }
    #expect(unopened.connections.isEmpty)
  }

  @Test("A client that stops reading is waited for; one that is not read fills its own buffers")
  func backpressure() async throws {
    let size = 8 << 20
    let payload = Payload.bytes(Array(repeating: 7, count: size))
    let record = try await play(
      ServerScript([
        .sendFrame(FrameSpec(.binary, payload)), .stopReading, .pause(milliseconds: 20), .resumeReading,
        .expectMessage(kind: .binary, payload: payload),
      ])
    ) { server, _, loop in
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://127.0.0.1:\(server.port)/t0k3n")
      guard case .binary(let bytes)? = try await client.recv() else { return }
      #expect(bytes.count == size)
      try await client.send(bytes)
      #expect(try await client.recv() == nil)
      try await client.close()
    }
    let trace = try #require(record.connections.first)
    #expect(trace.missed.isEmpty)
    #expect(trace.clientStream.isCut && trace.clientStream.sha1?.count == 20)
    #expect(trace.clientStream.bytes.count == 1 << 20)
  }

  @Test(
    "A connection that no attempt has claimed holds little back, and much once its script turns out to read",
    arguments: [true, false])
  func unclaimedBuffer(stopsReading: Bool) async throws {
    var configuration = ScriptedConfiguration()
    configuration.onUnclaimed = { connection in
      let held: [ServerStep] = [.pause(milliseconds: 300), .resumeReading, .expectClose]
      let script = ServerScript(stopsReading ? [.stopReading] + held : [.expectClose])
      _ = try? connection.play(
        script, token: "t0k3n", patience: Patience(.seconds(1), atMost: .seconds(5)))
    }
    try await withLoop { [configuration] loop in
      let server = try await ScriptedServer.start(on: loop, configuration: configuration)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      try await client.limitSending()
      try await client.sendUntilRefused(Array(repeating: 0, count: 64 << 10))
      // The client's own kernel takes a few thousand bytes more than the server's.
      #expect(stopsReading ? client.sentCount < 32 << 10 : client.sentCount == 64 << 10)
      try await server.stop()
    }
  }

  @Test("A script that leaves reading stopped still sees the client's end")
  func readingLeftStopped() async throws {
    let record = try await play(ServerScript([.stopReading])) { server, _, loop in
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://127.0.0.1:\(server.port)/t0k3n")
      #expect(try await client.recv() == nil)
      #expect(try await client.close())
    }
    #expect(try #require(record.connections.first).events.map(\.kind).contains(.receivedEnd))
  }

  @Test("Several connections keep to their scripts and meet at barriers")
  func barriers() async throws {
    let script = ServerScript(connections: [
      ConnectionScript(
        name: "a",
        steps: [
          .expectMessage(kind: nil, payload: .text("go")), .barrier("b"),
          .sendFrame(FrameSpec(.text, .text("A"))),
        ]),
      ConnectionScript(name: "b", steps: [.barrier("b"), .sendFrame(FrameSpec(.text, .text("B")))]),
    ])
    let record = try await play(script) { server, _, loop in
      let second = WebSocketClient(on: loop)
      try await second.handshake("ws://127.0.0.1:\(server.port)/t0k3n/b")
      let first = WebSocketClient(on: loop)
      try await first.handshake("ws://127.0.0.1:\(server.port)/t0k3n")
      await #expect(throws: PosixError.self) { try await second.recv(deadline: .after(.milliseconds(20))) }
      try await first.send("go")
      #expect(try await first.recv() == .text("A"))
      #expect(try await second.recv() == .text("B"))
      try await first.close()
      try await second.close()
    }
    #expect(record.connections.map(\.name) == ["a", "b"])
  }

  @Test("Who waits at a barrier for a connection that has ended is released with a miss")
  func brokenBarrier() async throws {
    let script = ServerScript(connections: [
      ConnectionScript(name: "a", steps: [.barrier("b")]),
      ConnectionScript(name: "b", steps: [.expectClose, .expectEnd, .barrier("b")], ending: .endOfStream),
    ])
    let record = try await play(script) { server, _, loop in
      let first = WebSocketClient(on: loop)
      try await first.handshake("ws://127.0.0.1:\(server.port)/t0k3n/a")
      let second = try await RawClient.open(server.addresses[0], "/t0k3n/b", on: loop)
      try await second.endSending()
      #expect(try await second.readToEnd() == .end)
      #expect(try await first.recv() == nil)
      try await first.close()
    }
    #expect(
      try #require(record.connections.first).missed == ["connection b ended before it reached the barrier b"])
  }

  @Test("A connection with another token is refused, recorded, and reaches no attempt")
  func strays() async throws {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      let attempt = try await server.prepare(
        ServerScript([]), token: "mine", deadline: .after(Self.soon))
      let stray = try await RawClient.open(server.addresses[0], "/other/x?y", on: loop)
      #expect(try await stray.readToEnd() == .end)
      #expect(stray.received.starts(with: "HTTP/1.1 403 ".utf8))
      try await stray.endSending()
      let noise = try await RawClient.connect(to: server.addresses[0], on: loop)
      try await noise.send(Array("\u{16}\u{3}\u{1}garbage\r\n\r\n".utf8))
      #expect(try await noise.readToEnd() == .end)
      let recorded = try await server.takeStrays()
      #expect(recorded.count == 2)
      #expect(recorded.first?.token == "other")
      #expect(recorded.first?.bytes == RawClient.request("/other/x?y"))
      attempt.clientHasEnded()
      #expect(await attempt.record().connections.isEmpty)
      await #expect(throws: ScriptError.badToken("a/b")) {
        try await server.prepare(ServerScript([]), token: "a/b", deadline: .after(Self.soon))
      }
      try await server.stop()
    }
  }

  @Test("Connections that name no attempt are bounded in number")
  func mostUnclaimed() async throws {
    try await withLoop { loop in
      var configuration = ScriptedConfiguration()
      configuration.maximumUnclaimed = 1
      let server = try await ScriptedServer.start(on: loop, configuration: configuration)
      let silent = try await RawClient.connect(to: server.addresses[0], on: loop)
      let second = try await RawClient.connect(to: server.addresses[0], on: loop)
      #expect(try await second.readToEnd() == .end)
      #expect(second.received.starts(with: "HTTP/1.1 503 ".utf8))
      try await silent.endSending()
      #expect(try await silent.readToEnd() == .end)
      try await server.stop()
    }
  }

  @Test("The end of both directions is told once, while the script still plays")
  func bothEnds() async throws {
    let record = try await play(ServerScript([.halfClose, .pause(milliseconds: 200)])) { server, _, loop in
      let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      try await client.endSending()
      #expect(try await client.readToEnd() == .end)
    }
    let kinds = try #require(record.connections.first).events.map(\.kind)
    #expect(kinds.count { $0 == .receivedEnd } == 1)
    #expect(kinds.last == .closed)
  }

  @Test("A client that floods a script which does not look gets its end of stream all the same")
  func floodedWhileDraining() async throws {
    let record = try await play(ServerScript([.pause(milliseconds: 100), .closeTCP])) { server, _, loop in
      let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      do {
        for _ in 0..<24 { try await client.send(clientFrame(.binary, Array(repeating: 7, count: 1 << 20))) }
      } catch let error as PosixError {
        // The server may have closed before the last of it: what counts is its trace.
        #expect(error.operation == .send)
      }
      #expect(try await client.readToEnd() == .end)
      try? await client.endSending()
    }
    let kinds = try #require(record.connections.first).events.map(\.kind)
    #expect(kinds.contains(.receivedEnd))
    #expect(!kinds.contains(.deadlinePassed(index: 1)))
  }

  @Test("A token is found in a request that comes byte by byte")
  func bytewiseRequest() async throws {
    let record = try await play(ServerScript([], ending: .endOfStream)) { server, _, loop in
      let client = try await RawClient.connect(to: server.addresses[0], on: loop)
      for byte in RawClient.request("/t0k3n") { try await client.send([byte]) }
      #expect(try await client.readToEnd() == .end)
      try await client.endSending()
    }
    #expect(record.connections.count == 1)
  }

  @Test("A request that breaks a rule is refused and the attempt says so")
  func badRequest() async throws {
    let record = try await play(ServerScript([])) { server, _, loop in
      let client = try await RawClient.connect(to: server.addresses[0], on: loop)
      try await client.send(Array("GET /t0k3n HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n".utf8))
      #expect(try await client.readToEnd() == .end)
      #expect(client.received.starts(with: "HTTP/1.1 400 ".utf8))
      try await client.endSending()
    }
    let refused = try #require(record.connections.first).events.contains {
      if case .requestRefused = $0.kind { true } else { false }
    }
    #expect(refused)
  }

  @Test("With a port of its own an attempt needs no token in the path")
  func ownPort() async throws {
    _ = try await play(ServerScript([.sendFrame(FrameSpec(.text, .text("x")))], ownPort: true)) {
      server, attempt, loop in
      #expect(attempt.port != server.port)
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://127.0.0.1:\(attempt.port)?x=1")
      #expect(try await client.recv() == .text("x"))
      #expect(try await client.recv() == nil)
      try await client.close()
    }
  }

  @Test("A port of a certain number is the attempt's, or the lack of it is told as that")
  func numberedPort() async throws {
    let loop = try EventLoop(name: "server").start()
    defer { loop.stop() }
    let server = try await ScriptedServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
    let script = ServerScript(connections: [], ownPort: true, port: server.port)
    let error = await #expect(throws: ScriptError.self) {
      try await server.prepare(script, token: "t0k3n", deadline: .after(.seconds(1)))
    }
    #expect(error?.isLackOfPort == true, "\(error.map { "\($0)" } ?? "none")")
    try await server.stop()
    let other = try await ScriptedServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
    let attempt = try await other.prepare(script, token: "t0k3n", deadline: .after(.seconds(1)))
    #expect(attempt.port == server.port)
    try await other.stop()
  }

  @Test("A Ping that no step asks for is answered")
  func pingIsAnswered() async throws {
    _ = try await play(ServerScript([.expectMessage(kind: nil, payload: nil)])) { server, _, loop in
      let client = WebSocketClient(on: loop)
      try await client.handshake("ws://127.0.0.1:\(server.port)/t0k3n")
      try await client.ping([1])
      try await client.send("x")
      #expect(try await client.recv() == nil)
      try await client.close()
    }
  }

  @Test("A client that neither reads nor ends does not keep the attempt from ending")
  func stuckClient() async throws {
    let payload = Payload.bytes(Array(repeating: 7, count: 16 << 20))
    let record = try await play(
      ServerScript([.sendFrame(FrameSpec(.binary, payload))]), deadline: .seconds(1)
    ) {
      server, attempt, loop in
      let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
      _ = await attempt.record()
      withExtendedLifetime(client) {}
    }
    #expect(try #require(record.connections.first).events.last?.kind == .closed)
    #expect(try #require(record.connections.first).events.map(\.kind).contains(.deadlinePassed(index: 0)))
  }
}

extension ConnectionTrace {
  var missed: [String] {
    events.compactMap { if case .expectationMissed(_, let reason) = $0.kind { reason } else { nil } }
  }

  fileprivate var sentCounts: [Int] {
    events.compactMap { if case .sent(let count) = $0.kind { count } else { nil } }
  }
}
