import PosixIO
import Steps
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Scripted server: how it ends", .timeLimit(.minutes(1)))
struct ScriptedEndTests {
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
