import Scenarios
import Steps
import Testing

@Suite struct CatalogueTests {
  @Test func idsAreUniqueAndSortedByChapterAndSlug() {
    let ids = Catalogue.all.map(\.id)
    #expect(Set(ids).count == ids.count)
    let sorted = Catalogue.all.sorted {
      ($0.chapter?.rawValue ?? -1, $0.id) < ($1.chapter?.rawValue ?? -1, $1.id)
    }
    #expect(sorted.map(\.id) == ids)
  }

  @Test func everyScenarioIsValid() {
    for scenario in Catalogue.all { #expect(scenario.validate() == [], "\(scenario.id)") }
  }

  @Test(arguments: Chapter.allCases)
  func everyChapterHasScenarios(chapter: Chapter) {
    let scenarios = Catalogue.scenarios(of: chapter)
    #expect(scenarios.count >= 10)
    #expect(scenarios.allSatisfy { $0.chapter == chapter })
  }

  @Test func thereAreAtLeastOneHundredAndFiftyScenarios() { #expect(Catalogue.all.count >= 150) }

  @Test func everyScenarioSaysWhatItDoesInOneSentence() {
    for scenario in Catalogue.all {
      for sentence in [scenario.description, scenario.expectation] {
        #expect(sentence.hasSuffix(".") && sentence.first?.isUppercase == true, "\(scenario.id): \(sentence)")
        #expect(sentence.count <= 160, "\(scenario.id): \(sentence)")
      }
      let isWordy = scenario.description.split(separator: " ").contains { $0.hasPrefix("\\(") }
      #expect(!isWordy, "\(scenario.id)")
    }
    let descriptions = Catalogue.all.map(\.description)
    #expect(Set(descriptions).count == descriptions.count)
  }

  @Test func payloadsFitABoard() {
    for scenario in Catalogue.all {
      for frame in scenario.sentFrames { #expect(frame.payload.count <= 65536, "\(scenario.id)") }
    }
  }

  /// Pauses are no way to wait: a scenario has few, and short ones.
  @Test func pausesAreShort() {
    for scenario in Catalogue.all {
      let total = scenario.server.connections.flatMap(\.steps).reduce(0) { sum, step in
        if case .pause(let milliseconds) = step { sum + milliseconds } else { sum }
      }
      #expect(total <= 60, "\(scenario.id)")
    }
  }
}

extension Scenario {
  var sentFrames: [FrameSpec] {
    server.connections.flatMap(\.steps).compactMap { step in
      if case .sendFrame(let frame) = step { frame } else { nil }
    }
  }
}
