import TestSupport
import Testing
import WebSocketPeers
import WebSocketProtocol

/// Against a server that nobody here wrote.
extension WebSocketClientTests {
  @Test(
    "Against a server of Python's websockets: messages, fragments, subprotocol, headers, Ping and both closes",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
  func pythonServer() async throws {
    try await withLoop { loop in
      let program =
        """
        import asyncio, websockets
        async def handler(ws):
            await ws.send(ws.request.headers["X-Word"] + ws.request.path)
            async for message in ws:
                if message == "close": await ws.close(4001, "enough")
                else: await ws.send([message[:1], message[1:]] if message else message)
        async def main():
            async with websockets.serve(handler, "127.0.0.1", 0, subprotocols=["b"], max_size=None) as server:
                print(server.sockets[0].getsockname()[1])
                await asyncio.Future()
        asyncio.run(main())
        """
      let (child, port) = try await Self.start(program)
      defer { child.kill() }
      let client = WebSocketClient(on: loop)
      let response = try await client.handshake(
        "ws://localhost:\(port)/p?q=1", headers: [("X-Word", "w")], subprotocols: ["a", "b"])
      #expect(response.subprotocol == "b")
      #expect(try await client.recv() == .text("w/p?q=1"))
      for size in [1, 126, 65536, 300_000] {
        let text = String(repeating: "é", count: size)
        try await client.send(text)
        #expect(try await client.recv() == .text(text))
      }
      try await client.ping()
      try await client.send("close")
      #expect(try await client.recv() == nil)
      #expect(try await client.close())
      #expect(client.closeCode == CloseCode(rawValue: 4001))
      #expect(client.closeReason == "enough")
      try await client.handshake(
        "ws://localhost:\(port)/", headers: [("X-Word", "w")], subprotocols: ["b"])
      #expect(try await client.close(code: nil))
      #expect(client.closeCode == .noStatusReceived)
    }
  }

  /// What Python's websockets can be told to agree on, as the arguments of its factory.
  static let pythonParameters = [
    "", "server_no_context_takeover=True", "client_no_context_takeover=True", "server_max_window_bits=9",
    "client_max_window_bits=9",
    "server_no_context_takeover=True, client_no_context_takeover=True, server_max_window_bits=12, client_max_window_bits=12",
  ]

  @Test(
    "With a server of Python's websockets messages are compressed both ways, whatever it wants",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"), arguments: pythonParameters)
  func pythonServerWithCompression(parameters: String) async throws {
    try await withLoop { loop in
      let program =
        """
        import asyncio, websockets
        from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
        async def handler(ws):
            async for message in ws:
                await ws.send([message[:3], message[3:]] if len(message) > 3 else message)
        async def main():
            factory = ServerPerMessageDeflateFactory(\(parameters))
            async with websockets.serve(handler, "127.0.0.1", 0, extensions=[factory], max_size=None) as server:
                print(server.sockets[0].getsockname()[1])
                await asyncio.Future()
        asyncio.run(main())
        """
      let (child, port) = try await Self.start(program)
      defer { child.kill() }
      let client = WebSocketClient(compression: ClientCompression(), on: loop)
      let response = try await client.handshake("ws://localhost:\(port)/")
      let agreed = try #require(response.deflate)
      for parameter in parameters.split(separator: ", ") {
        let wanted = parameter.replacing("=True", with: "")
        #expect(agreed.description.contains(wanted), "\(agreed)")
      }
      for text in Self.texts {
        try await client.send(text)
        #expect(try await client.recv() == .text(text))
      }
      #expect(try await client.close())
    }
  }

  /// Messages small and large that repeat themselves and each other.
  static let texts = [
    "Hello", "Hello", "", "Hello Hello Hello", String(repeating: "abcdé", count: 20_000), "Hello",
    String(repeating: "漢字 ", count: 300),
  ]

  /// Starts a server in Python that prints its port.
  private static func start(_ program: String) async throws -> (child: RunningChild, port: Int) {
    let child = try await RunningChild.start(try #require(Repository.python), ["-u", "-c", program])
    return (child, try #require(Int(try await child.line(containing: ""))))
  }
}
