import PosixIO
import Steps
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Scripted server: stamps and schedules", .timeLimit(.minutes(1)))
struct StampTests {
  private static var stamping: ScriptedConfiguration {
    var configuration = ScriptedConfiguration()
    configuration.stampsSending = true
    return configuration
  }

  private func echo(_ server: ScriptedServer, on loop: EventLoop) async throws {
    let client = WebSocketClient(on: loop)
    try await client.handshake("ws://127.0.0.1:\(server.port)/t0k3n")
    while let message = try await client.recv() { try await client.send(message) }
    try await client.close()
  }

  /// What the kernel told of the chunks that were sent.
  private func transmissions(_ trace: ConnectionTrace) -> [Transmission?] {
    trace.events.compactMap { event in
      if case .sent = event.kind { .some(event.transmission) } else { nil }
    }
  }

  @Test("every chunk that was sent says when it left and when it was acknowledged", arguments: [false, true])
  func plain(isCut: Bool) async throws {
    let payloads = (1...5).map { Payload.repeated(unit: [UInt8($0)], count: 100 * $0) }
    let script = ServerScript(
      payloads.flatMap { [.sendFrame(FrameSpec(.binary, $0)), .expectMessage(kind: .binary, payload: $0)] })
    var told: KernelInstants?
    let record = try await play(script, isCut ? .split : .whole, configuration: Self.stamping) {
      server, _, loop in
      try await echo(server, on: loop)
      told = try await server.toldInstants()
    }
    let trace = try #require(record.connections.first)
    #expect(trace.missed.isEmpty)
    guard told == .receivedAndSent else { return }
    #expect(trace.tcpRoundTripNanoseconds ?? 0 > 0)
    let sent = transmissions(trace)
    #expect(sent.count >= 7)
    for transmission in sent {
      #expect(transmission?.sentNanoseconds != nil && transmission?.acknowledgedNanoseconds != nil)
    }
    let arrivals = sent.compactMap { $0?.acknowledgedNanoseconds }
    #expect(arrivals == arrivals.sorted(), "acknowledgements come in the order of the bytes")
  }

  @Test("without being asked the kernel tells nothing of what is sent")
  func silent() async throws {
    let script = ServerScript([
      .sendFrame(FrameSpec(.text, .text("x"))), .expectMessage(kind: .text, payload: "x"),
    ])
    let record = try await play(script) { server, _, loop in
      try await echo(server, on: loop)
      #expect(try await server.toldInstants() == nil)
    }
    let trace = try #require(record.connections.first)
    #expect(transmissions(trace).allSatisfy { $0 == nil } && trace.tcpRoundTripNanoseconds == nil)
  }

  @Test(
    "a schedule counts from the first step, whatever the steps between take; what is past is not waited for")
  func schedule() async throws {
    let script = ServerScript([
      .waitUntil(milliseconds: 0), .pause(milliseconds: 20), .waitUntil(milliseconds: 10),
      .waitUntil(milliseconds: 40), .sendFrame(FrameSpec(.text, .text("x"))),
    ])
    let record = try await play(script) { server, _, loop in try await echo(server, on: loop) }
    let trace = try #require(record.connections.first)
    let starts = trace.events.compactMap { event -> UInt64? in
      if case .stepStarted = event.kind { event.instantNanoseconds } else { nil }
    }
    #expect(starts.count == 5)
    let offsets = starts.map { $0 - starts[0] }
    #expect(offsets[2] >= 20_000_000 && offsets[4] >= 40_000_000, "\(offsets)")
  }
}
