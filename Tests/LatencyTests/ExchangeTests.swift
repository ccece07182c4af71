import Latency
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@Suite("Exchanges and their layers")
struct ExchangeTests {
  private func exchange(
    sent: UInt64? = 1_010, acknowledged: UInt64? = 1_100, received: UInt64? = 2_000, client: Int? = 300
  ) -> Exchange {
    Exchange(
      connection: "main", index: 0, payloadLength: 16, handed: 1_000, sent: sent, acknowledged: acknowledged,
      received: received, seen: 2_050, clientNanoseconds: client, pieces: 1, firstPieceLength: 22,
      longestGapNanoseconds: 0)
  }

  @Test("each layer is the time between two stamps; without stamps the server's own instants stand in")
  func times() {
    let stamped = exchange()
    #expect(stamped.wireNanoseconds == 990 && stamped.serverNanoseconds == 60)
    let bare = exchange(sent: nil, acknowledged: nil, received: nil)
    #expect(bare.wireNanoseconds == 1_050 && bare.serverNanoseconds == nil)
    #expect(exchange(sent: 990).serverNanoseconds == 50, "a stamp before the call counts as the call")
  }

  @Test("an acknowledgement that was held back is no time of the network's")
  func delayed() {
    let rule = AcknowledgementRule([exchange()], handshakes: [50])
    #expect(rule.floorNanoseconds == 50)
    #expect(rule.acknowledgement(of: exchange()) == .prompt)
    #expect(rule.acknowledgement(of: exchange(acknowledged: 2_000)) == .withReply)
    #expect(rule.acknowledgement(of: exchange(acknowledged: 2_020)) == .withReply)
    #expect(rule.acknowledgement(of: exchange(acknowledged: nil)) == .unknown)
    // The application had it for 60 ms when it was acknowledged at last.
    let slow = exchange(acknowledged: 40_001_010, received: 90_000_000, client: 60_000_000)
    #expect(rule.acknowledgement(of: slow) == .late)
    // Only late ones, and no handshake to compare them with: what is always so is the network's.
    #expect(AcknowledgementRule([slow], handshakes: []).acknowledgement(of: slow) == .prompt)
  }

  @Test("a network that took long is no acknowledgement that was held back: sleepingRadio")
  func sleepingRadio() {
    let rule = AcknowledgementRule([], handshakes: [3_000_000])
    let slept = exchange(acknowledged: 100_001_010, received: 100_101_010, client: 50_000)
    #expect(rule.acknowledgement(of: slept) == .prompt)
    let layers = LatencyLayers([slept, slept], handshakes: [3_000_000])
    #expect(layers.network.map { $0.p50Nanoseconds > 99_000_000 } == true)
    #expect(layers.client.map { $0.p50Nanoseconds < 110_000 } == true)
  }

  @Test("no network takes 800 us on this computer itself, the client's reading does: readingOnLoopback")
  func readingOnLoopback() {
    let read = exchange(acknowledged: 801_010, received: 805_000, client: 3_000)
    #expect(AcknowledgementRule([], handshakes: [15_000]).acknowledgement(of: read) == .late)
    #expect(AcknowledgementRule([], handshakes: [400_000]).acknowledgement(of: read) == .prompt)
    let shares = LatencyShares([read], handshakes: [15_000])
    #expect(shares.networkIsEstimated && shares.shares.map(\.nanoseconds) == [10, 15_000, 785_990, 3_000])
  }

  @Test("the last byte of a message beyond the client's window leaves when the client has read: beyondWindow")
  func beyondWindow() {
    var large = exchange(sent: 26_000_000, acknowledged: 26_000_100, received: 26_100_000)
    #expect(large.serverNanoseconds.map { $0 > 25_000_000 } == true)
    large.waitedForWindow = true
    #expect(large.wireNanoseconds == 26_099_000 && large.serverNanoseconds == 0)
    #expect(AcknowledgementRule([], handshakes: [50]).acknowledgement(of: large) == .unknown)
  }

