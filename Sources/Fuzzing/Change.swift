import Scenarios
import Steps
import WebSocketProtocol

/// A scenario while it is being changed: one of the server's connections, and the client's main task.
struct Change {
  var draft: Draft
  var dice: Dice
  /// Which connection of the server's is changed.
  private let place: Int

  init(_ original: Case, _ dice: Dice) {
    draft = Draft(original.scenario.server, original.scenario.client, delivery: original.delivery)
    self.dice = dice
    place = self.dice.number(0...original.scenario.server.connections.count - 1)
  }

  private var steps: [ServerStep] {
    get { draft.server.connections[place].steps }
    set { draft.server.connections[place].steps = newValue }
  }

  private var ending: ServerScript.Ending {
    get { draft.server.connections[place].ending }
    set { draft.server.connections[place].ending = newValue }
  }

  /// Where steps may be changed, moved and put in: behind the response.
  private var firstFree: Int { if case .respond? = steps.first { 1 } else { 0 } }

  /// Changes something; `other` is where further steps may come from.
  mutating func make(with other: Case?) {
    switch dice.number(0...19) {
    case 0: changeResponse()
    case 1, 2: changeClient()
    case 3: goOn(as: other)
    case 4: ending = dice.pick(ServerScript.Ending.allCases)
    case 5: draft.delivery = dice.pick(Delivery.allCases)
    case 6, 7: insert()
    default: changeStep()
    }
  }

  private mutating func changeStep() {
    let free = Array(firstFree..<max(firstFree, steps.count))
    guard let index = free.isEmpty ? nil : dice.pick(free) else { return insert() }
    switch dice.number(0...8) {
    case 0: steps.remove(at: index)
    case 1: steps.insert(steps[index], at: index)
    case 2: steps.swapAt(index, dice.pick(free))
    case 3: steps.removeSubrange(index...)
    default: steps[index] = Self.changed(steps[index], &dice)
    }
  }

  /// Puts in what a generated conversation, or a breach, has.
  private mutating func insert() {
    var play = Play(dice, isEchoed: false)
    if dice.chance(50) { play.exchange() } else { play.violate() }
    dice = play.dice
    steps.insert(contentsOf: play.steps, at: dice.number(firstFree...max(firstFree, steps.count)))
  }

  /// Gives the server's answer to the opening handshake another form.
  private mutating func changeResponse() {
    var head = Head()
    var subprotocols: [String] = []
    head.change(&dice, &subprotocols)
    if firstFree == 1 {
      steps[0] = .respond(head.response)
    } else {
      steps.insert(.respond(head.response), at: 0)
    }
  }

  /// Lets the server go on as it does in another scenario, from some step on.
  private mutating func goOn(as other: Case?) {
    guard let script = other?.scenario.server.connections.first else { return }
    let further = script.steps.drop { if case .respond = $0 { true } else { false } }
    guard further.count <= 40, further.allSatisfy({ $0.sentByteCount <= 4096 }) else { return }
    steps = Array(steps.prefix(dice.number(firstFree...max(firstFree, steps.count))))
    steps += further.suffix(dice.number(0...further.count))
    ending = script.ending
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

  /// Leaves out what would make the case cost much time, or mean nothing.
  mutating func finish() {
    // Who waits for a Pong reads messages ahead of the application, and not without end: that it then waits in vain is lawful.
    let sent = draft.server.connections.flatMap(\.steps).reduce(0) { $0 + $1.sentByteCount }
    if sent > Self.mostReadAhead {
      clientSteps.removeAll { step in if case .ping = step { true } else { false } }
    }
    dropWaits()
  }

  /// So many bytes every client should keep for its application.
  private static let mostReadAhead = 4096

  /// What a client has no reason to send any more is not waited for, mostly: each vain wait costs as much time as thirty executions. One
  /// of several connections that waits in vain may keep a client from the others.
  private mutating func dropWaits() {
    guard dice.chance(85) || draft.server.connections.count > 1 else { return }
    steps.removeAll(where: \.isWait)
    // Nor is a failure that may not come.
    if ending == .awaitFailure { steps += [.ping("still there?"), .pause(milliseconds: 5), .halfClose] }
  }
}

// MARK: the client

extension Change {
  /// The steps of the client's main task.
  private var clientSteps: [ClientStep] {
    get { draft.client.tasks[0].steps }
    set { draft.client.tasks[0].steps = newValue }
  }

  /// What the application does by itself: a message, a Ping, a Close, echoes in between; one step fewer; another offer of compression.
  private mutating func changeClient() {
    guard let first = clientSteps.firstIndex(where: { if case .connect = $0 { true } else { false } }),
      let connection = clientSteps[first].connection
    else { return }
    let index = dice.number((first + 1)...max(first + 1, clientSteps.count))
    switch dice.number(0...7) {
    case 0, 1:
      clientSteps.insert(
        .send(connection: connection, kind: .text, payload: dice.text(dice.length())), at: index)
    case 2:
      let payload = Payload.bytes(dice.bytes(dice.number(0...300)))
      clientSteps.insert(.send(connection: connection, kind: .binary, payload: payload), at: index)
    case 3:
      clientSteps.insert(.ping(connection: connection, payload: dice.text(dice.number(0...20))), at: index)
    case 4: clientSteps.insert(.echo(connection: connection, count: dice.number(1...3)), at: index)
    case 6:
      guard case .connect(var connect) = clientSteps[first] else { return }
      connect.compression.toggle()
      clientSteps[first] = .connect(connect)
    case 7 where clientSteps.count > first + 1:
      clientSteps.remove(at: dice.number((first + 1)...(clientSteps.count - 1)))
    default: clientSteps.insert(.close(connection: connection), at: index)
    }
  }
}
