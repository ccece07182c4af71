import Autobahn
import Scenarios
import Steps
import Testing
import Verdicts

@Suite("Which cases a driver is put through")
struct EchoCasesTests {
  @Test("every scenario whose client is the echo loop is there, with and without compression, and no other")
  func fits() {
    let all = EchoCases.scenarios(of: Catalogue.all, withOpenings: true)
    let loops = [ClientScript.echo, ClientScript([.connect(ConnectStep(compression: true)), .echo()])]
    let wanted = Catalogue.all.filter { scenario in
      loops.contains(scenario.client) && !scenario.server.ownPort && scenario.chapter != .resources
    }
    #expect(all.map(\.id) == wanted.map(\.id))
    let chapters = Set(all.compactMap(\.chapter))
    #expect(chapters.isSuperset(of: [.openingHandshake, .utf8, .deflatePayloads, .deflateParameters]))
    #expect(all.contains { $0.tags.contains("backpressure") })
  }

  @Test(
    "whatever else a scenario asks of its client, port or board keeps drivers out, and the reason is known",
    arguments: [
      (ClientScript([.connect(ConnectStep()), .receive()]), EchoObstacle.otherClient),
      (ClientScript([.connect(ConnectStep()), .echo(count: 1)]), .otherClient),
      (ClientScript([.connect(ConnectStep(target: "/{token}/x")), .echo()]), .otherRequest),
      (ClientScript([.connect(ConnectStep(subprotocols: ["chat"])), .echo()]), .otherRequest),
    ])
  func obstacles(client: ClientScript, obstacle: EchoObstacle) {
    func scenario(_ id: String, _ client: ClientScript, ownPort: Bool = false) -> Scenario {
      Scenario(
        id: id, description: "d", expectation: "e", rfc: "5.2", requirement: .must,
        server: ServerScript([], ownPort: ownPort), client: client)
    }
    #expect(scenario("1.a", client).echoObstacle == obstacle)
    #expect(scenario("1.a", .echo, ownPort: true).echoObstacle == .ownPort)
    #expect(scenario("14.a", .echo).echoObstacle == .unseen)
    #expect(scenario("1.a", .echo).echoObstacle == nil)
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
