import PosixIO
import Steps
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Scripted server: permessage-deflate", .timeLimit(.minutes(1)))
struct ScriptedDeflateTests {
  /// Plays a script to a client that offers this and echoes; returns the trace and what the client was given.
  func play(
    _ steps: [ServerStep], answer: DeflateAnswer = DeflateAnswer(), offer: DeflateOffer? = DeflateOffer()
  ) async throws -> (trace: ConnectionTrace, messages: [Message]) {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      let script = ServerScript([.respond(.accept(edits: [.deflate(answer)]))] + steps)
      let attempt = try await server.prepare(
        script, token: "t0k3n", delivery: .whole, deadline: .after(.seconds(5)))
      let client = WebSocketClient(on: loop)
      try await client.handshake(
        "ws://localhost:\(server.port)/t0k3n", compression: offer.map { ClientCompression(offers: [$0]) })
      var messages: [Message] = []
      while let message = try await client.recv() {
        messages.append(message)
        switch message {
        case .text(let text): try await client.send(text)
        case .binary(let bytes): try await client.send(bytes)
        }
      }
      try await client.close()
      let record = await attempt.record()
      try await server.stop()
      return (try #require(record.connections.first), messages)
    }
  }

  private func exchange(_ message: MessageSpec) -> [ServerStep] {
    [.sendMessage(message), .expectMessage(kind: message.kind, payload: message.payload)]
  }

  private func answer(in trace: ConnectionTrace) -> [String] {
    DecodedConnection(trace).response?.values("Sec-WebSocket-Extensions") ?? []
  }

  static let answers: [(DeflateAnswer, DeflateOffer, String)] = [
    (DeflateAnswer(), DeflateOffer(clientMaxWindowBits: .notOffered), "permessage-deflate"),
    (
      DeflateAnswer(), DeflateOffer(serverNoContextTakeover: true, serverMaxWindowBits: 10),
      "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"
    ),
    (
      DeflateAnswer(serverMaxWindowBits: 15, clientMaxWindowBits: 9),
      DeflateOffer(serverMaxWindowBits: 12, clientMaxWindowBits: .notOffered),
      "permessage-deflate; server_max_window_bits=12"
    ),
    (
      DeflateAnswer(clientNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 12),
      DeflateOffer(serverMaxWindowBits: 12, clientMaxWindowBits: .atMost(10)),
      "permessage-deflate; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10"
    ),
  ]

  @Test("An offer is answered as far as it permits, and what it demands is granted", arguments: answers)
  func negotiation(_ wanted: DeflateAnswer, _ offer: DeflateOffer, _ expected: String) async throws {
    let (trace, messages) = try await play(
      exchange(MessageSpec(.text, .text(String(repeating: "window", count: 400)))), answer: wanted,
      offer: offer)
    #expect(answer(in: trace) == [expected])
    #expect(messages.count == 1)
    #expect(trace.missed.isEmpty)
  }

  @Test("Without an offer nothing is answered, and messages go out plainly")
  func withoutOffer() async throws {
    let (trace, messages) = try await play(
      exchange(MessageSpec(.text, "plain", blocks: .stored, fragments: .count(2))), offer: nil)
    #expect(answer(in: trace).isEmpty)
    let frames = DecodedConnection(trace).server.frames
    #expect(frames.map(\.payload) == [Array("pla".utf8), Array("in".utf8), [3, 0xE8]])
    #expect(frames.allSatisfy { $0.header.reservedBits == 0 })
    #expect(messages == [.text("plain")])
    #expect(trace.missed.isEmpty)
  }

  @Test("Every kind of block inflates to the message, one after the other", arguments: [true, false])
  func blocks(keepsContext: Bool) async throws {
    let text = String(repeating: "{\"a\": 1}, ", count: 30)
    let messages = MessageSpec.Blocks.allCases.map { MessageSpec(.text, .text(text), blocks: $0) }
    let (trace, got) = try await play(
      messages.flatMap { exchange($0) + exchange(MessageSpec(.text, .text(text))) },
      answer: DeflateAnswer(serverNoContextTakeover: !keepsContext))
    #expect(got == Array(repeating: .text(text), count: 2 * messages.count))
    #expect(trace.missed.isEmpty)
    let frames = DecodedConnection(trace).server.frames.filter { !$0.opcode.isControl }
    #expect(frames.allSatisfy { $0.header.reservedBits == 4 })
    // The first block's header: BFINAL and BTYPE (RFC 1951 section 3.2.3).
    let headers = stride(from: 0, to: frames.count, by: 2).map { frames[$0].payload[0] & 7 }
    #expect(headers.dropFirst().prefix(2) == [0b000, 0b010])
    #expect(headers.suffix(2) == [0b010, 0b001])
  }

  @Test("A context makes a repeated message shorter, unless it is not to be used")
  func context() async throws {
    let text = Payload.text((0..<90).map { "\($0 * $0) " }.joined())
    let (trace, _) = try await play(
      exchange(MessageSpec(.text, text)) + exchange(MessageSpec(.text, text))
        + exchange(MessageSpec(.text, text, usesContext: false)))
    let sizes = DecodedConnection(trace).server.frames.filter { !$0.opcode.isControl }.map(\.payloadLength)
    #expect(sizes.count == 3)
    #expect(sizes[1] < sizes[0] / 4)
    #expect(sizes[2] == sizes[0])
  }

  @Test("A stream is cut where the step says, with Pings between")
  func fragments() async throws {
    let stream: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
    let (trace, messages) = try await play(
      exchange(
        MessageSpec(
          .text, "Hello", deflated: .bytes(stream), fragments: .sizes([0, 3]), pingBetween: "between")))
    let frames = DecodedConnection(trace).server.frames
    #expect(frames.map(\.opcode) == [.text, .ping, .continuation, .ping, .continuation, .close])
    #expect(frames.map(\.header.reservedBits) == [4, 0, 0, 0, 0, 0])
    #expect([0, 2, 4].flatMap { frames[$0].payload } == stream)
    #expect(frames[2].payloadLength == 3)
    #expect(messages == [.text("Hello")])
    #expect(trace.missed.isEmpty)
  }

  @Test("A compressed message that cannot be inflated is no message")
  func corrupt() async throws {
    let record = try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      let script = ServerScript([
        .respond(.accept(edits: [.deflate(DeflateAnswer())])), .expectMessage(kind: nil, payload: nil),
      ])
      let attempt = try await server.prepare(
        script, token: "t0k3n", delivery: .whole, deadline: .after(.seconds(5)))
      let client = try await RawClient.connect(to: server.addresses[0], on: loop)
      let head = String(decoding: RawClient.request("/t0k3n").dropLast(2), as: UTF8.self)
      try await client.send(Array("\(head)Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".utf8))
      try await client.waitFor { $0.suffix(4).elementsEqual("\r\n\r\n".utf8) }
      try await client.send(
        Frame(.text, [0x07], reservedBits: 4, maskingKey: MaskingKey(1, 2, 3, 4)).encoded())
      try await client.waitFor { $0.suffix(2).elementsEqual([3, 0xE8]) }
      try await client.endSending()
      let record = await attempt.record()
      try await server.stop()
      return record
    }
    let trace = try #require(record.connections.first)
    #expect(trace.missed == ["the client's compressed message cannot be inflated"])
  }
}
