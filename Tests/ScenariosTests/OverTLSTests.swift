import Foundation
import Scenarios
import Steps
import Testing

@Suite("Scenarios over TLS")
struct OverTLSTests {
  private func ids(_ plan: [Case]) -> [String] { plan.map(\.id) }

  @Test("the modifier puts both scripts over TLS and stands in the id behind the delivery")
  func modifier() throws {
    let scenario = try #require(Catalogue.scenario("2.ping-empty"))
    let testCase = Case(scenario: scenario, delivery: .bytewise, overTLS: true)
    #expect(testCase.id == "2.ping-empty@bytewise@tls" && testCase.isOverTLS)
    #expect(testCase.scenario.server.tls == ServerTLS())
    guard case .connect(let connect)? = testCase.scenario.client.tasks[0].steps.first else {
      Issue.record("no connect step")
      return
    }
    #expect(connect.tls == ClientTLS() && connect.urlTemplate == "wss://{host}:{port}/{token}")
    #expect(testCase.validate().isEmpty && testCase.overTLS == testCase)
    #expect(scenario.obstacleToTLS == nil && testCase.scenario.obstacleToTLS == nil)
  }

  @Test("every scenario of the catalogue can be put over TLS, speaks it, or says why not")
  func everyScenario() {
    for scenario in Catalogue.all {
      let testCase = Case(scenario: scenario, overTLS: true)
      #expect(testCase.isOverTLS != scenario.speaksTLS, "\(scenario.id)")
      if let obstacle = scenario.obstacleToTLS {
        #expect(obstacle.hasSuffix(".") && !testCase.scenario.speaksTLS, "\(scenario.id)")
        #expect(testCase.validate().map(\.keyPath) == ["overTLS"], "\(scenario.id)")
      } else {
        #expect(testCase.scenario.speaksTLS && testCase.validate().isEmpty, "\(scenario.id)")
      }
    }
    let obstacles = Catalogue.all.filter { $0.obstacleToTLS != nil }
    #expect((5...20).contains(obstacles.count) && obstacles.allSatisfy { $0.chapter == .openingHandshake })
  }

  @Test("a URL of the scenario's own gets the other scheme, and several connections their names")
  func urls() throws {
    let url = try #require(Catalogue.scenario("0.url-scheme-upper-case"))
    let step = Case(scenario: url, overTLS: true).scenario.client.tasks[0].steps[0]
    guard case .connect(let connect) = step else {
      Issue.record("no connect step")
      return
    }
    #expect(connect.url?.hasPrefix("WSS://") == true)
    let several = Case(scenario: try #require(Catalogue.scenario("11.two-connections")), overTLS: true)
    let targets = several.scenario.client.tasks.flatMap(\.steps).compactMap {
      if case .connect(let step) = $0 { step.target } else { nil as String? }
    }
    #expect(Set(targets).count == 2 && targets.allSatisfy { $0.hasPrefix("/{token}.") })
  }

  @Test("the flag puts a whole plan over TLS; what speaks it stays, and the bytes are those of clear")
  func wholePlan() throws {
    let clear = try RunPlan.cases(of: Catalogue.all, only: ["2.*", "15.*"], seed: 3)
    let plan = try RunPlan.cases(of: Catalogue.all, only: ["2.*", "15.*"], overTLS: true, seed: 3)
    let expected = clear.map { $0.scenario.chapter == .tls ? $0.id : $0.id + "@tls" }
    #expect(ids(plan) == expected)
    let areSecured = plan.allSatisfy(\.scenario.speaksTLS)
    #expect(areSecured)
    for (secured, plain) in zip(plan, clear) {
      #expect(secured.scenario.server.connections == plain.scenario.server.connections)
    }
  }

  @Test("a pattern with @tls picks cases over TLS beside those in clear")
  func patterns() throws {
    let plan = try RunPlan.cases(
      of: Catalogue.all, deliveries: "whole",
      only: ["2.ping-empty", "2.ping-empty@tls", "2.ping-e*@paced@tls", "15.echo@tls"], seed: 1)
    #expect(
      ids(plan) == ["2.ping-empty", "2.ping-empty@tls", "2.ping-empty@paced@tls", "15.echo"])
    let again = try RunPlan.cases(
      of: Catalogue.all, only: ["2.ping-empty@split", "2.ping-empty@split@tls"], overTLS: true, seed: 1)
    #expect(ids(again) == ["2.ping-empty@split@tls"])
    #expect(throws: RunPlanError.self) {
      try RunPlan.cases(of: Catalogue.all, only: ["2.pong-x@tls"], seed: 1)
    }
    #expect(try RunPlan.testCase("2.ping-empty@split@tls", of: Catalogue.all).id == "2.ping-empty@split@tls")
  }

  @Test("cases that failed over TLS are found again by their ids")
  func among() throws {
    let failed: Set = ["2.ping-empty@tls", "2.ping-empty@paced@tls", "15.echo"]
    #expect(Set(ids(try RunPlan.cases(of: Catalogue.all, among: failed, seed: 1))) == failed)
  }

  @Test("a case over TLS survives its file, and a file can put any scenario over TLS")
  func files() throws {
    let scenario = try #require(Catalogue.scenario("2.ping-empty")).concrete(seed: 1)
    let testCase = Case(scenario: scenario, delivery: .split, overTLS: true)
    let text = ScenarioFile.text(of: testCase)
    #expect(try ScenarioFile.read(Data(text.utf8), file: "x.json") == testCase)
    let clear = ScenarioFile.text(of: Case(scenario: scenario, delivery: .split))
      .replacing("\"delivery\"", with: "\"overTLS\": true, \"delivery\"")
    #expect(try ScenarioFile.read(Data(clear.utf8), file: "x.json") == testCase)
  }

  private func complaint(_ change: (inout Scenario) -> Void) throws -> [String] {
    var scenario = try #require(Catalogue.scenario("15.echo"))
    change(&scenario)
    return scenario.validate().map(\.description)
  }

  @Test("what makes no sense over TLS is told")
  func problems() throws {
    #expect(
      try complaint { $0.server.tls?.versions = [] }.first?.contains("server.tls.versions is empty") == true)
    #expect(try complaint { $0.server.tls?.groups = "" }.first?.contains("server.tls.groups") == true)
    #expect(
      try complaint { $0.server.tls?.fault = .alert(40) }.first?.contains("which no connection will come to")
        == true)
    let warned = try complaint { $0.server.tls = ServerTLS(versions: [.v1_3], warnsOfNames: true) }
    #expect(warned.first?.contains("server.tls.warnsOfNames stands there without TLS 1.2") == true)
    // A server of TLS 1.3 could not ask, and the client passed unasked: renegotiationThatNobodyAskedFor.
    let unasked = try complaint { $0.server.connections[0].steps.append(.renegotiateTLS) }
    #expect(unasked.first?.contains("server.tls.versions does not stand for TLS 1.2 alone") == true)
    #expect(
      try complaint { $0.server.tls = nil }.first?.contains("although the server speaks no TLS") == true)
    #expect(try complaint { $0.client = .echo }.first?.contains("although the server speaks TLS") == true)
    let inDER = ClientScript([.connect(ConnectStep(tls: ClientTLS(trust: .severalAuthorities))), .echo()])
    #expect(try complaint { $0.client = inDER }.first?.contains("allowed here: \"pem\"") == true)
    let inClear = ClientScript([.connect(ConnectStep(url: "ws://{host}/{token}", tls: ClientTLS())), .echo()])
    #expect(try complaint { $0.client = inClear }.first?.contains("the scheme wss") == true)
  }
}