  @Test("a stamp that was lost is not made up for by that of a later message: lostStamp")
  func lostStamp() throws {
    var wire = WireBuilder()
    let start = wire.now
    wire.server(.binary, [1, 2])
    wire.trace.events[wire.trace.events.count - 1].transmission = transmission(
      start + 100_000_000, start + 100_000_100)
    wire.client(.binary, [1, 2], kernelInstant: start + 900_000)
    wire.trace.clientWindow = 3
    let trace = AttemptTrace(endpoint: .device, connections: [wire.trace], client: ClientTrace())
    let exchange = try #require(trace.exchanges.first)
    #expect(exchange.sent == nil && exchange.wireNanoseconds == 900_000 && exchange.waitedForWindow)
  }

  @Test("what fits the window waits behind what fills it: behindAFullWindow")
  func behindAFullWindow() {
    var wire = WireBuilder()
    wire.trace.clientWindow = 10
    var starts: [UInt64] = []
    for byte in [UInt8(1), 2, 3] {
      starts.append(wire.now)
      wire.server(.binary, [byte, byte, byte])
      // Acknowledged when all have long been handed over.
      wire.trace.events[wire.trace.events.count - 1].transmission = transmission(
        wire.now + 90_000_000, wire.now + 91_000_000)
    }
    for byte in [UInt8(1), 2, 3] {
      wire.client(.binary, [byte, byte, byte], kernelInstant: starts[2] + 95_000_000)
    }
    let trace = AttemptTrace(endpoint: .device, connections: [wire.trace], client: ClientTrace())
    #expect(trace.exchanges.map(\.waitedForWindow) == [false, false, true])
    #expect(trace.exchanges.last?.wireNanoseconds == 95_000_000)
  }

  @Test("the server sees nothing before the kernel has it: clockOfTheTurn")
  func clockOfTheTurn() throws {
    var wire = WireBuilder()
    let start = wire.now
    wire.server(.binary, [1])
    wire.client(.binary, [1], kernelInstant: start + 900_000)
    wire.trace.events[wire.trace.events.count - 1].instantNanoseconds = start - 5_000
    let trace = AttemptTrace(endpoint: .device, connections: [wire.trace], client: ClientTrace())
    #expect(trace.exchanges.map(\.seen) == [start + 900_000])
  }

  @Test("who takes the middle by the wire alone has what the server took now and then in it: wholeMiddle")
  func wholeMiddle() {
    func exchange(_ server: UInt64) -> Exchange {
      Exchange(
        connection: "main", index: 0, payloadLength: 16, handed: 1_000, sent: 1_000 + server,
        acknowledged: 1_100 + server, received: 2_000 + server, seen: 2_000 + server, clientNanoseconds: 300,
        pieces: 1, firstPieceLength: 22, longestGapNanoseconds: 0)
    }
    let shares = LatencyShares([exchange(9_000_000)] + (0..<4).map { _ in exchange(10) }, handshakes: [])
    #expect(shares.shares.first?.nanoseconds == 10)
  }

  @Test("an acknowledgement came with the first piece of the echo, however late the last one: withFirstPiece")
  func withFirstPiece() {
    var inPieces = exchange(acknowledged: 10_660_000, received: 50_000_000, client: 45_000_000)
    inPieces.began = 10_656_000
    #expect(AcknowledgementRule([], handshakes: [50]).acknowledgement(of: inPieces) == .withReply)
  }

  @Test("the layers count only what tells something of them")
  func layers() throws {
    let held = (0..<9).map { _ in exchange(acknowledged: 2_000) }
    let few = LatencyLayers(held + [exchange()], handshakes: [100])
    #expect(few.count(.withReply) == 9 && few.count(.prompt) == 1 && few.count(.late) == 0)
    #expect(few.network?.count == 1 && few.client?.count == 1 && few.wire?.count == 10)
  }

  @Test(
    "the shares of an exchange add up to it, and the network's is estimated where few acknowledgements were prompt"
  )
  func shares() {
    let held = (0..<9).map { _ in exchange(acknowledged: 2_000) }
    let few = LatencyShares(held + [exchange()], handshakes: [100])
    let all = LatencyShares((0..<10).map { _ in exchange() }, handshakes: [100])
    #expect(few.networkIsEstimated && !all.networkIsEstimated)
    #expect(few.shares.map(\.nanoseconds) == [60, 100, 590, 300])
    #expect(all.shares.map(\.nanoseconds) == [60, 90, 600, 300])
    #expect(LatencyShares([], handshakes: []).shares.isEmpty)
  }

