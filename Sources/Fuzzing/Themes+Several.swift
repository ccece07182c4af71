import Scenarios
import Steps
import WebSocketProtocol

/// Several connections, and what exchanges cost the board.
extension ScenarioGenerator {
  /// Two or three connections at a time: what happens on one is nothing to the other.
  static func connections(_ dice: inout Dice) -> Draft {
    let names = (0..<dice.number(2...3)).map { "line\($0)" }
    let fate = dice.number(0...5)
    let scripts = names.enumerated().map { index, name in
      var steps: [ServerStep] = echo("\(name) one") + [.barrier("all open")]
      var ending = ServerScript.Ending.closingHandshake
      if index == 0 {
        let fates: [([ServerStep], ServerScript.Ending)] = [
          ([.begin(.text, "begun"), .barrier("begun"), .last(" and ended")], .closingHandshake),
          ([.frame(.init(rawValue: 3), "reserved"), .halfClose], .awaitFailure), ([.resetTCP], .endOfStream),
          ([], .endOfStream), ([.close(1001)], .closingHandshake),
          ([.sendBytes([0x81, 0x05, 0x68]), .pause(milliseconds: 10)], .endOfStream),
        ]
        steps += fates[fate].0
        ending = fates[fate].1
        if fate == 0 { steps.append(.expectMessage(kind: .text, payload: "begun and ended")) }
      } else if fate == 0 {
        steps += [.begin(.text, .text("\(name)")), .barrier("begun"), .last("!")]
        steps.append(.expectMessage(kind: .text, payload: .text("\(name)!")))
      } else {
        steps += echo("\(name) two")
      }
      return ConnectionScript(name: name, steps: steps, ending: ending)
    }
    let tasks = names.map { name in
      ClientTask(name: name, steps: [.connect(ConnectStep(connection: name)), .echo(connection: name)])
    }
    let main = names.map { ClientStep.start(task: $0) } + names.map { .join(task: $0) }
    return Draft(
      ServerScript(connections: scripts),
      ClientScript(tasks: [ClientTask(name: "main", steps: main)] + tasks), delivery: .whole)
  }

  private static func echo(_ text: String) -> [ServerStep] {
    [.text(.text(text)), .expectMessage(kind: .text, payload: .text(text))]
  }

  /// An exchange that is repeated and measured each time.
  static func costs(_ dice: inout Dice) -> Draft {
    let repeats = 8
    let round = dice.pick(rounds)
    let measure = ClientStep.measure(countsAllocations: dice.chance(40))
    let each = round.client + [measure]
    let steps = [.connect(ConnectStep()), measure] + (0..<repeats).flatMap { _ in each } + [.echo()]
    return Draft(
      ServerScript((0..<repeats).flatMap { _ in round.server }), ClientScript(steps), delivery: .whole)
  }

  private static let rounds: [(server: [ServerStep], client: [ClientStep])] = [
    ((0..<6).flatMap { echo("message no. \($0), and some more") }, [.echo(count: 6)]),
    (
      [.binary(.repeated(unit: [7], count: 6000)), .expectMessage(kind: .binary, payload: nil)],
      [.echo(count: 1)]
    ),
    (
      [
        .begin(.text, "frag"), .more("men"), .more("t"), .last("s"),
        .expectMessage(kind: .text, payload: nil),
      ],
      [.echo(count: 1)]
    ),
    ((0..<8).map { .ping(.text("ping \($0)")) } + echo("measure"), [.echo(count: 1)]),
    ((0..<8).map { .pong(.text("pong \($0)")) } + echo("measure"), [.echo(count: 1)]),
    (
      (0..<6).map { _ in .expectMessage(kind: .binary, payload: nil) },
      Array(repeating: .send(kind: .binary, payload: .repeated(unit: [7], count: 300)), count: 6)
    ),
    ([.pause(milliseconds: 75)] + echo("after the silence"), [.echo(count: 1)]),
    (
      [
        .sendBytes([0x81, 0x04, 0x68]), .pause(milliseconds: 75), .sendBytes("alf"),
        .expectMessage(kind: .text, payload: "half"),
      ],
      [.echo(count: 1)]
    ),
  ]
}
