import Foundation
import Scenarios
import Steps
import Testing
import WebSocketProtocol

@testable import Fuzzing

@Suite("Generated scenarios")
struct ScenarioGeneratorTests {
  private static let count = 1500

  private let generator = ScenarioGenerator(seed: 7)

  @Test("the seed and the number decide all of a case, and nothing else does")
  func reproducible() {
    let again = ScenarioGenerator(seed: 7)
    for number in [0, 1, 41, 400] {
      #expect(generator.testCase(number) == again.testCase(number))
      #expect(generator.testCase(number) != ScenarioGenerator(seed: 8).testCase(number))
    }
  }

  @Test("each is a valid scenario, whose file is read back the same")
  func valid() throws {
    for number in 0..<Self.count {
      let testCase = generator.testCase(number)
      #expect(testCase.validate().isEmpty, "\(number): \(testCase.validate())")
      let text = ScenarioFile.text(of: testCase)
      #expect(try ScenarioFile.read(Data(text.utf8), file: "\(number)").id == testCase.id)
    }
  }

  @Test("every theme, delivery and ending occurs")
  func variety() {
    let cases = (0..<Self.count).map(generator.testCase)
    let themes = Set(cases.map { String($0.scenario.id.dropFirst("fuzz.".count).prefix { $0 != "-" }) })
    #expect(themes == Set(ScenarioGenerator.Theme.allCases.map(\.rawValue)))
    #expect(Set(cases.map(\.delivery)) == Set(Delivery.allCases))
    let endings = Set(cases.flatMap { $0.scenario.server.connections.map(\.ending) })
    #expect(endings == Set(ServerScript.Ending.allCases))
    // What the client does is what differs where the theme is its request or what it sends.
    let plays = Set(cases.map { [$0.scenario.server, $0.scenario.client, $0.delivery] as [AnyHashable] })
    #expect(plays.count > Self.count * 9 / 10, "\(plays.count)")
  }

  @Test("what comes by turns comes as often as it weighs, also where one choice follows from another")
  func turns() {
    var counts: [String: Int] = [:]
    for number in 0..<120 {
      var dice = Dice(seed: 9, scenario: number)
      let first = dice.inTurn(weighted: [(3, "a"), (2, "b"), (1, "c")])
      counts[first + dice.inTurn(["1", "2", "3", "4"]), default: 0] += 1
    }
    let expected = ["a": 15, "b": 10, "c": 5].flatMap { first, count in
      (1...4).map { ("\(first)\($0)", count) }
    }
    #expect(counts == Dictionary(uniqueKeysWithValues: expected))
  }

  @Test(
    "a masked Pong without payload was in none of 12275 cases: every kind of frame comes masked, with a payload and without"
  )
  func masked() {
    let frames = frames(in: 0..<2 * Self.count).filter { $0.maskingKey != nil }
    let kinds: [(Opcode) -> Bool] = [{ !$0.isControl }, { $0 == .ping }, { $0 == .pong }, { $0 == .close }]
    for (index, isOfKind) in kinds.enumerated() {
      let lengths = frames.filter { isOfKind($0.opcode) }.map(\.payload.count)
      #expect(lengths.contains(0) && lengths.contains { $0 > 0 }, "\(index)")
    }
  }

  @Test("each reserved bit is set in every kind of control frame, with a payload and without")
  func reserved() {
    let frames = frames(in: 0..<4 * Self.count)
    for opcode in [Opcode.ping, .pong, .close] {
      for bit: UInt8 in [1, 2, 4] {
        let lengths = frames.filter { $0.opcode == opcode && $0.reservedBits == bit }.map(\.payload.count)
        #expect(lengths.contains(0) && lengths.contains { $0 > 0 }, "\(opcode) \(bit)")
      }
    }
  }

  private func frames(in numbers: Range<Int>) -> [FrameSpec] {
    numbers.flatMap { number in
      generator.testCase(number).scenario.server.connections.flatMap(\.steps).compactMap { step in
        if case .sendFrame(let frame) = step { frame } else { nil as FrameSpec? }
      }
    }
  }

  @Test("a limit of 64 fragments was never met: manyFragments")
  func manyFragments() {
    let most = (0..<4000).map { number in
      generator.testCase(number).scenario.server.connections.map { connection in
        connection.steps.count { step in
          if case .sendFrame(let frame) = step { frame.opcode == .continuation } else { false }
        }
      }.max() ?? 0
    }
    #expect(most.count { $0 > 64 } >= 5)
  }

  @Test("a head that is to have a length has it: headsOfExactLengths")
  func exactHeads() {
    let multiples = (0..<4000).count { number in
      let steps = generator.testCase(number).scenario.server.connections[0].steps
      guard case .respond(.raw(let head))? = steps.first, let bytes = head.bytes else { return false }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.contains("X-Filler"), text.contains("{accept}") else { return false }
      return (bytes.count - "{accept}".utf8.count + 28).isMultiple(of: 256)
    }
    #expect(multiples >= 2)
  }

  @Test("a chunk may end just within the next frame: chunksAcrossFrames")
  func acrossFrames() {
    let across = (0..<Self.count).count { number in
      let pieces = generator.testCase(number).scenario.server.connections[0].steps.compactMap { step in
        if case .sendBytes(let payload) = step { payload.bytes } else { nil as [UInt8]? }
      }
      var decoder = FrameDecoder(keptPayload: 1 << 16)
      return pieces.dropLast().contains { piece in
        let frames = piece.withUnsafeBytes { decoder.receive($0) }
        return !frames.isEmpty && decoder.incompleteFrame != nil
      }
    }
    #expect(across >= 5, "\(across)")
  }

