import PosixIO
import Synchronization
import TestSupport
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Echo server", .timeLimit(.minutes(1)))
struct EchoServerTests {
  static let loopbacks = [SocketAddress.loopbackV4(port: 0), .loopbackV6(port: 0)]

  @Test("Messages come back, pipelined and over IPv4 and IPv6", arguments: [0, 1])
  func echoes(family: Int) async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: Self.loopbacks, on: loop)
      guard server.addresses.count > family else { return }
      let client = try await RawClient.open(server.addresses[family], on: loop)
      var frames: [UInt8] = []
      var expected: [UInt8] = []
      for size in [0, 1, 125, 126, 65535, 65536, 300_000] {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        frames += clientFrame(.binary, payload).encoded()
        expected += Frame(.binary, payload).encoded()
      }
      let total = expected.count
      try await client.exchange(frames) { $0.count >= total + 129 }
      #expect(client.framesReceived == expected)
      try await client.endSending()
      try await server.stop()
    }
  }

  @Test("Fragments come back as one message, Pings between them are answered first")
  func fragments() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      try await client.send(clientFrame(.text, Array("Hé".utf8.prefix(2)), isFinal: false))
      try await client.send(clientFrame(.ping, [1, 2]))
      try await client.send(clientFrame(.continuation, Array("Hé".utf8.suffix(1))))
      let expected = Frame(.pong, [1, 2]).encoded() + Frame(.text, Array("Hé".utf8)).encoded()
      try await client.waitFor { $0.count >= 129 + expected.count }
      #expect(client.framesReceived == expected)
      try await client.endSending()
      try await server.stop()
    }
  }

  @Test("A violation gets its Close, then an end of stream, never a reset, even with bytes left unread")
  func violationDrains() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      try await client.send(clientFrame(.text, [0xC0, 0x80]))
      for _ in 0..<20 { try await client.send(clientFrame(.binary, Array(repeating: 7, count: 100_000))) }
      #expect(try await client.readToEnd() == .end)
      #expect(
        client.framesReceived.prefix(4) == Frame(.close, [0x03, 0xEF]).encoded().prefix(0) + [
          0x88, 16, 3, 0xEF,
        ])
      try await client.endSending()
      try await server.stop()
    }
  }

  @Test("The closing handshake is answered and the server ends TCP first")
  func closingHandshake() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      try await client.send(clientFrame(.close, [0x03, 0xE8]))
      #expect(try await client.readToEnd() == .end)
      #expect(client.framesReceived == [0x88, 2, 3, 0xE8])
      try await client.endSending()
      try await server.stop()
    }
  }

  @Test("A client that does not read stops being read, and gets everything once it reads")
  func backpressure() async throws {
    try await withLoop { loop in
      var configuration = EchoConfiguration()
      configuration.sendHighWaterMark = 1 << 16
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      let frame = clientFrame(.binary, Array(repeating: 9, count: 100_000)).encoded()
      let count = 200
      var all: [UInt8] = []
      for _ in 0..<count { all += frame }
      let total = count * Frame(.binary, Array(repeating: 9, count: 100_000)).encoded().count
      // All of it is sent before anything is read: only a server that stops reading makes the sender wait.
      try await client.sendUntilRefused(all)
      try await client.exchange(Array(all[client.sentCount...])) { $0.count >= 129 + total }
      #expect(client.sentCount < all.count)
      #expect(client.framesReceived.count == total)
      try await client.endSending()
      try await server.stop()
    }
  }

  @Test("A client that does not finish its request is closed without a word")
  func handshakeTimeout() async throws {
    try await withLoop { loop in
      var configuration = EchoConfiguration()
      configuration.handshakeTimeout = .milliseconds(20)
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let silent = try await RawClient.connect(to: server.addresses[0], on: loop)
      #expect(try await silent.readToEnd() == .end)
      #expect(silent.received.isEmpty)
      try await silent.endSending()
      try await server.stop()
    }
  }

  @Test("A client that is silent for too long gets a Close with 1001, then an end of stream")
  func idleTimeout() async throws {
    try await withLoop { loop in
      var configuration = EchoConfiguration()
      configuration.idleTimeout = .milliseconds(20)
      configuration.closeTimeout = .milliseconds(20)
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let idle = try await RawClient.open(server.addresses[0], on: loop)
      #expect(try await idle.readToEnd() == .end)
      #expect(idle.framesReceived == [0x88, 2, 3, 0xE9])
      try await server.stop()
    }
  }

  @Test("Without a limit for silence an open connection outlives the limit of the handshake")
  func noIdleTimeout() async throws {
    try await withLoop { loop in
      var configuration = EchoConfiguration()
      configuration.handshakeTimeout = .milliseconds(20)
      configuration.idleTimeout = nil
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let idle = try await RawClient.open(server.addresses[0], on: loop)
      // Came later, and is thrown out at its limit: the limit of the other one is over by then.
      let silent = try await RawClient.connect(to: server.addresses[0], on: loop)
      #expect(try await silent.readToEnd() == .end)
      try await idle.exchange(clientFrame(.text, [0x61]).encoded()) { $0.suffix(3) == [0x81, 1, 0x61] }
      try await idle.endSending()
      try await silent.endSending()
      try await server.stop()
    }
  }

  @Test("A frame in two writes of a client with Nagle's algorithm on comes back at once")
  func quickAcknowledgement() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      try await client.enableNagle()
      let frame = clientFrame(.binary, [1, 2, 3]).encoded()
      var times: [Duration] = []
      for round in 1...40 {
        let start = MonotonicInstant.now()
        try await client.send(Array(frame[..<2]))
        try await client.send(Array(frame[2...6]))
        try await client.send(Array(frame[7...]))
        try await client.waitFor { $0.count >= 129 + round * 5 }
        times.append(MonotonicInstant.now() - start)
      }
      // A new connection is acknowledged at once by itself; later each delayed acknowledgement would take 40 ms. The
      // median of the second half, because other tests run beside this one.
      #expect(times[20...].sorted()[10] < .milliseconds(40))
      try await client.endSending()
      try await server.stop()
    }
  }

  @Test("A request that is no upgrade gets its status and an end of stream")
  func refusal() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = try await RawClient.connect(to: server.addresses[0], on: loop)
      try await client.send(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
      #expect(try await client.readToEnd() == .end)
      #expect(client.received.starts(with: "HTTP/1.1 426 ".utf8))
      try await client.endSending()
      try await server.stop()
    }
  }

  @Test("A connection's trace holds its bytes up to the limit, and beyond it length and SHA-1")
  func traces() async throws {
    try await withLoop { loop in
      let traces = Mutex<[ConnectionTrace]>([])
      var configuration = EchoConfiguration()
      configuration.captureLimit = 1000
      configuration.onTrace = { trace in traces.withLock { $0.append(trace) } }
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      let frame = clientFrame(.binary, Array(repeating: 1, count: 5000)).encoded()
      try await client.send(frame)
      try await client.send(clientFrame(.close, [0x03, 0xE8]))
      #expect(try await client.readToEnd() == .end)
      try await client.endSending()
      try await server.stop()
      let trace = try #require(traces.withLock { $0.first })
      let request = RawClient.request("/")
      #expect(trace.requestHeadLength == request.count)
      #expect(trace.clientStream.bytes == Array((request + frame).prefix(1000)))
      #expect(trace.clientStream.totalCount == request.count + frame.count + 8)
      #expect(trace.clientStream.sha1?.count == 20)
      #expect(trace.serverStream.bytes.count == 1000)
      #expect(trace.events.last?.kind == .closed)
      #expect(trace.events.map(\.kind).contains(.sentEnd))
    }
  }

  @Test(
    "Beyond the most connections a client gets 503 and an end of stream; one place freed is one place more")
  func mostConnections() async throws {
    try await withLoop { loop in
      var configuration = EchoConfiguration()
      configuration.maximumConnections = 1
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let first = try await RawClient.open(server.addresses[0], on: loop)
      let second = try await RawClient.connect(to: server.addresses[0], on: loop)
      #expect(try await second.readToEnd() == .end)
      #expect(second.received.starts(with: "HTTP/1.1 503 ".utf8))
      try await first.send(clientFrame(.close, [0x03, 0xE8]))
      try await first.endSending()
      #expect(try await first.readToEnd() == .end)
      _ = try await RawClient.open(server.addresses[0], on: loop)
      try await server.stop()
    }
  }

  @Test("Stopping closes open connections with 1001 and waits for their end")
  func stops() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let client = try await RawClient.open(server.addresses[0], on: loop)
      async let stopped: Void = server.stop()
      try await client.waitFor { $0.count >= 133 }
      #expect(client.framesReceived == [0x88, 2, 3, 0xE9])
      try await client.send(clientFrame(.close, [0x03, 0xE9]))
      #expect(try await client.readToEnd() == .end)
      try await client.endSending()
      try await stopped
    }
  }

  @Test(
    "Compression is accepted where it is offered, unless the server is told to decline it",
    arguments: [true, false])
  func compression(accepts: Bool) async throws {
    try await withLoop { loop in
      var configuration = EchoConfiguration()
      if !accepts { configuration.compression = nil }
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let client = WebSocketClient(compression: ClientCompression(), on: loop)
      let response = try await client.handshake("ws://\(server.addresses[0])")
      #expect(response.deflate == (accepts ? DeflateParameters() : nil))
      // The last is lent to the socket, not copied, though nothing of it repeats.
      var generator = SplitMix64(seed: 4)
      let noise = (0..<300_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
      for payload in [[], Array("Hello".utf8), [UInt8](repeating: 7, count: 1_000_000), noise] {
        try await client.send(payload)
        try await client.send(payload)
        for _ in 0..<2 { #expect(try await client.recv() == .binary(payload)) }
      }
      try await client.close()
      try await server.stop()
    }
  }

  @Test("A bomb gets 1009 without being inflated beyond the limit")
  func bomb() async throws {
    try await withLoop { loop in
      var configuration = EchoConfiguration()
      configuration.limits = Limits(framePayload: 1 << 20, message: 1 << 20)
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let client = WebSocketClient(compression: ClientCompression(), on: loop)
      try await client.handshake("ws://\(server.addresses[0])")
      try await client.send([UInt8](repeating: 0, count: 1 << 20))
      #expect(try await client.recv() == .binary([UInt8](repeating: 0, count: 1 << 20)))
      try await client.send([UInt8](repeating: 0, count: 1 << 20 + 1))
      #expect(try await client.recv() == nil)
      try await client.close()
      #expect(client.closeCode == .messageTooBig)
      try await server.stop()
    }
  }

  /// Offers of Python's websockets, as the arguments of its factory, and what is agreed on then.
  static let pythonOffers = [
    ("client_max_window_bits=True", "permessage-deflate"),
    ("server_no_context_takeover=True", "permessage-deflate; server_no_context_takeover"),
    ("client_no_context_takeover=True", "permessage-deflate; client_no_context_takeover"),
    ("server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
    ("server_max_window_bits=8", "permessage-deflate; server_max_window_bits=8"),
    ("client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9"),
    (
      "server_no_context_takeover=True, client_no_context_takeover=True, server_max_window_bits=10, client_max_window_bits=11",
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11"
    ),
  ]

  @Test(
    "Python's websockets gets compressed messages back, whatever it offers",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"), arguments: pythonOffers)
  func pythonClientWithCompression(offer: String, agreed: String) async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let program =
        """
        import asyncio, sys, websockets
        from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
        async def main():
            factory = ClientPerMessageDeflateFactory(\(offer))
            async with websockets.connect(sys.argv[1], extensions=[factory], max_size=None) as ws:
                for message in ["Hello", "Hello", "", b"", "häß" * 9, bytes(range(256)) * 500, "x" * 70000, "Hello"]:
                    await ws.send(message)
                    assert await ws.recv() == message
                await ws.send(["Hello", "", ", ", "Hello é"])
                assert await ws.recv() == "Hello, Hello é"
                print(ws.response.headers["Sec-WebSocket-Extensions"])
        asyncio.run(main())
        """
      let child = try await RunningChild.run(
        try #require(Repository.python), ["-c", program, "ws://\(server.addresses[0])/"])
      #expect(child.status == 0 && child.output == agreed + "\n", "\(child.everything)")
      try await server.stop()
    }
  }

  @Test(
    "Python's websockets gets its messages back, fragmented ones too, and closes cleanly",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
  func pythonClient() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let program =
        """
        import asyncio, sys, websockets
        async def main():
            async with websockets.connect(sys.argv[1], max_size=None) as ws:
                for message in ["", "häß", b"", bytes(range(256)) * 500, "x" * 70000]:
                    await ws.send(message)
                    assert await ws.recv() == message
                await ws.send(["ab", "cd", "é"])
                assert await ws.recv() == "abcdé"
                await asyncio.wait_for(await ws.ping(b"p"), 5)
            print(ws.close_code)
        asyncio.run(main())
        """
      let child = try await RunningChild.run(
        try #require(Repository.python), ["-c", program, "ws://\(server.addresses[0])/"])
      #expect(child.status == 0 && child.output == "1000\n", "\(child.everything)")
      try await server.stop()
    }
  }
}
