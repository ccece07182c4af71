import Autobahn
import Scenarios
import Testing
import Traces
import Verdicts

@Suite("A client that falls silent may be slow")
struct SilenceTests {
  private static let lapsed: [WireEvent.Kind] = [
    .opened(peer: "p"), .received(count: 9), .sent(count: 9), .deadlinePassed(index: 1), .sentEnd,
  ]

  private func verdict(_ events: [WireEvent.Kind], _ rules: [String]) -> Verdict {
    let trace = ConnectionTrace(
      name: "main", token: "t",
      events: events.enumerated().map { WireEvent(instantNanoseconds: UInt64($0), kind: $1) })
    let violations = rules.map {
      Violation(rule: $0, rfc: "", requirement: .must, connection: "main", sentence: "It did.")
    }
    let judgement = Judgement(verdict: violations.isEmpty ? .passed : .failed, violations: violations)
    return judgement.doubtingSilence(on: [trace], patience: .seconds(1)).verdict
  }

  @Test("silence up to the end of the server's patience and beyond proves nothing")
  func silent() {
    #expect(verdict(Self.lapsed, ["echo-missing"]) == .inconclusive)
    #expect(verdict(Self.lapsed, ["close-answered", "tcp-ended"]) == .inconclusive)
    #expect(verdict(Self.lapsed, []) == .passed)
  }

  @Test(
    "a sign of life does: bytes, or the end of its stream",
    arguments: [WireEvent.Kind.received(count: 1), .receivedEnd, .receivedReset])
  func lives(sign: WireEvent.Kind) {
    #expect(verdict(Self.lapsed + [sign], ["echo-missing"]) == .failed)
  }

  @Test(
    "what the client did wrong before it fell silent stays a fault, and so does what no patience has waited for"
  )
  func faults() {
    #expect(verdict(Self.lapsed, ["echo-as-sent"]) == .failed)
    #expect(verdict(Self.lapsed, ["echo-missing", "client-reserved-bits"]) == .failed)
    #expect(verdict([.opened(peer: "p"), .received(count: 9), .sent(count: 9)], ["echo-missing"]) == .failed)
  }
}
