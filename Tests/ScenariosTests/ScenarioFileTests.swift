import Foundation
import Scenarios
import Steps
import Testing

@Suite struct ScenarioFileTests {
  @Test func theWholeCatalogueSurvivesARoundTrip() throws {
    for scenario in Catalogue.all {
      let text = ScenarioFile.text(of: scenario)
      let back = try ScenarioFile.read(Data(text.utf8), file: "x.json")
      #expect(back == Case(scenario: scenario), "\(scenario.id)")
      #expect(ScenarioFile.text(of: back.scenario) == text)
    }
  }

  @Test(arguments: Isolation.allCases)
  func aScenarioKeepsItsIsolation(isolation: Isolation) throws {
    var scenario = Catalogue.all[0]
    scenario.isolation = isolation
    let text = ScenarioFile.text(of: scenario)
    #expect(text.contains("isolation") == (isolation != .sameInterpreter), "a default is left out")
    #expect(try ScenarioFile.read(Data(text.utf8), file: "x.json").scenario == scenario)
  }

  @Test func everyPartOfCompressionSurvivesARoundTrip() throws {
    let answer = DeflateAnswer(
      serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 8,
      clientMaxWindowBits: 15)
    let messages =
      MessageSpec.Blocks.allCases.map { MessageSpec(.text, "a", blocks: $0, usesContext: false) } + [
        MessageSpec(.binary, isCompressed: false, fragments: .size(3), pingBetween: .empty),
        MessageSpec(
          .text, .random(count: 9, kind: .words), deflated: .bytes([0]), fragments: .sizes([0, 1])),
        MessageSpec(.text, .random(count: 9, kind: .words), fragments: .count(2)),
      ]
    let scenario = Scenario(
      id: "12.x", description: "Does.", expectation: "Is done.", rfc: "RFC 7692 7.2.1", requirement: .must,
      server: ServerScript(
        [.respond(.accept(edits: [.deflate(answer)]))] + messages.map(ServerStep.sendMessage)),
      client: ClientScript([.connect(ConnectStep(compression: true)), .echo()]))
    #expect(scenario.validate() == [])
    let back = try ScenarioFile.read(Data(ScenarioFile.text(of: scenario).utf8), file: "x.json")
    #expect(back.scenario == scenario)
    let steps = scenario.concrete(seed: 1).server.connections[0].steps
    for case .sendMessage(let message) in steps { #expect(message.payload.bytes != nil) }
  }

  @Test func onlySectionsThatAreThereAreCited() {
    for known in ["5.5.2", "RFC 7692 7.2.1", "RFC 7692 7.1.2.2"] {
      #expect(Citation.isKnown(known), "\(known)")
    }
    for unknown in ["5.5.9", "RFC 7692 7.3.1", "RFC 7692", "RFC 7693 1", "7692 7.1"] {
      #expect(!Citation.isKnown(unknown), "\(unknown)")
    }
    #expect(Citation.words("RFC 7692 7.1") == "RFC 7692 section 7.1")
    #expect(Citation.words("5.1") == "RFC 6455 section 5.1")
  }

  @Test func aCaseKeepsItsDeliveryAndItsConcreteBytes() throws {
    for delivery in Delivery.allCases {
      for scenario in Catalogue.all where scenario.deliveries.contains(delivery) && !scenario.isLong {
        let testCase = Case(scenario: scenario.concrete(seed: 7), delivery: delivery)
        let back = try ScenarioFile.read(Data(ScenarioFile.text(of: testCase).utf8), file: "x.json")
        #expect(back == testCase, "\(testCase.id)")
      }
    }
  }
}
