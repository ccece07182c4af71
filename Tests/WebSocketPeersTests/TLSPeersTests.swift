import Certificates
import Foundation
import PosixIO
import Steps
import Synchronization
import TestSupport
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

/// What both sides of a test need.
private struct Security {
  let server: TLSContext
  let client: TLSConfiguration

  init(_ version: TLSVersion? = nil) throws {
    let certificates = try TestCertificates.shared.get()
    var forServer = TLSConfiguration.server(certificates.server)
    if let version { (forServer.minimumVersion, forServer.maximumVersion) = (version, version) }
    server = try TLSContext(.server, forServer)
    client = .client(trusting: [certificates.root.certificate])
  }

  var echo: EchoConfiguration {
    var configuration = EchoConfiguration()
    configuration.tls = server
    return configuration
  }
}

@Suite("Peers over TLS", .timeLimit(.minutes(1)))
struct TLSPeersTests {
  @Test(
    "Messages of all sizes come back, compressed or not, and both ends are clean",
    arguments: TLSVersion.allCases, [true, false])
  func echoes(version: TLSVersion, compresses: Bool) async throws {
    try await withLoop { loop in
      let security = try Security(version)
      let traces = Mutex<[ConnectionTrace]>([])
      var configuration = security.echo
      configuration.captureLimit = 1000
      configuration.onTrace = { trace in traces.withLock { $0.append(trace) } }
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: configuration)
      let client = WebSocketClient(
        tls: security.client, compression: compresses ? ClientCompression() : nil, on: loop)
      try await client.handshake("wss://localhost:\(server.addresses[0].port)/x")
      for size in [0, 1, 125, 126, 16383, 16384, 65536, 300_000, 3_000_000] {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        try await client.send(payload)
        #expect(try await client.recv() == .binary(payload))
      }
      #expect(try await client.ping([1, 2, 3]) > .zero)
      #expect(try await client.close())
      #expect(client.closeCode == .normalClosure)
      #expect(client.connectionIfAny?.tlsFailure == nil)
      #expect(client.connectionIfAny?.tlsDetails?.version == "TLSv\(version.rawValue)")
      try await server.stop()
      let kinds = try #require(traces.withLock { $0 }.first).events.map(\.kind)
      let facts = kinds.compactMap { if case .secured(let facts) = $0 { facts } else { nil } }
      #expect(facts.map(\.serverName) == ["localhost"] && facts[0].handshakeNanoseconds > 0)
      #expect(!kinds.contains { if case .tlsFailed = $0 { true } else { false } })
    }
  }

  @Test("Pipelined messages are all received, while others are sent")
  func pipelines() async throws {
    try await withLoop { loop in
      let security = try Security()
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV6(port: 0)], on: loop, configuration: security.echo)
      let client = WebSocketClient(tls: security.client, on: loop)
      try await client.handshake("wss://\(server.addresses[0])")
      let count = 2000
      let payload = [UInt8](repeating: 5, count: 5000)
      async let sent: Void = {
        for _ in 0..<count { try await client.send(payload) }
      }()
      for _ in 0..<count { #expect(try await client.recv() == .binary(payload)) }
      try await sent
      #expect(try await client.close())
      try await server.stop()
    }
  }

  @Test("A server with handlers speaks TLS too")
  func handlers() async throws {
    try await withLoop { loop in
      let security = try Security()
      let server = try await WebSocketServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, tls: security.server
      ) { connection in
        for try await message in connection { try await connection.send(message) }
      }
      let client = WebSocketClient(tls: security.client, on: loop)
      try await client.handshake("wss://\(server.addresses[0])")
      try await client.send("Hello")
      #expect(try await client.recv() == .text("Hello"))
      #expect(try await client.close())
      try await server.stop()
    }
  }

  @Test(
    "A client that trusts another authority, or asks for another host, fails in the handshake and says why")
  func refuses() async throws {
    try await withLoop { loop in
      let security = try Security()
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: security.echo)
      let stranger = try Authority.make().certificate
      let uri = "wss://\(server.addresses[0])/"
      let client = WebSocketClient(tls: .client(trusting: [stranger]), on: loop)
      let error = await #expect(throws: TLSError.self) { try await client.handshake(uri) }
      #expect(error?.phase == .handshake && error?.endpoint == uri)
      // The server lives on.
      let right = WebSocketClient(tls: security.client, on: loop)
      try await right.handshake(uri)
      #expect(try await right.close())
      try await server.stop()
    }
  }

  @Test(
    "Who speaks no TLS gets an alert, or if it speaks HTTP nothing, and an end, never a reset",
    arguments: [(RawClient.request("/"), 0), ([0x16, 3, 1, 0, 2, 9, 9], 7), ([0x16, 3, 3, 0xFF, 0xFF], 7)])
  func notTLS(bytes: [UInt8], answer: Int) async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: try Security().echo)
      let client = try await RawClient.connect(to: server.addresses[0], on: loop)
      try await client.send(bytes)
      for _ in 0..<20 { try await client.send([UInt8](repeating: 7, count: 10_000)) }
      #expect(try await client.readToEnd() == .end)
      #expect(client.received.count == answer && (client.received.first ?? 0x15) == 0x15)
      try await client.endSending()
      try await server.stop()
    }
  }

  // MARK: - The scripted server

  private static func play(
    _ script: ServerScript, manner: TLSManner = TLSManner(), version: TLSVersion? = nil,
    configuration: TLSConfiguration? = nil, server settings: ScriptedConfiguration = ScriptedConfiguration(),
    on loop: EventLoop, _ act: @Sendable (WebSocketClient, String) async throws -> Void
  ) async throws -> ConnectionTrace {
    let security = try Security(version)
    let context = try configuration.map { try TLSContext(.server, $0) } ?? security.server
    let server = try await ScriptedServer.start(
      listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: settings)
    let attempt = try await server.prepare(
      script, token: "tok", tls: ScriptedTLS(context, manner: manner), deadline: .after(.seconds(20)))
    #expect(attempt.port != server.port)
    let client = WebSocketClient(tls: security.client, on: loop)
    try await act(client, "wss://localhost:\(attempt.port)/tok")
    attempt.clientHasEnded()
    let record = await attempt.record()
    try await server.stop()
    return try #require(record.connections.first)
  }

  @Test(
    "A script is played over TLS as in clear, and the trace has the plain bytes",
    arguments: [TLSManner(), TLSManner(recordSize: 1, writeSize: 1)])
  func plays(manner: TLSManner) async throws {
    try await withLoop { loop in
      let script = ServerScript([
        .sendMessage(MessageSpec(.text, "Hello")), .expectMessage(kind: .text, payload: "Hello"),
        .expectClose,
      ])
      let trace = try await Self.play(script, manner: manner, on: loop) { client, uri in
        try await client.handshake(uri)
        guard case .text(let text)? = try await client.recv() else { return }
        try await client.send(text)
        #expect(try await client.close())
      }
      let decoded = DecodedConnection(trace)
      #expect(decoded.client.frames.map(\.opcode) == [.text, .close])
      #expect(decoded.server.frames.map(\.opcode) == [.text, .close])
      let kinds = trace.events.map(\.kind)
      #expect(
        kinds.contains { if case .secured(let facts) = $0 { facts.serverName == "localhost" } else { false } }
      )
      #expect(!kinds.contains { if case .tlsFailed = $0 { true } else { false } }, "\(kinds)")
    }
  }

  @Test("The kernel's stamps of sending are those of the records, the handshake's bytes counted")
  func stamps() async throws {
    try await withLoop { loop in
      let script = ServerScript(["one", "two", "three"].map { .sendMessage(MessageSpec(.text, .text($0))) })
      var settings = ScriptedConfiguration()
      settings.stampsSending = true
      let trace = try await Self.play(script, server: settings, on: loop) { client, uri in
        try await client.handshake(uri)
        while try await client.recv() != nil {}
        try await client.close()
      }
      // Where the kernel refuses to stamp, it has not measured TCP's handshake for us either.
      guard trace.events.contains(where: { $0.transmission != nil }) else { return }
      let sent = trace.events.filter { if case .sent = $0.kind { true } else { false } }
      #expect(sent.count >= 4)
      for event in sent {
        let left = try #require(event.transmission?.sentNanoseconds)
        let acknowledged = try #require(event.transmission?.acknowledgedNanoseconds)
        #expect(left < acknowledged)
      }
    }
  }

  @Test("A message cut off without close_notify is no message, and the client knows why")
  func truncates() async throws {
    try await withLoop { loop in
      let script = ServerScript([
        .sendFrame(FrameSpec(.binary, .bytes([UInt8](repeating: 1, count: 100_000))))
      ])
      let trace = try await Self.play(script, manner: TLSManner(fault: .endAfter(bytes: 20_000)), on: loop) {
        client, uri in
        try await client.handshake(uri)
        #expect(try await client.recv() == nil)
        _ = try await client.close()
        #expect(client.closeCode == .abnormalClosure)
        #expect(client.connectionIfAny?.tlsFailure?.cause == .truncated)
      }
      #expect(trace.events.contains { if case .secured = $0.kind { true } else { false } })
    }
  }

  @Test(
    "The step for it leaves close_notify out, with all bytes there",
    arguments: [ServerStep.truncateTLS, .halfClose])
  func truncatesByStep(step: ServerStep) async throws {
    try await withLoop { loop in
      let script = ServerScript(
        [.sendBytes(.bytes([0x82, 5, 1, 2])), step, .expectEnd], ending: .endOfStream)
      _ = try await Self.play(script, on: loop) { client, uri in
        try await client.handshake(uri)
        #expect(try await client.recv() == nil)
        _ = try await client.close()
        #expect(client.closeCode == .abnormalClosure)
        #expect(
          client.connectionIfAny?.tlsFailure?.cause == (step == .truncateTLS ? .truncated : nil))
      }
    }
  }

  @Test("The beginning of a record and the end of TCP in one event are both seen", arguments: [3, 20])
  func cutRecord(count: Int) async throws {
    try await withLoop { loop in
      let script = ServerScript(
        [.cutTLS(afterBytes: count), .sendBytes(.bytes([0x82, 5, 1, 2])), .truncateTLS, .expectEnd],
        ending: .endOfStream)
      let trace = try await Self.play(script, on: loop) { client, uri in
        try await client.handshake(uri)
        #expect(try await client.recv() == nil)
        _ = try await client.close()
        #expect(client.connectionIfAny?.tlsFailure?.cause == .truncated)
      }
      #expect(!trace.events.contains { if case .deadlinePassed = $0.kind { true } else { false } })
    }
  }

  @Test("A client that is asked to renegotiate refuses, and the trace tells")
  func renegotiates() async throws {
    try await withLoop { loop in
      var configuration = TLSConfiguration.server(try TestCertificates.shared.get().server)
      configuration.maximumVersion = .v1_2
      configuration.allowsRenegotiation = true
      let script = ServerScript([.renegotiateTLS, .expectEnd], ending: .awaitFailure)
      let trace = try await Self.play(script, configuration: configuration, on: loop) { client, uri in
        try await client.handshake(uri)
        #expect(try await client.recv() == nil)
        #expect(client.connectionIfAny?.tlsFailure != nil)
      }
      #expect(trace.events.contains { if case .tlsFailed = $0.kind { true } else { false } })
    }
  }

  @Test("A handshake that is refused by the client stands in the trace with the client's alert")
  func refusedByClient() async throws {
    try await withLoop { loop in
      let trace = try await Self.play(ServerScript([]), version: .v1_2, on: loop) { client, uri in
        let stranger = WebSocketClient(tls: .client(trusting: [try Authority.make().certificate]), on: loop)
        await #expect(throws: TLSError.self) { try await stranger.handshake(uri) }
      }
      let reasons = trace.events.compactMap {
        if case .tlsFailed(let reason, _) = $0.kind { reason } else { nil }
      }
      #expect(reasons.count == 1 && reasons[0].contains("alert 48"), "\(reasons)")
    }
  }

  @Test("A request in clear is known as one by OpenSSL's number, not by its words: clearTextOnTLS")
  func clearTextOnTLS() async throws {
    try await withLoop { loop in
      let trace = try await Self.play(ServerScript([]), on: loop) { _, uri in
        let plain = WebSocketClient(on: loop)
        await #expect(throws: (any Error).self) {
          try await plain.handshake("ws" + uri.dropFirst(3))
        }
      }
      let told = trace.events.compactMap {
        if case .tlsFailed(_, let inClear) = $0.kind { inClear } else { nil }
      }
      #expect(told == [true])
    }
  }
}

