import Scenarios
import Steps
import WebSocketProtocol

/// Answers to the opening handshake (RFC 6455 section 4.2.2, RFC 7230 section 3). What a client has to make of them follows from the
/// bytes that were sent.
extension ScenarioGenerator {
  static func answer(_ dice: inout Dice) -> Draft {
    dice.inTurn(weighted: [(34, changed), (5, inPieces), (6, glued), (5, cutShort)])(&dice)
  }

  // MARK: a head that was changed

  private static func changed(_ dice: inout Dice) -> Draft {
    var head = Head()
    var names: [String] = []
    for _ in 0..<dice.inTurn(weighted: [(5, 1), (1, 2)]) { head.change(&dice, &names) }
    let connect = ConnectStep(subprotocols: names)
    // Whoever takes the answer has a message to show for it, and nobody waits for anything.
    let steps: [ServerStep] = [.respond(head.response), .text("hello")]
    return Draft(
      ServerScript(steps, ending: .endOfStream), ClientScript([.connect(connect), .echo()]))
  }

  /// A lawful head that comes in several writes.
  private static func inPieces(_ dice: inout Dice) -> Draft {
    var lines = [Head.accept] + dice.shuffled([Head.upgrade, Head.connection])
    if dice.chance(30) {
      lines.append("X-Filler: " + String(repeating: "f", count: dice.pick([10, 240, 1000])))
    }
    // The value of Sec-WebSocket-Accept is put in where the response is one: in what comes first.
    let first = "HTTP/1.1 101 Switching Protocols\r\n\(Head.accept)\r"
    let rest = Array("\n\(lines.dropFirst().joined(separator: "\r\n"))\r\n\r\n".utf8)
    var steps: [ServerStep] = [.respond(.raw(.text(first)))]
    var start = 0
    let last = rest.count - dice.number(1...4)
    let cuts = (0..<dice.few(upTo: 4)).map { _ in dice.chance(40) ? last : dice.number(0...rest.count) }
    for cut in Set(cuts + [rest.count]).sorted() where cut > start || start == 0 {
      steps.append(.pause(milliseconds: dice.pick([2, 8, 8, 25, 50])))
      steps.append(.sendBytes(.bytes(Array(rest[start..<cut]))))
      start = cut
    }
    steps += [.text("hello"), .expectMessage(kind: .text, payload: "hello")]
    return Draft(ServerScript(steps.withoutEmptyWrites), delivery: .whole)
  }

  /// Frames, whole or in part, in the same write as the head.
  private static func glued(_ dice: inout Dice) -> Draft {
    var play = Play(dice)
    let text = play.dice.text(play.dice.pick([0, 5, 60, 300])).bytes ?? []
    let first = Frame(play.dice.chance(60) ? .text : .binary, text).encoded()
    var behind: [UInt8] = []
    if play.dice.chance(30) { behind += Frame(.ping, Array("so soon?".utf8)).encoded() }
    let whole = behind + first
    let count = play.dice.chance(70) ? whole.count : play.dice.number(1...whole.count)
    play.add(.respond(.accept(edits: [.append(.bytes(Array(whole.prefix(count))))])))
    if count < whole.count {
      play.add(.pause(milliseconds: play.dice.pick([2, 15])))
      play.add(.sendBytes(.bytes(Array(whole.dropFirst(count)))))
    }
    play.add(.expectMessage(kind: first[0] == 0x81 ? .text : .binary, payload: .bytes(text)))
    if play.dice.chance(50) { play.finish() }
    dice = play.dice
    return Draft(play)
  }

  /// A head that the end of the stream cuts, or something that is no head.
  private static func cutShort(_ dice: inout Dice) -> Draft {
    let lines = ["HTTP/1.1 101 Switching Protocols", Head.upgrade, Head.connection, Head.accept]
    let whole = lines.joined(separator: "\r\n") + "\r\n\r\n"
    let other = [
      "", "220 mail.example.com ESMTP ready\r\n", "\u{1}\u{5}hello", "HTTP/1.1 400 Bad Request\r\n\r\n",
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    ]
    let cut = dice.chance(40) ? whole.count - dice.number(1...5) : dice.number(0...whole.count - 1)
    let text = dice.chance(75) ? String(whole.prefix(max(0, cut))) : dice.pick(other)
    let end: ServerStep = dice.chance(75) ? .halfClose : .resetTCP
    return Draft(ServerScript([.respond(.raw(.text(text))), end], ending: .endOfStream))
  }
}

extension [ServerStep] {
  /// The steps without those that would write nothing.
  fileprivate var withoutEmptyWrites: [ServerStep] {
    filter { if case .sendBytes(let payload) = $0 { payload.count > 0 } else { true } }
  }
}