  @Test("frames have all opcodes, reserved bits and lengths at the borders")
  func borders() {
    let frames = frames(in: 0..<2 * Self.count)
    #expect(Set(frames.map(\.opcode.rawValue)) == Set(0...15))
    #expect(Set(frames.map(\.reservedBits)).isSuperset(of: [0, 1, 2, 4]))
    #expect(Set(frames.map(\.payload.count)).isSuperset(of: [0, 1, 124, 125, 126, 127, 128]))
    #expect(frames.contains { !$0.isFinal } && frames.contains { $0.maskingKey != nil })
    #expect(frames.contains { $0.lengthEncoding == .sixtyFourBit && $0.declaredLength == nil })
  }

  @Test("a case of the source is that of its number, whatever the corpus; a corpus changes some of them")
  func source() {
    let source = InputSource(seed: 3, catalogue: Catalogue.all)
    let again = InputSource(seed: 3, catalogue: Catalogue.all)
    let corpus = [generator.testCase(1), generator.testCase(2)]
    var guided = 0
    for number in 0..<60 {
      #expect(source.testCase(number) == again.testCase(number))
      #expect(source.testCase(number).validate().isEmpty)
      guided += source.testCase(number, corpus: corpus) == source.testCase(number) ? 0 : 1
    }
    #expect(guided > 5)
  }

  @Test("without a catalogue none of its scenarios is changed")
  func withheld() {
    let source = InputSource(seed: 3, catalogue: [])
    #expect((0..<200).allSatisfy { !source.testCase($0).scenario.id.hasPrefix("fuzz.mutation") })
    let other = InputSource(seed: 3, catalogue: Catalogue.all)
    #expect((0..<200).contains { other.testCase($0).scenario.id.hasPrefix("fuzz.mutation") })
  }

  @Test("a changed case is valid and another one")
  func mutated() {
    let mutator = ScenarioMutator(seed: 5)
    let scenarios = Catalogue.all.filter(ScenarioMutator.canChange)
    #expect(scenarios.count > 300)
    for (number, scenario) in scenarios.enumerated() {
      let original = Case(scenario: scenario.concrete(seed: 1))
      let changed = mutator.mutated(original, number: number)
      #expect(changed.validate().isEmpty, "\(scenario.id): \(changed.validate())")
      #expect(changed == mutator.mutated(original, number: number))
      #expect(
        changed.scenario.server != original.scenario.server || changed.delivery != original.delivery
          || changed.scenario.client != original.scenario.client)
    }
  }

  @Test("it changes what the client sends and what the server answers, and goes on as another scenario does")
  func changedEverywhere() throws {
    let original = Case(
      scenario: Scenario(
        id: "1.a", description: "d", expectation: "e", rfc: "5.6", requirement: .may,
        server: ServerScript([.text("one"), .text("two")])))
    let other = Case(
      scenario: Scenario(
        id: "1.b", description: "d", expectation: "e", rfc: "5.6", requirement: .may,
        server: ServerScript([.binary("other")])))
    let mutator = ScenarioMutator(seed: 2)
    let changed = (0..<400).map { mutator.mutated(original, with: other, number: $0) }
    let steps = changed.map { $0.scenario.server.connections[0].steps }
    #expect(changed.contains { $0.scenario.client != original.scenario.client })
    #expect(steps.contains { if case .respond? = $0.first { true } else { false } })
    #expect(steps.contains { $0.contains(.text("one")) && $0.contains(.binary("other")) })
  }

  @Test(
    "a server that was changed so that it reads no more, or waits while it does not read, accused every client"
  )
  func readsOn() {
    let stopping = Case(
      scenario: Scenario(
        id: "1.a", description: "d", expectation: "e", rfc: "5.6", requirement: .may,
        server: ServerScript([.text("one"), .stopReading, .text("two"), .resumeReading, .text("three")])))
    let mutator = ScenarioMutator(seed: 4)
    for number in 0..<300 {
      var isStopped = false
      for step in mutator.mutated(stopping, with: stopping, number: number).scenario.server.connections[0]
        .steps
      {
        if step == .stopReading { isStopped = true }
        if step == .resumeReading { isStopped = false }
        #expect(!isStopped || !step.isWait)
      }
      #expect(!isStopped)
    }
  }

  @Test("a client that waits for a Pong and had 70 KB to read before was said to hang")
  func pingsAheadOfMuch() {
    let large = Case(
      scenario: Scenario(
        id: "1.a", description: "d", expectation: "e", rfc: "5.6", requirement: .may,
        server: ServerScript([.text(.repeated(unit: [0x61], count: 9000)), .text("one")]),
        client: ClientScript([.connect(ConnectStep()), .ping(), .echo()])))
    let mutator = ScenarioMutator(seed: 6)
    for number in 0..<200 {
      let changed = mutator.mutated(large, with: large, number: number).scenario
      let sent = changed.server.connections[0].steps.reduce(0) { $0 + $1.sentByteCount }
      let pings = changed.client.tasks.flatMap(\.steps).contains {
        if case .ping = $0 { true } else { false }
      }
      #expect(sent <= 4096 || !pings)
    }
  }

  @Test("a corpus that was kept over TLS guides as well")
  func guidedOverTLS() {
    let scenario = Scenario(
      id: "1.a", description: "d", expectation: "e", rfc: "5.6", requirement: .may,
      server: ServerScript([.text("one")]))
    let clear = Case(scenario: scenario)
    #expect(clear.overTLS.inClear == clear && clear.inClear == clear)
    let source = InputSource(seed: 3, catalogue: [])
    let changed = (0..<40).map { source.testCase($0, corpus: [clear.overTLS]) }
    #expect(changed.contains { $0.scenario.id.hasPrefix("fuzz.mutation") })
    #expect(changed == (0..<40).map { source.testCase($0, corpus: [clear]) })
  }
}
