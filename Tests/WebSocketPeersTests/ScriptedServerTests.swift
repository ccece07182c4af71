import PosixIO
import Steps
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Scripted server: steps", .timeLimit(.minutes(1)))
struct ScriptedServerTests {
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
}

extension ConnectionTrace {
  fileprivate var sentCounts: [Int] {
    events.compactMap { if case .sent(let count) = $0.kind { count } else { nil } }
  }
}
