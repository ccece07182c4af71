import Scenarios
import Steps
import WebSocketProtocol

/// What goes over a connection that is open.
extension ScenarioGenerator {
  static func conversation(_ dice: inout Dice) -> Draft {
    let client = listener(&dice)
    var play = Play(dice, isEchoed: client == .echo)
    for _ in 0..<play.dice.few(upTo: 7) { play.exchange() }
    if play.dice.chance(2) { many(&play) }
    play.finish()
    dice = play.dice
    return Draft(play, client)
  }

  /// Many small frames of one kind: where a counter or a limit of their number is.
  private static func many(_ play: inout Play) {
    play.settle()
    let kind = play.dice.pick([Opcode.text, .ping, .pong])
    for number in 0..<play.dice.pick([20, 33, 40, 64]) {
      let payload = Payload.text("\(number)")
      play.add(.frame(kind, payload))
      if kind == .text, play.isEchoed { play.add(.expectMessage(kind: .text, payload: payload)) }
    }
  }

  static func breach(_ dice: inout Dice) -> Draft {
    let client = listener(&dice)
    var play = Play(dice, isEchoed: client == .echo)
    if play.dice.chance(35) { play.exchange() }
    play.violate()
    dice = play.dice
    return Draft(play, client)
  }

  /// Text of any characters, whole and in fragments, and then perhaps some that is none.
  static func text(_ dice: inout Dice) -> Draft {
    var play = Play(dice)
    for _ in 0..<play.dice.few(upTo: 4) {
      let text = play.dice.text(play.dice.pick([3, 8, 8, 20, 60, 130])).bytes ?? []
      var start = 0
      let cuts = (0..<play.dice.number(0...3)).map { _ in play.dice.number(0...text.count) }.sorted()
      for (index, cut) in (cuts + [text.count]).enumerated() {
        let piece = Payload.bytes(Array(text[start..<cut]))
        play.add(.frame(index == 0 ? .text : .continuation, piece, isFinal: index == cuts.count))
        if index < cuts.count, play.dice.chance(20) { play.add(.ping("between")) }
        start = cut
      }
      play.add(.expectMessage(kind: .text, payload: .bytes(text)))
    }
    // What is bad text may be good binary data.
    if play.dice.chance(25) {
      let bytes = Payload.bytes(play.dice.brokenText())
      play.add(.binary(bytes))
      play.add(.expectMessage(kind: .binary, payload: bytes))
    }
    dice = play.dice
    return Draft(play)
  }

  /// A client that echoes to the end, or only listens.
  private static func listener(_ dice: inout Dice) -> ClientScript {
    dice.chance(80) ? .echo : ClientScript([.connect(ConnectStep()), .receive()])
  }

  static func limits(_ dice: inout Dice) -> Draft {
    var play = Play(dice)
    if play.dice.chance(60) {
      // Announced and never sent: whoever waits for it, or takes room for it, shows it.
      let opcode: Opcode = play.dice.pick([.text, .binary, .continuation])
      if opcode == .continuation { play.begin(.binary, [1]) }
      // Whoever keeps 32 bits of it only reads a whole frame.
      let length = UInt64(1) << play.dice.number(19...62) + UInt64(play.dice.pick([0, 5, 5]))
      play.add(.frame(opcode, "hello", lengthEncoding: .sixtyFourBit, declaredLength: length))
      if play.dice.chance(30) { play.add(.ping("still there?")) }
      if play.dice.chance(30) { play.add(.pause(milliseconds: 5)) }
      play.ending = .endOfStream
    } else {
      let length = play.dice.pick([16384, 24000, 32768, 65534, 65535, 65535, 65536, 65536, 65537])
      let kind: ServerStep.MessageKind = play.dice.chance(50) ? .text : .binary
      let payload = play.dice.payload(kind, length: length)
      play.add(.frame(Play.opcode(kind), payload))
      play.add(.expectMessage(kind: kind, payload: payload))
    }
    dice = play.dice
    return Draft(play)
  }
}
