import Steps
import Testing
import WebSocketProtocol

@testable import Scenarios

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

  @Test func thereAreAtLeastSevenHundredScenarios() { #expect(Catalogue.all.count >= 700) }

  /// Where the RFC can be read in several ways, a scenario says how, and where it says so.
  @Test func everyDisputedScenarioSaysWhatIsAllowed() {
    for scenario in Catalogue.all where scenario.tags.contains("disputed") {
      #expect(scenario.dispute != nil, "\(scenario.id)")
    }
    for scenario in Catalogue.all {
      guard let dispute = scenario.dispute else { continue }
      #expect(dispute.hasSuffix(".") && dispute.contains("ection "), "\(scenario.id): \(dispute)")
    }
  }

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

  /// What a board with 320 KiB of free heap cannot hold is in cases that are tagged large, and is not run there.
  @Test func payloadsFitABoard() {
    for scenario in Catalogue.all {
      let reason = scenario.tooLarge(forHeap: 320 << 10)
      #expect(reason == nil || scenario.tags.contains("large"), "\(scenario.id)")
      let isMeantForMore =
        scenario.longestMessage > 1 << 17 || scenario.isLong && scenario.messageCount > 1137
      #expect((reason != nil) == (isMeantForMore || scenario.longestMessage == 1 << 17), "\(scenario.id)")
      #expect(scenario.tooLarge(forHeap: nil) == nil)
      #expect(scenario.longestMessage <= 16 << 20, "\(scenario.id)")
    }
  }

  /// Autobahn's counts and sizes (its 9.7, 9.8, 10.1.1, 12 and 13) are there.
  @Test func whatAutobahnMeasuresIsThere() {
    let long = Catalogue.all.filter(\.isLong)
    for chapter in [Chapter.limits, .deflatePayloads, .deflateParameters] {
      let thousands = long.filter { $0.chapter == chapter && $0.messageCount == 2 * Catalogue.thousand }
      #expect(thousands.count >= 7, "\(chapter)")
    }
    #expect(long.allSatisfy { $0.tags.contains("large") && $0.deliveries == [.whole] })
    #expect(Catalogue.scenario("10.text-65536-by-1300")?.longestMessage == 65536)
    #expect(Catalogue.all.count { $0.chapter == .deflatePayloads && $0.longestMessage == 128 << 10 } >= 20)
  }

  @Test func theRecordsOfManyMessagesNeedRoomToo() {
    let scenario = Scenario(
      id: "x", description: "X.", expectation: "X.", rfc: "5.4", requirement: .must,
      tags: [Scenario.longTag],
      server: ServerScript(
        (0..<500).flatMap { _ -> [ServerStep] in
          [.sendMessage(MessageSpec(.text, "a")), .expectMessage(kind: .text, payload: "a")]
        }))
    #expect(scenario.messageCount == 1000)
    #expect(scenario.tooLarge(forHeap: 288_000) == nil)
    #expect(
      scenario.tooLarge(forHeap: 287_998)
        == "What the agent keeps of 1000 messages takes 144000 bytes, more than half of the 287998 bytes of heap that are free."
    )
  }

  @Test("a board with fewer sockets than a case has connections was blamed on the client")
  func fewerSocketsThanConnections() throws {
    let needed = Dictionary(
      uniqueKeysWithValues: Catalogue.all.map { ($0.id, $0.client.connectionsAtATime) })
    #expect(needed["11.five-connections"] == 5 && needed["11.three-busy-connections"] == 3)
    #expect(needed["15.two-together"] == 2 && needed["11.one-closed-by-client-other-goes-on"] == 2)
    // In turn is not at a time.
    #expect(needed["11.ten-connections-in-turn"] == 1 && needed["11.second-after-refusals"] == 1)
    #expect(needed["15.two-in-turn"] == 1 && needed.values.allSatisfy { (1...5).contains($0) })
    let five = try #require(Catalogue.scenario("11.five-connections"))
    #expect(five.tooManyConnections(forSockets: nil) == nil && five.tooManyConnections(forSockets: 5) == nil)
    #expect(
      five.tooManyConnections(forSockets: 4)
        == "The client is to have 5 connections at a time, and the board has 4 sockets.")
  }

  @Test func tasksThatStartOneAnotherForEverHaveConnectionsToCount() {
    let again = ClientTask(name: "again", steps: [.connect(ConnectStep()), .start(task: "again"), .echo()])
    #expect(ClientScript(tasks: [again]).connectionsAtATime == 1)
    #expect(ClientScript(tasks: []).connectionsAtATime == 0)
  }

  @Test func theLongestMessageIsThatOfAllItsFragments() {
    let fragments: [ServerStep] = [
      .sendFrame(FrameSpec(.binary, .repeated(unit: [1], count: 40), isFinal: false)),
      .sendFrame(FrameSpec(.ping, .repeated(unit: [1], count: 100))),
      .sendFrame(FrameSpec(.continuation, .repeated(unit: [1], count: 60), declaredLength: 1 << 40)),
      .sendFrame(FrameSpec(.binary, .repeated(unit: [1], count: 70))),
    ]
    var scenario = Scenario(
      id: "x", description: "X.", expectation: "X.", rfc: "5.4", requirement: .must,
      server: ServerScript(fragments))
    #expect(scenario.longestMessage == 100)
    #expect(scenario.tooLarge(forHeap: 300) == nil)
    #expect(
      scenario.tooLarge(forHeap: 299)
        == "A message of 100 bytes has to find room 3 times, and the board has 299 bytes of heap free.")
    scenario.client = ClientScript([
      .connect(ConnectStep()), .send(kind: .text, payload: .repeated(unit: [97], count: 101)),
    ])
    #expect(scenario.longestMessage == 101)
  }

  @Test func theOpeningHandshakeAndMaskingAreThereInBreadth() {
    #expect(Catalogue.scenarios(of: .openingHandshake).count >= 190)
    #expect(Catalogue.scenarios(of: .masking).count >= 30)
  }

  /// What the RFC leaves open is said, with the reason.
  @Test func whatIsDisputedInTheOpeningHandshakeSaysWhy() {
    for scenario in Catalogue.scenarios(of: .openingHandshake) {
      let isOpen = scenario.tags.contains("disputed") || scenario.requirement == .may
      #expect(isOpen == (scenario.dispute != nil), "\(scenario.id)")
    }
  }

  /// What the RFC says only of who sends, or not at all, was called a SHOULD of its sections; it is what a good client does.
  @Test func whatIsOursIsNoRecommendationOfTheRFC() {
    // Sections with a SHOULD or RECOMMENDED that a client can heed on the wire.
    let recommending: Set = ["7.1.1", "7.1.7", "10.4", "11.8"]
    for scenario in Catalogue.all where scenario.requirement == .should {
      #expect(recommending.contains(scenario.rfc), "\(scenario.id)")
    }
  }

  /// That some codes must not be sent binds who sends them: to take one was held to break a MUST.
  @Test func whoTakesAForbiddenCodeBreaksNoMust() {
    for code in ["0", "1", "100", "999", "1005", "1006", "1015", "1005-with-reason", "1006-with-reason"] {
      let scenario = Catalogue.all.first { $0.id == "7.code-\(code)" }
      #expect(scenario?.requirement == .quality && scenario?.dispute?.contains("7.4.1") == true, "\(code)")
    }
  }

  /// Section 9.1 fails a connection for a malformed header, which the reason for leaving an empty one open passed over.
  @Test func anEmptyExtensionsHeaderSaysBothReadings() {
    for id in ["0.extension-empty", "13.declined-empty-header"] {
      let dispute = Catalogue.all.first { $0.id == id }?.dispute ?? ""
      #expect(dispute.contains("Section 9.1") && dispute.contains("RFC 7230 section 7"), "\(id)")
    }
  }

  /// The RFC says nothing of how an application's own headers get into a request.
  @Test func headersOfTheApplicationAreAQualityOfOurs() {
    let scenarios = Catalogue.all.filter { $0.id.hasPrefix("0.request-header") }
    #expect(scenarios.count >= 9)
    for scenario in scenarios { #expect([.quality, .may].contains(scenario.requirement), "\(scenario.id)") }
  }

  /// Pauses are no way to wait: a scenario has few, and short ones. Only where the client's behaviour during the pause is what is
  /// measured, they are longer than the limit of that.
  @Test func pausesAreShort() {
    for scenario in Catalogue.all {
      let total = scenario.server.connections.flatMap(\.steps).reduce(0) { sum, step in
        if case .pause(let milliseconds) = step { sum + milliseconds } else { sum }
      }
      #expect(total <= (scenario.id.hasPrefix("14.gap-") ? 340 : 60), "\(scenario.id)")
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
