import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("The judge bears everything")
struct RobustnessTests {
  @Test("random bytes as streams, random events", arguments: 0..<40)
  func randomTraces(_ seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let device = Self.attempt(&generator)
      let reference = Self.attempt(&generator)
      let judgement = Judge.judge(case: device.case, device: device.trace, reference: reference.trace)
      let again = Judge.judge(case: device.case, device: device.trace, reference: reference.trace)
      #expect(judgement == again)
      #expect(judgement.verdict == .passed || judgement.reason != nil)
      for violation in judgement.violations { #expect(violation.sentence.utf8.count < 1000) }
    }
  }

  private static func attempt(_ generator: inout SplitMix64) -> Attempt {
    var attempt = Attempt()
    attempt.wires = [WireBuilder(opens: Bool.random(using: &generator))]
    if Bool.random(using: &generator) { attempt.connected() }
    for _ in 0..<Int.random(in: 0...12, using: &generator) { step(&attempt, &generator) }
    if Int.random(in: 0...9, using: &generator) == 0 { attempt.client.ending = .hung(detail: "somewhere") }
    return attempt
  }

  private static func step(_ attempt: inout Attempt, _ generator: inout SplitMix64) {
    let bytes = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
      UInt8.random(in: 0...255, using: &generator)
    }
    let opcode = Opcode(rawValue: UInt8.random(in: 0...15, using: &generator))
    switch Int.random(in: 0...14, using: &generator) {
    case 0: attempt.wire.server(bytes: bytes)
    case 1: attempt.wire.client(bytes: bytes)
    case 2, 3: attempt.wire.server(opcode, bytes, isFinal: Bool.random(using: &generator))
    case 4, 5: attempt.wire.client(opcode, bytes, isFinal: Bool.random(using: &generator))
    case 6: attempt.got(bytes, text: Bool.random(using: &generator))
    case 7: attempt.sent(bytes)
    case 8: attempt.ended(Int.random(in: 0...5000, using: &generator))
    case 9: attempt.threw("OSError", step: Int.random(in: 0...3, using: &generator))
    case 10: attempt.wire.note(.receivedEnd)
    case 11: attempt.wire.note(.sentEnd)
    case 12: attempt.wire.note(.sentReset)
    case 13: attempt.wire.note(.deadlinePassed(index: Int.random(in: -1...3, using: &generator)))
    default: attempt.wire.trace.requestHeadLength = Int.random(in: -2...300, using: &generator)
    }
  }

  /// Cuts the captures of a broken trace: what is not known must not be blamed.
  @Test(
    "a cut capture accuses nobody of what it does not show",
    arguments: [
      BrokenFrameTests.sends, BrokenFrameTests.pings, BrokenMessageTests.messages, KeptTests.echoes,
      KeptTests.failures,
    ].flatMap { $0 })
  func cutCaptures(_ example: Example) {
    var whole = Set(example.attempt.violations.map(\.rule))
    // Which of the two it was shows only in what follows.
    if whole.contains("message-delivered") { whole.insert("message-as-sent") }
    let lengths = example.attempt.wires.first.map {
      ($0.trace.clientStream.bytes.count, $0.trace.serverStream.bytes.count)
    }
    guard let lengths else { return }
    for cut in stride(from: 1, through: max(lengths.0, lengths.1), by: 3) {
      var trace = example.attempt.trace
      for index in trace.connections.indices {
        trace.connections[index].clientStream.cut(
          to: trace.connections[index].requestHeadLength.map { max($0, cut) } ?? cut)
        trace.connections[index].serverStream.cut(
          to: trace.connections[index].responseHeadLength.map { max($0, cut) } ?? cut)
      }
      let found = Set(Judge.violations(case: example.attempt.case, trace: trace).map(\.rule))
      // What another rule explains stands alone where that rule can no longer be shown.
      let consequences: Set = ["client-hung", "end-not-internal-error"]
      let accused = found.subtracting(consequences).subtracting(whole)
      #expect(accused == [], "cut to \(cut) bytes")
    }
  }

  @Test("a large message that was cut is compared by length and beginning")
  func cutMessage() {
    let payload = [UInt8](repeating: 0x61, count: 100_000)
    let attempt = Attempt.open {
      $0.wire.server(.binary, payload)
      $0.got(payload, text: false)
      $0.sent(payload, text: false)
      $0.wire.client(.binary, payload)
      $0.closes()
    }
    var trace = attempt.trace
    trace.connections[0].serverStream.cut(to: 1000)
    trace.connections[0].clientStream.cut(to: 1000)
    #expect(Judge.violations(case: attempt.case, trace: trace) == [])
  }
}

extension CapturedStream {
  mutating func cut(to count: Int) {
    guard count < bytes.count else { return }
    bytes = Array(bytes.prefix(count))
    sha1 = Array(repeating: 0, count: 20)
  }
}
