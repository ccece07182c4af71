import Scenarios
import Steps
import WebSocketProtocol

/// Changes what a server does in a scenario that exists: of the catalogue, of a corpus.
///
/// What was expected of the old scenario does not hold for the new one; what the RFCs say of it follows from its trace.
public struct ScenarioMutator: Sendable {
  /// What decides everything.
  public let seed: UInt64

  /// Creates a mutator.
  public init(seed: UInt64) { self.seed = seed }

  /// Whether a scenario is fit to be changed: one connection in clear, and nothing that takes long.
  public static func canChange(_ scenario: Scenario) -> Bool {
    guard !scenario.isLong, scenario.server.connections.count == 1, !scenario.speaksTLS,
      scenario.server.port == nil, !scenario.client.measures, scenario.longestMessage <= 20000
    else { return false }
    let steps = scenario.server.connections[0].steps
    let pauses = steps.reduce(0) { if case .pause(let time) = $1 { $0 + time } else { $0 } }
    return pauses <= 60 && steps.count <= 80
  }

  /// The case of that number, made of another one. The same seed, number and case give the same.
  public func mutated(_ original: Case, number: Int) -> Case {
    var dice = Dice(seed: seed, text: "mutation \(number)")
    let id = "fuzz.mutation-\(seed)-\(number)"
    for _ in 0..<8 {
      var draft = Draft(original.scenario.server, original.scenario.client, delivery: original.delivery)
      for _ in 0..<dice.few(upTo: 4) { draft.change(&dice) }
      draft.dropWaits(&dice)
      let testCase = draft.testCase(id: id, theme: "changed from \(original.scenario.id)")
      if testCase.validate().isEmpty, !testCase.plays(as: original) { return testCase }
    }
    return ScenarioGenerator(seed: seed).testCase(number)
  }
}

extension Case {
  /// Whether the server does the same in both: two changes may undo each other.
  fileprivate func plays(as other: Case) -> Bool {
    scenario.server == other.scenario.server && delivery == other.delivery
  }
}

extension Draft {
  private var steps: [ServerStep] {
    get { server.connections[0].steps }
    set { server.connections[0].steps = newValue }
  }

  /// Where steps may be changed, moved and put in: behind the response.
  private var firstFree: Int { if case .respond? = steps.first { 1 } else { 0 } }

  fileprivate mutating func change(_ dice: inout Dice) {
    let free = Array(firstFree..<max(firstFree, steps.count))
    guard let index = free.isEmpty ? nil : dice.pick(free) else { return insert(&dice) }
    switch dice.number(0...11) {
    case 0..<5: steps[index] = Self.changed(steps[index], &dice)
    case 5: steps.remove(at: index)
    case 6: steps.insert(steps[index], at: index)
    case 7: steps.swapAt(index, dice.pick(free))
    case 8: steps.removeSubrange(index...)
    case 9:
      server.connections[0].ending = dice.pick(ServerScript.Ending.allCases)
    case 10: delivery = dice.pick(Delivery.allCases)
    default: insert(&dice)
    }
  }

  /// Puts in what a generated conversation, or a breach, has.
  private mutating func insert(_ dice: inout Dice) {
    var play = Play(dice, isEchoed: false)
    if dice.chance(50) { play.exchange() } else { play.violate() }
    dice = play.dice
    steps.insert(contentsOf: play.steps, at: dice.number(firstFree...max(firstFree, steps.count)))
  }

  private static func changed(_ step: ServerStep, _ dice: inout Dice) -> ServerStep {
    switch step {
    case .sendFrame(var frame):
      change(&frame, &dice)
      return .sendFrame(frame)
    case .sendBytes(let payload): return .sendBytes(changed(payload, &dice))
    case .sendMessage(var message):
      message.isCompressed = message.isCompressed && dice.chance(50)
      if !message.isCompressed { (message.blocks, message.deflated) = (.normal, nil) }
      message.payload = changed(message.payload, &dice)
      message.fragments = .count(dice.number(1...4))
      return .sendMessage(message)
    case .pause: return .pause(milliseconds: dice.pick([1, 10, 20]))
    default: return step
    }
  }

  private static func change(_ frame: inout FrameSpec, _ dice: inout Dice) {
    switch dice.number(0...8) {
    case 0: frame.opcode = Opcode(rawValue: UInt8(dice.number(0...15)))
    case 1, 2: frame.isFinal.toggle()
    case 3: frame.reservedBits = UInt8(dice.pick([0, 1, 2, 4, 7]))
    case 4: frame.lengthEncoding = dice.pick(FrameSpec.LengthEncoding.allCases)
    case 5: frame.maskingKey = frame.maskingKey == nil ? 0x3712_A5F0 : nil
    case 6: frame.payload = dice.chance(50) ? .bytes(dice.brokenText()) : dice.text(dice.length())
    default: frame.payload = changed(frame.payload, &dice)
    }
  }

  /// Some bytes changed, left out or doubled; what is described as long stays so.
  private static func changed(_ payload: Payload, _ dice: inout Dice) -> Payload {
    guard var bytes = payload.bytes, bytes.count <= 4096 else { return payload }
    guard !bytes.isEmpty else { return .bytes(dice.bytes(dice.number(1...4))) }
    let index = dice.number(0...bytes.count - 1)
    switch dice.number(0...4) {
    case 0: bytes[index] = dice.byte()
    case 1: bytes[index] ^= 1 << UInt8(dice.number(0...7))
    case 2: bytes.remove(at: index)
    case 3: bytes.insert(contentsOf: bytes[index...].prefix(dice.number(1...8)), at: index)
    default: bytes = Array(bytes.prefix(index))
    }
    return .bytes(bytes)
  }

  /// What a client has no reason to send any more is not waited for, mostly: each vain wait costs as much time as thirty executions.
  fileprivate mutating func dropWaits(_ dice: inout Dice) {
    guard dice.chance(85) else { return }
    steps.removeAll(where: \.isWait)
    // Nor is a failure that may not come.
    if server.connections[0].ending == .awaitFailure {
      steps += [.ping("still there?"), .pause(milliseconds: 5), .halfClose]
    }
  }
}
