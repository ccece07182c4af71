import Latency
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@Suite("Phases of connections, and throughput")
struct PhaseTests {
  private func trace(_ wires: [WireBuilder]) -> AttemptTrace {
    AttemptTrace(endpoint: .device, connections: wires.map(\.trace), client: ClientTrace())
  }

  private func phases(_ wires: WireBuilder...) -> [ConnectionPhase: [Int]] {
    trace(wires).phases.reduce(into: [:]) { $0[$1.phase, default: []].append($1.nanoseconds) }
  }

  @Test("each phase lasts from what begins it to what ends it")
  func durations() {
    var wire = WireBuilder(opens: false)
    wire.trace.tcpRoundTripNanoseconds = 77_000
    wire.note(
      .secured(
        TLSFacts(
          version: "TLSv1.2", cipher: "x", group: nil, serverName: nil, clientSubject: nil,
          handshakeNanoseconds: 5_000_000)))
    wire.client(bytes: Array("GET / HTTP/1.1\r\n".utf8))
    wire.client(bytes: Array("\r\n".utf8))
    wire.trace.requestHeadLength = 18
    wire.respond()
    for byte in [UInt8(1), 2, 3] {
      wire.server(.binary, [byte])
      wire.client(.binary, [byte])
    }
    wire.close()
    let all = phases(wire)
    #expect(all[.tcpConnect] == [77_000] && all[.tlsHandshake] == [5_000_000])
    #expect(all[.openingHandshake] == [2_000_000])
    #expect(all[.firstMessage] == [1_000_000] && all[.echo] == [1_000_000, 1_000_000])
    #expect(all[.closingHandshake] == [1_000_000] && all[.reconnect] == nil)
  }

  @Test(
    "a request in one flight with the end of TLS has no time of its own; in clear the server's instants count: requestBesideTLS"
  )
  func requestBesideTLS() {
    let facts = TLSFacts(
      version: "TLSv1.3", cipher: "x", group: nil, serverName: nil, clientSubject: nil,
      handshakeNanoseconds: 5_000_000)
    for (isSecure, expected) in [(true, nil), (false, [1_000_000])] {
      var wire = WireBuilder(opens: false)
      if isSecure { wire.note(.secured(facts)) }
      let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
      wire.client(bytes: request, kernelInstant: 1)
      wire.trace.requestHeadLength = request.count
      wire.respond()
      #expect(phases(wire)[.openingHandshake] == expected)
    }
  }

  @Test("coming back lasts from the client's Close, or its end, to its request for the next connection")
  func reconnect() {
    var first = WireBuilder(name: "main")
    first.close()
    // The end is two events before the builder's clock: after it comes that the descriptor was closed.
    let end = first.now - 2 * first.tick
    let second = WireBuilder(name: "again", startingAt: end + 6_000_000)
    // Its Close came two events before its end.
    #expect(phases(first, second)[.reconnect] == [9_000_000])
    #expect(phases(first)[.reconnect] == nil)
    var abrupt = WireBuilder(name: "main")
    abrupt.end()
    let back = WireBuilder(name: "again", startingAt: abrupt.now + 4_000_000)
    #expect(phases(abrupt, back)[.reconnect] == [6_000_000])
  }

  @Test("what did not come about has no duration")
  func missing() {
    var wire = WireBuilder(opens: false)
    wire.client(bytes: Array("GET".utf8))
    #expect(phases(wire).isEmpty)
    var open = WireBuilder()
    open.serverClose()
    open.end()
    #expect(phases(open)[.closingHandshake] == nil && phases(open)[.openingHandshake] != nil)
  }

  @Test(
    "throughput: down until the client says that it has all, up from the server's demand to the last byte")
  func throughput() {
    var wire = WireBuilder()
    for _ in 0..<4 { wire.server(.binary, [UInt8](repeating: 1, count: 1000)) }
    wire.client(.text, Array("all".utf8))
    wire.now += 5_000_000
    wire.server(.text, Array("go".utf8))
    for _ in 0..<3 { wire.client(.binary, [UInt8](repeating: 2, count: 500)) }
    let all = trace([wire]).throughputs
    #expect(
      all == [
        Throughput(direction: .down, bytes: 4000, nanoseconds: 4_000_000),
        Throughput(direction: .up, bytes: 1500, nanoseconds: 3_000_000),
      ])
    #expect(all[0].bytesPerSecond == 1_000_000)
    var silent = WireBuilder()
    silent.server(.binary, [1])
    #expect(trace([silent]).throughputs.isEmpty)
  }

  @Test("bytes that fill a socket buffer at once are timed from before the first: throughputInOneChunk")
  func throughputInOneChunk() {
    var wire = WireBuilder()
    wire.server(.binary, [1])
    wire.client(.text, Array("all".utf8))
    wire.server(.text, Array("go".utf8))
    wire.client(bytes: Array(Self.bulk))
    #expect(trace([wire]).throughputs.last == Throughput(direction: .up, bytes: 20, nanoseconds: 1_000_000))
  }

  /// Two masked binary frames of ten bytes each.
  private static var bulk: [UInt8] {
    let frame: [UInt8] = [0x82, 0x8A, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 10)
    return frame + frame
  }
}
