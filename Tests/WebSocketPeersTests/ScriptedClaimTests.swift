import PosixIO
import Steps
import TestSupport
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Scripted server: whose connection it is", .timeLimit(.minutes(1)))
struct ScriptedClaimTests {
  @Test("A connection with another token is refused, recorded, and reaches no attempt")
  func strays() async throws {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      let attempt = try await server.prepare(
        ServerScript([]), token: "mine", deadline: .after(.seconds(5)))
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
        try await server.prepare(ServerScript([]), token: "a/b", deadline: .after(.seconds(5)))
      }
      try await server.stop()
    }
  }

  @Test("once a board is known, other computers are refused, the right token or not; a probe is open to all")
  func strangers() async throws {
    let program = """
      import socket, sys
      s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5, ("127.0.0.2", 0))
      s.sendall(b"GET /" + sys.argv[2].encode() + b" HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n")
      print(s.recv(12).decode())
      """
    let python = try #require(Repository.program("python3"))
    try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      func answer(_ token: String) async throws -> String {
        try await RunningChild.run(python, ["-c", program, "\(server.port)", token]).output
      }
      try await server.admit(#require(SocketAddress(numeric: "10.9.9.9", port: 0)).host)
      let deadline = Deadline.after(.seconds(30))
      _ = try await server.prepare(ServerScript([]), token: "mine", deadline: deadline)
      _ = try await server.prepareForStranger(ServerScript([]), token: "probe", deadline: deadline)
      #expect(try await answer("mine") == "HTTP/1.1 403\n")
      #expect(try await server.takeStrays().map(\.token) == ["mine"])
      #expect(try await answer("probe") == "HTTP/1.1 101\n")
      try await server.admit(#require(SocketAddress(numeric: "127.0.0.2", port: 0)).host)
      #expect(try await answer("mine") == "HTTP/1.1 101\n")
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
}
