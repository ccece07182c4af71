import Scenarios
import Steps
import Testing
import WebSocketProtocol

@Suite struct ConcreteTests {
  private let scenario = Scenario(
    id: "1.random", description: "Sends.", expectation: "Echoes.", rfc: "5.6", requirement: .must,
    server: ServerScript([
      .sendFrame(FrameSpec(.binary, .random(count: 40, kind: .binary))),
      .expectMessage(kind: .binary, payload: .random(count: 40, kind: .binary)),
      .sendBytes(.random(count: 41, kind: .binary)),
    ]),
    client: ClientScript([.send(kind: .text, payload: .random(count: 9, kind: .utf8))]))

  @Test func theSameSeedDrawsTheSameBytes() {
    #expect(scenario.concrete(seed: 7) == scenario.concrete(seed: 7))
    #expect(scenario.concrete(seed: 7) != scenario.concrete(seed: 8))
    var other = scenario
    other.id = "1.other"
    #expect(other.concrete(seed: 7).server != scenario.concrete(seed: 7).server)
  }

  @Test func theBytesAreTheSameOnEveryMachine() {
    let steps = scenario.concrete(seed: 7).server.connections[0].steps
    guard case .sendBytes(.bytes(let bytes)) = steps[2] else {
      Issue.record("not concrete: \(steps[2])")
      return
    }
    #expect(bytes.prefix(4) == [26, 252, 220, 192])
  }

  @Test func anExpectationRepeatsWhatWasSent() {
    let steps = scenario.concrete(seed: 7).server.connections[0].steps
    guard case .sendFrame(let frame) = steps[0], case .expectMessage(_, let payload) = steps[1] else {
      Issue.record("other steps: \(steps)")
      return
    }
    #expect(frame.payload == payload)
    #expect(frame.payload.bytes?.count == 40)
  }

  @Test func nothingRandomIsLeftInTheCatalogue() throws {
    for scenario in Catalogue.all {
      let text = ScenarioFile.text(of: scenario.concrete(seed: 3))
      #expect(!text.contains("\"random\""), "\(scenario.id)")
    }
  }

  @Test(arguments: 0..<40) func randomTextIsTextOfExactlyThatLength(count: Int) {
    for kind in [Payload.RandomKind.utf8, .ascii] {
      for seed in UInt64(0)..<20 {
        var scenario = scenario
        scenario.client = ClientScript([.send(kind: .text, payload: .random(count: count, kind: kind))])
        guard case .send(_, _, let payload) = scenario.concrete(seed: seed).client.tasks[0].steps[0],
          let bytes = payload.bytes
        else {
          Issue.record("not concrete")
          return
        }
        #expect(bytes.count == count)
        #expect(String(validating: bytes, as: UTF8.self) != nil)
      }
    }
  }
}
