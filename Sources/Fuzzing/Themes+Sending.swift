import Scenarios
import Steps
import WebSocketProtocol

/// What the client's application does by itself.
extension ScenarioGenerator {
  static func sending(_ dice: inout Dice) -> Draft {
    dice.inTurn(weighted: [
      (9, messages), (3, pings), (3, backpressure), (3, together), (2, cancelled),
    ])(&dice)
  }

  /// The application sends messages, and the server echoes some of them, or sends its own between.
  private static func messages(_ dice: inout Dice) -> Draft {
    var steps: [ClientStep] = [.connect(ConnectStep())]
    var play: [ServerStep] = []
    for _ in 0..<dice.few(upTo: 5) {
      let kind: ServerStep.MessageKind = dice.chance(55) ? .text : .binary
      let payload = dice.payload(kind)
      steps.append(.send(kind: kind, payload: payload))
      if dice.chance(20) { play.append(.ping(.bytes(dice.bytes(dice.controlLength())))) }
      play.append(.expectMessage(kind: kind, payload: payload))
    }
    if dice.chance(40) {
      steps.append(.close(code: dice.chance(60) ? dice.lawfulCode() : nil))
      play.append(.expectClose)
    } else {
      steps.append(.echo())
      if dice.chance(50) { play += [.text("and back"), .expectMessage(kind: .text, payload: "and back")] }
    }
    return Draft(ServerScript(play), ClientScript(steps))
  }

  /// The application sends Pings while another task receives.
  private static func pings(_ dice: inout Dice) -> Draft {
    var steps: [ClientStep] = []
    var play: [ServerStep] = []
    for _ in 0..<dice.few(upTo: 3) {
      let payload = Payload.bytes(dice.bytes(dice.controlLength()))
      steps.append(.ping(payload: payload))
      play.append(.expectFrame(FrameExpectation(opcode: Opcode.ping.rawValue, payload: payload)))
      if dice.chance(20) { play.append(.pong("another")) }
      play.append(.pong(payload))
    }
    return Draft(ServerScript(play), .sending(steps, beside: .echo()))
  }

  /// The server does not read for a while, so that the client's writes become partial.
  private static func backpressure(_ dice: inout Dice) -> Draft {
    let payloads = (0..<dice.pick([1, 1, 2, 4])).map { _ in
      Payload.repeated(unit: dice.bytes(16), count: dice.pick([520, 800, 1536]))
    }
    let sends = payloads.map { ClientStep.send(kind: .binary, payload: $0) }
    var play: [ServerStep] = [.stopReading]
    if dice.chance(40) { play.append(.ping("meanwhile")) }
    play += [.pause(milliseconds: dice.pick([10, 20, 25])), .resumeReading]
    play += payloads.map { .expectMessage(kind: .binary, payload: $0) }
    if dice.chance(50) {
      // While one task sends, another answers.
      play += [.ping("afterwards"), .expectPong("afterwards")]
      return Draft(ServerScript(play), .sending(sends, beside: .echo()), delivery: .whole)
    }
    return Draft(
      ServerScript(play), ClientScript([.connect(ConnectStep())] + sends + [.echo()]), delivery: .whole)
  }

  /// Several tasks send at the same time.
  private static func together(_ dice: inout Dice) -> Draft {
    let payloads = (0..<dice.number(2...4)).map { number in
      Payload.repeated(unit: Array(repeating: UInt8(number), count: 10), count: dice.pick([5, 70, 900]))
    }
    let tasks = payloads.enumerated().map { index, payload in
      ClientTask(
        name: "sender\(index)", steps: [.barrier("all ready"), .send(kind: .binary, payload: payload)])
    }
    let starts = tasks.map { ClientStep.start(task: $0.name) }
    let joins = tasks.map { ClientStep.join(task: $0.name) }
    let main = ClientTask(name: "main", steps: [.connect(ConnectStep())] + starts + joins + [.echo()])
    var play: [ServerStep] =
      dice.chance(60) ? [.stopReading, .pause(milliseconds: 20), .resumeReading] : []
    play += payloads.map { _ in .expectMessage(kind: .binary, payload: nil) }
    return Draft(ServerScript(play), ClientScript(tasks: [main] + tasks), delivery: .whole)
  }