  @Test("the shares are those of the same exchanges, not of medians that belong to none: samePopulation")
  func samePopulation() {
    // Half of them have a slow library and a quick application, half the other way round, and all take 1,090 ns.
    let quick = (0..<5).map { _ in exchange(received: 2_100, client: 100) }
    let slow = (0..<5).map { _ in exchange(received: 2_100, client: 900) }
    // One of another kind, of which the clock tells nothing, and whose acknowledgement came with the echo.
    let other = exchange(acknowledged: 9_000, received: 9_000, client: nil)
    let shares = LatencyShares(quick + slow + [other], handshakes: []).shares
    let parts = Dictionary(uniqueKeysWithValues: shares.map { ($0.owner, $0.nanoseconds) })
    #expect(parts[.network] == 90 && (parts[.library] ?? 0) + (parts[.application] ?? 0) == 1_000)
  }

  @Test("a trace gives the kernel's instants and the client's own time, message by message")
  func fromTrace() throws {
    var wire = WireBuilder()
    let start = wire.now
    wire.server(.binary, [1, 2])
    wire.trace.events[wire.trace.events.count - 1].transmission = transmission(start + 10, start + 500)
    wire.client(.binary, [1, 2], kernelInstant: start + 900_000)
    wire.server(.binary, [3])
    wire.client(.binary, [3])
    let digests = [[1, 2], [3]].map { MessageDigest(isText: false, payload: $0) }
    let events = digests.enumerated().flatMap { index, digest in
      [
        ClientEvent(
          microseconds: index * 100, task: "main", step: 1, connection: "main", kind: .message(digest)),
        ClientEvent(
          microseconds: index * 100 + 7 + index, task: "main", step: 1, connection: "main",
          kind: .sent(digest)),
      ]
    }
    let trace = AttemptTrace(
      endpoint: .device, connections: [wire.trace], client: ClientTrace(events: events))
    let exchanges = trace.exchanges
    #expect(exchanges.map(\.index) == [0, 1] && exchanges.map(\.payloadLength) == [2, 1])
    let first = try #require(exchanges.first)
    #expect(first.handed == start && first.sent == start + 10 && first.acknowledged == start + 500)
    #expect(first.received == start + 900_000 && first.seen == start + 1_000_000)
    #expect(first.wireNanoseconds == 899_990)
    #expect(exchanges.map(\.clientNanoseconds) == [7_000, 8_000])
    #expect(exchanges.map(\.pieces) == [1, 1] && exchanges[1].sent == nil)
  }

  @Test("an echo that was not sent back leaves the others in their places")
  func unanswered() {
    var wire = WireBuilder()
    for byte in [UInt8(1), 2, 3] { wire.server(.binary, [byte]) }
    wire.client(.binary, [1])
    wire.client(.binary, [3])
    let trace = AttemptTrace(endpoint: .device, connections: [wire.trace], client: ClientTrace())
    #expect(trace.exchanges.map(\.index) == [0, 2])
  }

  @Test("an echo in pieces tells in how many, how long the first was, and the longest gap inside a frame")
  func pieces() throws {
    var wire = WireBuilder()
    let key = MaskingKey(1, 2, 3, 4)
    let start = wire.now
    wire.server(.text, "split")
    let frame = Frame(.text, Array("split".utf8), maskingKey: key).encoded()
    wire.client(bytes: Array(frame[..<2]), kernelInstant: start + 1_000)
    wire.client(bytes: Array(frame[2..<6]), kernelInstant: start + 41_000)
    wire.client(bytes: Array(frame[6...]), kernelInstant: start + 43_000)
    let trace = AttemptTrace(endpoint: .device, connections: [wire.trace], client: ClientTrace())
    let exchange = try #require(trace.exchanges.first)
    #expect(exchange.pieces == 3 && exchange.firstPieceLength == 2)
    #expect(exchange.longestGapNanoseconds == 40_000 && exchange.received == start + 43_000)
  }

  private func transmission(_ sent: UInt64, _ acknowledged: UInt64) -> Transmission {
    var transmission = Transmission()
    transmission.sentNanoseconds = sent
    transmission.acknowledgedNanoseconds = acknowledged
    return transmission
  }
}
