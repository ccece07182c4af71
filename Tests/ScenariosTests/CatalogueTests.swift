import Scenarios
import Steps
import Testing
import WebSocketProtocol

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
    #expect(scenarios.count >= 4)
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

  /// A client that pauses 5 ms after each of five lines never sees the pieces of a head that come sooner.
  @Test func headsInPiecesComeFurtherApartThanAClientPolls() {
    let scenarios = Catalogue.all.filter { $0.id.hasPrefix("0.head-in-pieces") }
    #expect(scenarios.count == 3)
    for scenario in scenarios {
      let steps = scenario.server.connections[0].steps
      #expect(steps.contains(.pause(milliseconds: 50)), "\(scenario.id)")
    }
  }

  /// Without its token a request reaches only a port of its own.
  @Test func aRequestThatLosesItsTokenIsSeen() {
    for scenario in Catalogue.all {
      for case .connect(let connect) in scenario.client.tasks.flatMap(\.steps)
      where !connect.target.hasPrefix("/{token}") && !connect.target.hasSuffix("/{token}") {
        let pathHasToken = connect.target.prefix { $0 != "?" && $0 != "#" }.contains("{token}")
        #expect(pathHasToken || scenario.server.ownPort, "\(scenario.id)")
      }
    }
  }

  /// A client that pauses 5 ms at each of its two reads a frame, and shows nothing of being at work, must not run out of time.
  @Test func noCrowdOfFramesPassesInSilence() {
    for scenario in Catalogue.all where scenario.requirement != .may {
      for connection in scenario.server.connections {
        var silent = 0
        for step in connection.steps {
          guard case .sendFrame(let frame) = step else { continue }
          // An echo or a Pong shows that the client is at work.
          let isShown = frame.opcode == .ping || (!frame.opcode.isControl && frame.isFinal)
          silent = isShown ? 0 : silent + 1
          #expect(silent <= 20, "\(scenario.id)")
        }
      }
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