  /// A receiving task is cancelled in the middle of a message, and another one goes on.
  private static func cancelled(_ dice: inout Dice) -> Draft {
    let text = dice.text(dice.pick([6, 40, 200])).bytes ?? []
    let frame = Frame(.text, text).encoded()
    let cut = dice.chance(40) ? dice.number(0...2) : dice.number(0...frame.count)
    let isFragmented = dice.chance(35)
    let first: [ServerStep] =
      isFragmented
      ? [.begin(.text, .bytes(text))] : cut == 0 ? [] : [.sendBytes(.bytes(Array(frame.prefix(cut))))]
    let rest: [ServerStep] =
      isFragmented
      ? [.last("!")] : cut == frame.count ? [] : [.sendBytes(.bytes(Array(frame.dropFirst(cut))))]
    let echoed: Payload = .bytes(isFragmented ? text + [0x21] : text)
    let client = ClientScript(tasks: [
      ClientTask(
        name: "main",
        steps: [
          .connect(ConnectStep()), .start(task: "receiver"), .pause(milliseconds: 12),
          .cancel(task: "receiver"), .join(task: "receiver"), .send(kind: .text, payload: "cancelled"),
          .echo(),
        ]), ClientTask(name: "receiver", steps: [.receive()]),
    ])
    // A message that was there as a whole went to the task that was cancelled: then nothing is owed.
    let isWhole = !isFragmented && cut == frame.count
    let steps =
      first + [.expectMessage(kind: .text, payload: "cancelled")] + rest
      + (isWhole ? [] : [.expectMessage(kind: .text, payload: echoed)])
    return Draft(ServerScript(steps), client, delivery: .whole)
  }

  // MARK: closing

  static func closing(_ dice: inout Dice) -> Draft {
    switch dice.number(0...9) {
    case 0..<3:
      let client =
        dice.chance(50) ? ClientScript.echo : ClientScript([.connect(ConnectStep()), .receive()])
      var play = Play(dice, isEchoed: client == .echo)
      if play.dice.chance(40) { play.message() }
      play.close()
      dice = play.dice
      return Draft(play, client)
    case 3..<7: return clientCloses(&dice)
    default: return afterTheEnd(&dice)
    }
  }

  /// The application closes, with any code and reason, and the server answers in some way.
  private static func clientCloses(_ dice: inout Dice) -> Draft {
    let code = dice.chance(70) ? dice.lawfulCode() : nil
    let reason = code != nil && dice.chance(50) ? textOf(dice.text(dice.pick([1, 10, 60, 123]))) : nil
    var steps: [ClientStep] = [.connect(ConnectStep())]
    var play: [ServerStep] = []
    if dice.chance(40) {
      steps.append(.echo(count: 1))
      play += [.text("one"), .expectMessage(kind: .text, payload: "one")]
    }
    steps.append(.close(code: code, reason: reason))
    if dice.chance(20) { steps.append(.send(kind: .text, payload: "after my Close")) }
    if dice.chance(20) { steps.append(.receive()) }
    play.append(.expectClose)
    switch dice.number(0...9) {
    case 0: play.append(.text("before my Close"))
    case 1:
      play += [
        .ping("before my Close"), .expectFrame(FrameExpectation(opcode: Opcode.pong.rawValue)),
      ]
    case 2: play.append(.pause(milliseconds: 20))
    case 3: return Draft(ServerScript(play, ending: .endOfStream), ClientScript(steps))
    case 4: play.append(.resetTCP)
    default: break
    }
    return Draft(ServerScript(play), ClientScript(steps))
  }

  /// The application goes on using a connection that has ended.
  private static func afterTheEnd(_ dice: inout Dice) -> Draft {
    let more = dice.pick([
      [ClientStep.receive()], [.send(kind: .text, payload: "after the end")], [.close()],
      [.receive(), .close()],
    ])
    let ending = dice.pick([ServerScript.Ending.closingHandshake, .endOfStream])
    let steps: [ServerStep] = dice.pick([[], [.text("farewell")], [.close(1001)], [.resetTCP]])
    return Draft(
      ServerScript(steps, ending: ending), ClientScript([.connect(ConnectStep()), .receive()] + more))
  }

  private static func textOf(_ payload: Payload) -> String {
    String(decoding: payload.bytes ?? [], as: UTF8.self)
  }
}
