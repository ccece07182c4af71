import Autobahn
import Scenarios
import Steps
import Testing
import Verdicts

@Suite("Which cases a driver is put through")
struct EchoCasesTests {
  @Test("an echo on one connection fits, nothing else does")
  func fits() {
    let all = EchoCases.scenarios(of: Catalogue.all, withOpenings: true)
    #expect(all.count > 200)
    for scenario in all {
      #expect(scenario.client.tasks.count == 1 && scenario.server.connections.count == 1, "\(scenario.id)")
      #expect(!scenario.client.tasks[0].steps.contains { if case .send = $0 { true } else { false } })
    }
    #expect(Catalogue.all.contains { !$0.fitsEchoDriver })
  }

  @Test("openings that are refused come only when they are asked for")
  func openings() {
    let usual = EchoCases.scenarios(of: Catalogue.all, withOpenings: false)
    #expect(usual.allSatisfy { $0.expected.opening == .accepted })
    #expect(usual.count < EchoCases.scenarios(of: Catalogue.all, withOpenings: true).count)
  }

  @Test("numbers count from 1, ids are those of the catalogue")
  func references() throws {
    let cases = EchoCases(
      EchoCases.scenarios(of: Catalogue.all, withOpenings: false).prefix(3).map { Case(scenario: $0) })
    #expect(try cases.index(of: .number(1)) == 0)
    #expect(try cases.index(of: .id(cases.all[2].id)) == 2)
    for reference in [ControlRequest.CaseReference.number(0), .number(4), .number(.min), .id("nothing")] {
      #expect(throws: EchoCases.Unknown.self) { try cases.index(of: reference) }
    }
  }
}

@Suite("Verdicts in Autobahn's words")
struct BehaviorTests {
  @Test(
    "the verdict",
    arguments: zip(Verdict.allCases, [Behavior.ok, .nonStrict, .informational, .failed, .unimplemented, nil]))
  func behavior(verdict: Verdict, behavior: Behavior?) {
    #expect(Behavior(verdict) == behavior)
  }

  @Test(
    "the closing, by the rules that were broken",
    arguments: [
      ("pong-for-every-ping", CloseBehavior.ok), ("close-answered", .unclean), ("tcp-ended", .unclean),
      ("failure-close-code", .wrongCode), ("opening-accepted", .failed),
    ])
  func closing(rule: String, behavior: CloseBehavior) {
    let violation = Violation(rule: rule, rfc: "", requirement: .must, connection: "main", sentence: "")
    #expect(CloseBehavior(Judgement(verdict: .failed, violations: [violation])) == behavior)
  }

  @Test("every rule that is looked for exists")
  func rulesExist() {
    let known = Set(Rule.all.map(\.id))
    #expect(CloseBehavior.closingRules.subtracting(known) == [])
  }
}
