import PosixIO
import Testing
import Traces
import WebSocketProtocol

@testable import WebSocketPeers

@Suite("A relay that looks on", .timeLimit(.minutes(1)))
struct TappingRelayTests {
  private func connections(
    _ relay: TappingRelay, within patience: Duration = .seconds(10)
  ) async throws -> [ConnectionTrace] {
    try await relay.takeConnections(deadline: .after(patience))
  }

  @Test("Both directions are passed on and kept, each event before what it causes")
  func kept() async throws {
    try await withLoop { loop in
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let relay = try await TappingRelay.start(
        on: .loopbackV4(port: 0), to: server.addresses, loop: loop)
      let client = try await RawClient.open(relay.address, on: loop)
      let message = clientFrame(.binary, Array(repeating: 7, count: 300_000)).encoded()
      let echo = Frame(.binary, Array(repeating: 7, count: 300_000)).encoded()
      try await client.exchange(message) { $0.count >= 129 + echo.count }
      #expect(client.framesReceived == echo)
      try await client.send(clientFrame(.close, [0x03, 0xE8]))
      #expect(try await client.readToEnd() == .end)
      try await client.endSending()
      let traces = try await connections(relay)
      let trace = try #require(traces.first)
      let request = RawClient.request("/")
      let sent = request + message + clientFrame(.close, [0x03, 0xE8]).encoded()
      #expect(traces.count == 1 && trace.clientStream.bytes == sent)
      #expect(trace.requestHeadLength == request.count)
      #expect(trace.serverStream.bytes.suffix(echo.count + 4) == echo + [0x88, 2, 3, 0xE8])
      #expect(trace.events.last?.kind == .closed)
      let firsts = trace.events.prefix(3).map(\.kind)
      guard case .opened = firsts[0], case .received = firsts[1], case .sent = firsts[2] else {
        Issue.record("\(firsts)")
        return
      }
      #expect(try await connections(relay).isEmpty)
      relay.stop()
      try await server.stop()
    }
  }

  @Test("The server is named as Host, however the head is cut; the trace has what the client sent")
  func host() throws {
    let head = Array("GET / HTTP/1.1\r\nHost: 127.0.0.1:41000\r\nX: 127.0.0.1:41000\r\n\r\n".utf8)
    let wanted = Array("GET / HTTP/1.1\r\nHost: 10.0.0.1:9\r\nX: 127.0.0.1:41000\r\n\r\n".utf8)
    for cut in 1..<head.count {
      var rewriting = RequestRewriting(from: "127.0.0.1:41000", to: "10.0.0.1:9")
      let passed = rewriting.passed(Array(head[..<cut])) + rewriting.passed(Array(head[cut...]) + [0x81])
      #expect(passed == wanted + [0x81] && rewriting.length == head.count)
      #expect(rewriting.passed(Array("127.0.0.1:41000".utf8)) == Array("127.0.0.1:41000".utf8))
    }
  }

  @Test("A server that nobody has ends the connection; one that stays open is ended at the deadline")
  func ends() async throws {
    try await withLoop { loop in
      let nobody = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let gone = nobody.addresses
      try await nobody.stop()
      let relay = try await TappingRelay.start(on: .loopbackV4(port: 0), to: gone, loop: loop)
      let client = try await RawClient.connect(to: relay.address, on: loop)
      #expect(try await client.readToEnd() != .deadline)
      #expect(try await connections(relay).map(\.events.count) == [2])
      let server = try await EchoServer.start(listeningOn: [.loopbackV4(port: 0)], on: loop)
      let other = try await TappingRelay.start(
        on: .loopbackV4(port: 0), to: server.addresses, loop: loop)
      let silent = try await RawClient.open(other.address, on: loop)
      let traces = try await connections(other, within: .milliseconds(50))
      #expect(traces.count == 1 && traces[0].events.last?.kind == .closed)
      #expect(try await silent.readToEnd() != .deadline)
      try await server.stop()
    }
  }
}
