import Scenarios
import Steps
import Testing
import WebSocketProtocol

@testable import Fuzzing

@Suite("Making a case smaller")
struct ShrinkerTests {
  /// Makes the case smaller as long as it still has that.
  private func shrunk(_ testCase: Case, _ isStillThere: (Case) -> Bool) -> Case {
    var smallest = testCase
    var goesOn = true
    while goesOn {
      goesOn = false
      for smaller in Shrinker.reductions(of: smallest) where isStillThere(smaller) {
        smallest = smaller
        goesOn = true
        break
      }
    }
    return smallest
  }

  private func frames(_ testCase: Case) -> [FrameSpec] {
    testCase.scenario.server.connections.flatMap(\.steps).compactMap {
      if case .sendFrame(let frame) = $0 { frame } else { nil }
    }
  }

  @Test("what does not matter is left out: one step stays, with what matters of it")
  func oneStep() throws {
    let generator = ScenarioGenerator(seed: 11)
    let odd = { (testCase: Case) in frames(testCase).contains { $0.reservedBits & 2 != 0 } }
    let testCase = try #require(
      (0..<2000).lazy.map(generator.testCase).first { odd($0) && frames($0).count > 2 })
    let smallest = shrunk(testCase, odd)
    #expect(smallest.scenario.server.connections[0].steps.count == 1)
    #expect(smallest.delivery == .whole && smallest.scenario.client == .echo)
    let frame = try #require(frames(smallest).first)
    #expect(frame.reservedBits == 2 && frame.payload == .empty && frame.isFinal)
  }

  @Test("bytes are left out down to those that matter")
  func bytes() throws {
    let text = Array("some text that is ".utf8) + [0xED, 0xA0, 0x80] + Array(" not in order".utf8)
    let scenario = Scenario(
      id: "fuzz.bytes", description: "Sends bad text.", expectation: "", rfc: "8.1", requirement: .may,
      server: ServerScript([.text("before"), .text(.bytes(text)), .ping("after")]))
    let smallest = shrunk(Case(scenario: scenario, delivery: .bytewise)) { testCase in
      frames(testCase).contains { $0.payload.bytes?.firstRange(of: [0xED, 0xA0, 0x80]) != nil }
    }
    #expect(frames(smallest).map(\.payload) == [.bytes([0xED, 0xA0, 0x80])])
  }

  @Test("of all chunk boundaries only the one that matters stays")
  func chunks() {
    let scenario = Scenario(
      id: "fuzz.chunks", description: "A long frame.", expectation: "", rfc: "5.2", requirement: .may,
      server: ServerScript([
        .text("before"), .binary(.repeated(unit: [7], count: 200)),
        .expectMessage(kind: .binary, payload: nil),
      ]))
    // Cut between the two bytes of the extended length.
    let isCut = { (testCase: Case) in
      let steps = testCase.scenario.server.connections[0].steps
      let isWritten = steps.contains { step in
        guard case .sendBytes(let payload) = step, let bytes = payload.bytes else { return false }
        return bytes.count >= 2 && bytes.suffix(2) == [126, 0]
      }
      let hasFrame = steps.contains {
        if case .sendFrame(let frame) = $0 { frame.opcode == .binary } else { false }
      }
      return isWritten || testCase.delivery == .split && hasFrame
    }
    let smallest = shrunk(Case(scenario: scenario, delivery: .split), isCut)
    #expect(smallest.delivery == .whole)
    #expect(smallest.scenario.server.connections[0].steps == [.sendBytes([126, 0])])
  }

  @Test("a case waited for a failure when the breach was gone: each replay took 20 s")
  func endings() {
    func offered(_ ending: ServerScript.Ending) -> [ServerScript.Ending] {
      let scenario = Scenario(
        id: "fuzz.ending", description: "A message.", expectation: "", rfc: "5.2", requirement: .may,
        server: ServerScript([.text("a")], ending: ending))
      return Shrinker.reductions(of: Case(scenario: scenario)).map {
        $0.scenario.server.connections[0].ending
      }
    }
    #expect(offered(.awaitFailure).prefix(3) == [.endOfStream, .closingHandshake, .awaitFailure])
    #expect(offered(.closingHandshake).prefix(2) == [.endOfStream, .closingHandshake])
    #expect(Set(offered(.endOfStream)) == [.endOfStream])
  }

  @Test("what has nothing to do with TLS is shown in clear")
  func inClear() {
    let scenario = Scenario(
      id: "fuzz.tls", description: "A message.", expectation: "", rfc: "5.2", requirement: .may,
      server: ServerScript([.text("a")]))
    #expect(!shrunk(Case(scenario: scenario).overTLS) { !frames($0).isEmpty }.isOverTLS)
  }

  @Test("fragments are joined, with what came between them before the message")
  func fragments() {
    let scenario = Scenario(
      id: "fuzz.fragments", description: "A Ping between fragments.", expectation: "", rfc: "5.4",
      requirement: .may,
      server: ServerScript([
        .sendFrame(FrameSpec(.text, .text("on"), isFinal: false)), .ping("between"),
        .sendFrame(FrameSpec(.continuation, .text("e"))),
        .expectMessage(kind: .text, payload: .text("one")),
      ]))
    let smallest = shrunk(Case(scenario: scenario)) { testCase in
      let sent = frames(testCase)
      return sent.contains { $0.opcode == .ping } && sent.last?.opcode != .ping && sent.last?.isFinal == true
        && sent.contains { $0.opcode == .text }
    }
    #expect(frames(smallest).map(\.opcode) == [.ping, .text])
  }

  @Test("a connection that does not matter is left out, with the tasks that use it")
  func connections() throws {
    let generator = ScenarioGenerator(seed: 2)
    let several = try #require(
      (0..<2000).lazy.map(generator.testCase).first {
        $0.scenario.id.hasPrefix("fuzz.connections") && $0.scenario.server.connections.count == 3
      })
    let smallest = shrunk(several) { $0.scenario.server.connections.contains { $0.name == "line1" } }
    #expect(smallest.scenario.server.connections.map(\.name) == ["line1"])
    #expect(smallest.validate().isEmpty)
  }

  @Test("every smaller case is valid, and none is the case itself")
  func valid() {
    let generator = ScenarioGenerator(seed: 4)
    for number in 0..<120 {
      let testCase = generator.testCase(number)
      for smaller in Shrinker.reductions(of: testCase) {
        #expect(smaller != testCase && smaller.validate().isEmpty)
      }
    }
  }
}
