@testable import Latency
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@Suite("Latency samples from traces")
struct LatencySampleTests {
  private func trace(_ wire: WireBuilder, _ client: ClientTrace = ClientTrace()) -> AttemptTrace {
    AttemptTrace(endpoint: .device, connections: [wire.trace], client: client)
  }

  private func digest(_ text: String, isText: Bool = true) -> MessageDigest {
    MessageDigest(isText: isText, length: text.utf8.count, sha1: "of \(text)", head: Array(text.utf8))
  }

  private func event(_ us: Int, _ kind: ClientEvent.Kind, task: String = "main", on name: String = "main")
    -> ClientEvent
  {
    ClientEvent(microseconds: us, task: task, step: 1, connection: name, kind: kind)
  }

  @Test("a round trip ends at the kernel's instant, where there is one")
  func kernelInstant() {
    var wire = WireBuilder()
    let sent = wire.now
    wire.server(.text, Array("one".utf8))
    wire.client(.text, Array("one".utf8), kernelInstant: sent + 250)
    #expect(
      trace(wire).latencySamples == [LatencySample(measure: .roundTrip, payloadLength: 3, nanoseconds: 250)])
  }

  @Test("a TLS handshake is a sample of its own, without a size")
  func tlsHandshake() {
    var wire = WireBuilder(opens: false)
    wire.note(
      .secured(
        TLSFacts(
          version: "TLSv1.3", cipher: "x", group: nil, serverName: nil, clientSubject: nil,
          handshakeNanoseconds: 5_000_000)))
    let attempt = trace(wire)
    #expect(
      attempt.latencySamples
        == [LatencySample(measure: .tlsHandshake, payloadLength: nil, nanoseconds: 5_000_000)])
    var recorder = LatencyRecorder(.run)
    recorder.record(attempt)
    #expect(recorder.summary.series.map(\.count) == [1], "once, not once for all sizes and once for none")
  }

  @Test("without one it ends when the server read it")
  func ownInstant() {
    var wire = WireBuilder()
    wire.server(.binary, [1, 2])
    wire.now += 500
    wire.client(.binary, [1, 2])
    #expect(trace(wire).latencySamples.map(\.nanoseconds) == [1_000_500])
  }

  @Test("what was not echoed, or otherwise than sent, has none")
  func unmatched() {
    var wire = WireBuilder()
    wire.server(.text, Array("lost".utf8))
    wire.server(.text, Array("kind".utf8))
    wire.server(.text, Array("kept".utf8))
    wire.client(.binary, Array("kind".utf8))
    wire.client(.text, Array("kept".utf8))
    wire.client(.text, Array("nobody asked".utf8))
    let samples = trace(wire).latencySamples
    #expect(samples.map(\.payloadLength) == [4])
    // From the third server frame to the second client frame.
    #expect(samples.map(\.nanoseconds) == [2_000_000])
  }

  @Test("a message of fragments lasts from its last fragment to the echo's last one")
  func fragments() {
    var wire = WireBuilder()
    wire.server(.text, Array("he".utf8), isFinal: false)
    wire.server(.ping)
    let sent = wire.now
    wire.server(.continuation, Array("llo".utf8))
    wire.client(.text, Array("hel".utf8), isFinal: false)
    wire.client(.continuation, Array("lo".utf8), kernelInstant: sent + 9_000)
    #expect(
      trace(wire).latencySamples == [LatencySample(measure: .roundTrip, payloadLength: 5, nanoseconds: 9_000)]
    )
  }

  @Test("an echo in two chunks ends with the second")
  func chunks() {
    var wire = WireBuilder()
    wire.server(.text, Array("split".utf8))
    let frame = Frame(.text, Array("split".utf8), maskingKey: MaskingKey(1, 2, 3, 4)).encoded()
    wire.client(bytes: Array(frame.prefix(4)))
    wire.client(bytes: Array(frame.dropFirst(4)))
    #expect(trace(wire).latencySamples.map(\.nanoseconds) == [2_000_000])
  }

  @Test("equal messages are matched in order, and an answer before its question is none")
  func order() {
    var wire = WireBuilder()
    wire.client(.text, Array("x".utf8))
    wire.server(.text, Array("x".utf8))
    #expect(trace(wire).latencySamples.isEmpty)
    wire = WireBuilder()
    for _ in 0..<2 { wire.server(.text, Array("x".utf8)) }
    wire.now += 7
    for _ in 0..<2 { wire.client(.text, Array("x".utf8)) }
    #expect(trace(wire).latencySamples.map(\.nanoseconds) == [2_000_007, 2_000_007])
  }

  @Test("processing lasts from delivery to the return of the send, by the client's clock")
  func processing() {
    let one = digest("one")
    let two = digest("two")
    let client = ClientTrace(events: [
      event(0, .connected(subprotocol: nil)), event(100, .message(one)), event(350, .sent(one)),
      event(400, .message(two)), event(500, .sent(one)), event(600, .message(one)),
      event(650, .ended(closeCode: 1000, reason: nil, wasClean: true)),
    ])
    let samples = trace(WireBuilder(), client).latencySamples
    #expect(samples == [LatencySample(measure: .processing, payloadLength: 3, nanoseconds: 250_000)])
  }

  @Test("processing of two tasks is told apart")
  func tasks() {
    let one = digest("one")
    let two = digest("second")
    let client = ClientTrace(events: [
      event(10, .message(one), task: "a", on: "left"), event(20, .message(two), task: "b", on: "right"),
      event(50, .sent(one), task: "a", on: "left"), event(90, .sent(two), task: "b", on: "right"),
      event(100, .message(one), task: "a", on: "left"), event(110, .sent(one), task: "a", on: "right"),
    ])
    let samples = trace(WireBuilder(), client).latencySamples
    #expect(samples.map(\.payloadLength) == [3, 6])
    #expect(samples.map(\.nanoseconds) == [40_000, 70_000])
  }
}
