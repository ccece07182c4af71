import Scenarios
import Steps
import WebSocketProtocol

/// Several connections at a time, and many frames on one.
extension ScenarioGenerator {
  /// Two or three connections at a time: what happens on one is nothing to the other.
  static func connections(_ dice: inout Dice) -> Draft {
    let names = (0..<dice.number(2...3)).map { "line\($0)" }
    let scripts = dice.chance(45) ? halves(names, &dice) : fates(names, &dice)
    // Either all connect at the same time, or each when the one before is open.
    let inTurn = dice.chance(50)
    let tasks = names.map { name in
      let opened: [ClientStep] = inTurn ? [.barrier("\(name) is open")] : []
      return ClientTask(
        name: name, steps: [.connect(ConnectStep(connection: name))] + opened + [.echo(connection: name)])
    }
    let starts = names.flatMap { name in
      [ClientStep.start(task: name)] + (inTurn ? [.barrier("\(name) is open")] : [])
    }
    let main = starts + names.map { .join(task: $0) }
    return Draft(
      ServerScript(connections: scripts),
      ClientScript(tasks: [ClientTask(name: "main", steps: main)] + tasks), delivery: .whole)
  }

  /// On each a part of a message or of a frame, and the rest when all have theirs.
  private static func halves(_ names: [String], _ dice: inout Dice) -> [ConnectionScript] {
    let cut = dice.pick([0, 1, 2, 4])
    return names.map { name in
      let frame = Frame(.text, Array("\(name): half".utf8)).encoded()
      let parts: [ServerStep] =
        cut == 0
        ? [.begin(.text, .text("\(name): ")), .barrier("begun"), .pause(milliseconds: 12), .last("half")]
        : [
          .sendBytes(.bytes(Array(frame.prefix(cut)))), .barrier("begun"), .pause(milliseconds: 12),
          .sendBytes(.bytes(Array(frame.dropFirst(cut)))),
        ]
      return ConnectionScript(
        name: name, steps: parts + [.expectMessage(kind: .text, payload: .text("\(name): half"))])
    }
  }

  /// Something befalls the first; the others go on.
  private static func fates(_ names: [String], _ dice: inout Dice) -> [ConnectionScript] {
    let all: [([ServerStep], ServerScript.Ending)] = [
      ([.frame(Opcode(rawValue: 3), "reserved"), .halfClose], .awaitFailure), ([.resetTCP], .endOfStream),
      ([], .endOfStream), ([.close(1001)], .closingHandshake),
      ([.sendBytes([0x81, 0x05, 0x68]), .pause(milliseconds: 10)], .endOfStream),
    ]
    let fate = dice.pick(all)
    return names.enumerated().map { index, name in
      let start = echo("\(name) one") + [.barrier("all open")]
      return index == 0
        ? ConnectionScript(name: name, steps: start + fate.0, ending: fate.1)
        : ConnectionScript(name: name, steps: start + echo("\(name) two") + echo("\(name) three"))
    }
  }

  private static func echo(_ text: String) -> [ServerStep] {
    [.text(.text(text)), .expectMessage(kind: .text, payload: .text(text))]
  }

  /// Many short messages, whose echoes have a masking key each.
  static func keys(_ dice: inout Dice) -> Draft {
    let count = dice.pick([40, 80, 150, 300])
    let isPing = dice.chance(30)
    let steps = (0..<count).flatMap { number -> [ServerStep] in
      let payload = Payload.text("no. \(number)")
      return isPing
        ? [.ping(payload), .expectPong(payload)]
        : [.text(payload), .expectMessage(kind: .text, payload: payload)]
    }
    var draft = Draft(ServerScript(steps), delivery: .whole)
    // Section 5.3: then the judge looks for a generator behind the keys, too.
    draft.rfc = "5.3"
    return draft
  }
}
