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

  @Test func aCaseKeepsItsDeliveryAndItsConcreteBytes() throws {
    for delivery in Delivery.allCases {
      for scenario in Catalogue.all where scenario.deliveries.contains(delivery) {
        let testCase = Case(scenario: scenario.concrete(seed: 7), delivery: delivery)
        let back = try ScenarioFile.read(Data(ScenarioFile.text(of: testCase).utf8), file: "x.json")
        #expect(back == testCase, "\(testCase.id)")
      }
    }
  }
}