extension TLSPeersTests {
  @Test(
    "A handshake behind which nothing comes but a reset is in the trace, at its own time: securedThenReset")
  func securedThenReset() async throws {
    try await withLoop { loop in
      let pause = Duration.milliseconds(60)
      let trace = try await Self.play(ServerScript([]), version: .v1_2, on: loop) { _, uri in
        try await loop.run {
          let deadline = Deadline.after(.seconds(10))
          let port = try #require(UInt16(uri.split(separator: ":")[2].prefix { $0 != "/" }))
          let socket = try await TCPSocket.connect(
            to: .loopbackV4(port: port), on: loop, deadline: deadline)
          var stream = try await ByteStream.shakeHands(
            over: socket, with: "localhost", by: try TLSContext(.client, try Security(.v1_2).client),
            endpoint: "the server", on: loop, deadline: deadline)
          try await loop.pause(until: .after(pause))
          stream.reset()
        }
      }
      let secured = trace.events.first { if case .secured = $0.kind { true } else { false } }
      let reset = trace.events.first { $0.kind == .receivedReset }
      let times = (try #require(secured).instantNanoseconds, try #require(reset).instantNanoseconds)
      #expect(times.0 + UInt64(pause.wholeNanoseconds / 2) < times.1)
    }
  }

  @Test(
    "A client that takes longer to begin than a broken handshake lasts sees what breaks, and then the end")
  func slowBeginning() async throws {
    try await withLoop { loop in
      let (limit, alert) = (Duration.milliseconds(400), TLSManner.alertRecord(40))
      let server = try await ScriptedServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let security = ScriptedTLS(
        try Security(.v1_2).server, manner: TLSManner(fault: .instead(alert)), handshakeTimeout: limit)
      let attempt = try await server.prepare(
        ServerScript([], ending: .endOfStream), token: "tok", tls: security, deadline: .after(.seconds(20)))
      let client = try await RawClient.connect(to: .loopbackV4(port: attempt.port), on: loop)
      try await loop.pause(until: .after(limit * 3))
      try await client.send([0x16, 3, 1, 0, 4, 9, 0, 0, 0])
      #expect(try await client.readToEnd() == .end)
      #expect(client.received == alert)
      try await client.endSending()
      attempt.clientHasEnded()
      _ = await attempt.record()
      try await server.stop()
    }
  }

  @Test(
    "A client whose TLS handshake came to nothing and that tries again has its second connection in the trace"
  )
  func triesAgain() async throws {
    try await withLoop { loop in
      let script = ServerScript([.expectMessage(kind: .text, payload: "again")])
      let trace = try await Self.play(script, version: .v1_2, on: loop) { client, uri in
        let stranger = WebSocketClient(tls: .client(trusting: [try Authority.make().certificate]), on: loop)
        await #expect(throws: TLSError.self) { try await stranger.handshake(uri) }
        try await client.handshake(uri)
        try await client.send("again")
        #expect(try await client.recv() == nil)
      }
      #expect(DecodedConnection(trace).client.messages.map(\.payload) == [Array("again".utf8)])
    }
  }
}

/// Peers that nobody here wrote.
@Suite(
  "Peers over TLS against others", .timeLimit(.minutes(1)),
  .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
struct ForeignTLSTests {
  private let folder: TemporaryFolder
  private let root: String

  init() throws {
    folder = try TemporaryFolder()
    let certificates = try TestCertificates.shared.get()
    root = try folder.write(certificates.root.certificate.pem, to: "root.pem")
    try folder.write(certificates.server.chainPEM + certificates.server.key.pem, to: "server.pem")
  }

  /// What Python's websockets is told of compression.
  private static let compressions = ["deflate", "None"]

  @Test(
    "Python's websockets is served over wss: messages of all sizes, fragments, compression, and its close code",
    arguments: TLSVersion.allCases, compressions)
  func servesPython(version: TLSVersion, compression: String) async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: try Security(version).echo)
      let program = """
        import asyncio, os, ssl, sys, websockets

        async def main():
            context = ssl.create_default_context(cafile=sys.argv[2])
            compression = None if sys.argv[3] == "None" else sys.argv[3]
            async with websockets.connect(sys.argv[1], ssl=context, max_size=None, compression=compression) as ws:
                sizes = [0, 1, 125, 126, 16383, 16384, 65535, 65536, 700_000]
                for message in ["h\\u00e9llo" * 5000] + [os.urandom(size) for size in sizes] + [bytes(3_000_000)]:
                    await ws.send(message)
                    assert await ws.recv() == message
                await ws.send([b"a", b"", os.urandom(20_000)[:1] * 20_000, b"z"])
                assert len(await ws.recv()) == 20_002
                await (await ws.ping(b"p"))
                assert ("Sec-WebSocket-Extensions" in ws.response.headers) == (compression is not None)
                print(ws.transport.get_extra_info("ssl_object").version())
                await ws.close(3001, "done")
            assert (ws.close_code, ws.close_reason) == (3001, "done"), ws.close_code

        asyncio.run(asyncio.wait_for(main(), 40))
        """
      for host in ["localhost", "127.0.0.1"] {
        let child = try await RunningChild.run(
          try #require(Repository.python),
          ["-c", program, "wss://\(host):\(server.addresses[0].port)/", root, compression])
        #expect(child.output == "TLSv\(version.rawValue)\n", "\(child.everything)")
      }
      try await server.stop()
    }
  }

  @Test(
    "The reference client talks to Python's websockets over wss: all sizes, fragments, compression, and both close codes",
    arguments: TLSVersion.allCases, compressions)
  func talksToPython(version: TLSVersion, compression: String) async throws {
    let program = """
      import asyncio, ssl, sys, websockets

      async def echo(ws):
          try:
              async for message in ws:
                  if message == "close":
                      await ws.close(4001, "enough")
                  else:
                      await ws.send([message[:1], message[1:]] if message else message)
          except websockets.ConnectionClosed as closed:
              print("closed", closed.rcvd.code, closed.rcvd.reason, flush=True)

      async def main():
          context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
          context.load_cert_chain(sys.argv[1])
          context.minimum_version = context.maximum_version = ssl.TLSVersion[sys.argv[2]]
          context.sni_callback = lambda sock, name, context: print("name", name, flush=True)
          compression = None if sys.argv[3] == "None" else sys.argv[3]
          async with websockets.serve(
                  echo, "127.0.0.1", 0, ssl=context, max_size=None, compression=compression) as server:
              print("port", server.sockets[0].getsockname()[1], flush=True)
              await asyncio.Future()

      asyncio.run(main())
      """
    let child = try await RunningChild.start(
      try #require(Repository.python),
      ["-c", program, folder.path + "/server.pem", version == .v1_2 ? "TLSv1_2" : "TLSv1_3", compression])
    defer { child.kill() }
    let port = try #require(try await child.line(containing: "port ").split(separator: " ").last)
    try await withLoop { loop in
      let client = WebSocketClient(tls: try Security().client, compression: ClientCompression(), on: loop)
      let uri = "wss://localhost:\(port)/"
      let response = try await client.handshake(uri)
      #expect(try await child.line(containing: "name ") == "name localhost")
      #expect((response.deflate != nil) == (compression != "None"))
      for size in [0, 1, 125, 126, 16383, 16384, 65535, 65536, 1_000_000] {
        let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await client.send(payload)
        #expect(try await client.recv() == .binary(payload))
      }
      try await client.send(fragments: [[0x61], [], [0xC3], [0xA9]], isText: true)
      #expect(try await client.recv() == .text("a\u{E9}"))
      try await client.ping()
      #expect(client.connectionIfAny?.tlsDetails?.version == "TLSv\(version.rawValue)")
      #expect(try await client.close(code: CloseCode(rawValue: 3001), reason: "done"))
      #expect(try await child.line(containing: "closed ") == "closed 3001 done")
      try await client.handshake(uri)
      try await client.send("close")
      #expect(try await client.recv() == nil)
      #expect(try await client.close())
      #expect(client.closeCode == CloseCode(rawValue: 4001) && client.closeReason == "enough")
      #expect(client.connectionIfAny?.tlsFailure == nil)
    }
  }
}
