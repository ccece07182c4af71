import Scenarios
import Steps
import WebSocketProtocol

/// What exchanges cost the board: each is repeated and measured.
extension ScenarioGenerator {
  private static let repeats = 8
  /// So many are enough where it is the time of the loop that counts: the shortest of them is looked at.
  private static let fewRepeats = 3

  /// What may cost something.
  private enum Cost { case exchange, wait, connectionWait, connection, cancelling }

  static func costs(_ dice: inout Dice) -> Draft {
    let measure = ClientStep.measure(countsAllocations: dice.chance(40))
    switch dice.inTurn(weighted: [
      (9, Cost.exchange), (7, .wait), (3, .connectionWait), (11, .connection), (1, .cancelling),
    ]) {
    case .exchange: return onOneConnection(dice.inTurn(rounds), repeats: repeats, measure)
    case .wait: return onOneConnection(dice.inTurn(waits), repeats: fewRepeats, .measure())
    case .connectionWait:
      return byConnection(dice.inTurn(connectionWaits), repeats: fewRepeats, .measure())
    case .connection: return byConnection(dice.inTurn(connectionRounds), repeats: repeats, measure)
    case .cancelling: return cancelling(measure)
    }
  }

  /// What the server and the client do each time.
  private struct Round {
    var server: [ServerStep]
    var client: [ClientStep] = [.echo(count: 1)]
    /// The end of a round's own connection, where it has one.
    var ending = ServerScript.Ending.closingHandshake
  }

  private static func onOneConnection(_ round: Round, repeats: Int, _ measure: ClientStep) -> Draft {
    let each = round.client + [measure]
    let steps: [ClientStep] = [.connect(ConnectStep()), measure] + (0..<repeats).flatMap { _ in each }
    return Draft(
      ServerScript((0..<repeats).flatMap { _ in round.server }), ClientScript(steps + [.echo()]),
      delivery: .whole)
  }

  /// A connection for each round, in a task of its own: one that fails to connect has ended.
  private static func byConnection(_ round: Round, repeats: Int, _ measure: ClientStep) -> Draft {
    let names = (1...repeats).map { "round\($0)" }
    let scripts = names.map { ConnectionScript(name: $0, steps: round.server, ending: round.ending) }
    let closes = round.client == [.close()]
    let tasks = names.map { name in
      ClientTask(
        name: name,
        steps: [
          .connect(ConnectStep(connection: name)),
          closes ? .close(connection: name) : .echo(connection: name),
        ])
    }
    let main = [measure] + names.flatMap { [.start(task: $0), .join(task: $0), measure] }
    return Draft(
      ServerScript(connections: scripts),
      ClientScript(tasks: [ClientTask(name: "main", steps: main)] + tasks), delivery: .whole)
  }

  /// Tasks that receive are cancelled, one after the other.
  private static func cancelling(_ measure: ClientStep) -> Draft {
    let names = (1...repeats).map { "receiver\($0)" }
    let rounds = names.flatMap { name -> [ClientStep] in
      [.start(task: name), .pause(milliseconds: 3), .cancel(task: name), .join(task: name), measure]
    }
    let main = [.connect(ConnectStep()), measure] + rounds + [.send(kind: .text, payload: "done"), .echo()]
    let tasks = names.map { ClientTask(name: $0, steps: [.receive()]) }
    return Draft(
      ServerScript([expectsText]), ClientScript(tasks: [ClientTask(name: "main", steps: main)] + tasks),
      delivery: .whole)
  }

  private static func echo(_ text: String) -> [ServerStep] {
    [.text(.text(text)), .expectMessage(kind: .text, payload: .text(text))]
  }

  private static let wait = ServerStep.pause(milliseconds: 75)
  private static let expectsBinary = ServerStep.expectMessage(kind: .binary, payload: nil)
  private static let expectsText = ServerStep.expectMessage(kind: .text, payload: nil)
  private static let large = Payload.repeated(unit: [7], count: 20_480)

  private static let rounds: [Round] = [
    Round(server: (0..<6).flatMap { echo("message no. \($0), and some more") }, client: [.echo(count: 6)]),
    Round(server: [.binary(.repeated(unit: [7], count: 6000)), expectsBinary]),
    Round(server: [.binary(.repeated(unit: [7], count: 24_000)), expectsBinary]),
    Round(server: [.begin(.text, "frag"), .more("men"), .more("t"), .last("s"), expectsText]),
    Round(server: (0..<8).map { .ping(.text("ping \($0)")) } + echo("measure")),
    Round(server: (0..<8).map { .pong(.text("pong \($0)")) } + echo("measure")),
    Round(
      server: (0..<6).map { _ in expectsBinary },
      client: Array(repeating: .send(kind: .binary, payload: .repeated(unit: [7], count: 300)), count: 6)),
    Round(
      server: [.stopReading, .pause(milliseconds: 3), .resumeReading, expectsBinary],
      client: [.send(kind: .binary, payload: large)]),
    Round(
      server: [.begin(.binary, "begun")]
        + Array(repeating: .more(.repeated(unit: [5], count: 128)), count: 60)
        + [.last("."), expectsBinary]),
  ]

  private static let waits: [Round] = [
    Round(server: [wait] + echo("after the silence")),
    Round(server: [.sendBytes([0x81, 0x04, 0x68]), wait, .sendBytes("alf"), expectsText]),
    Round(server: [.sendBytes([0x82]), wait, .sendBytes([0x01, 0x2A]), expectsBinary]),
    Round(
      server: [.stopReading, wait, .resumeReading, expectsBinary],
      client: [.send(kind: .binary, payload: large)]),
    Round(server: [.binary(.repeated(unit: [7], count: 16_384)), expectsBinary]),
    Round(
      server: Array(repeating: .text(.repeated(unit: [0x66], count: 100)), count: 30)
        + Array(repeating: expectsText, count: 30), client: [.echo(count: 30)]),
  ]

  private static let connectionRounds: [Round] = [
    Round(server: echo("hello")), Round(server: echo("hello"), ending: .endOfStream),
    Round(
      server: [.respond(.raw("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"))],
      ending: .endOfStream),
    Round(server: [.frame(Opcode(rawValue: 3), "reserved")], ending: .awaitFailure),
    Round(server: [.begin(.binary, .repeated(unit: [9], count: 3000))], ending: .endOfStream),
    Round(server: [.close(1000, String(repeating: "r", count: 100))]),
    Round(server: [.resetTCP], ending: .endOfStream), Round(server: [.expectClose], client: [.close()]),
    Round(server: [announcing(.binary, 1 << 30), .halfClose], ending: .awaitFailure),
    Round(server: [announcing(.text, 1 << 62), .halfClose], ending: .awaitFailure),
    Round(
      server: [.begin(.binary, "begun"), announcing(.continuation, 1 << 31), .halfClose],
      ending: .awaitFailure),
  ]

  private static func announcing(_ opcode: Opcode, _ length: UInt64) -> ServerStep {
    .frame(opcode, "hello", lengthEncoding: .sixtyFourBit, declaredLength: length)
  }

  private static let connectionWaits: [Round] = [
    Round(
      server: [.respond(.raw(.text(unfinishedHead))), wait, .sendBytes("\r\n")] + echo("hello")),
    Round(server: [.expectClose, wait], client: [.close()]),
  ]

  /// A lawful head without the line that ends it.
  private static let unfinishedHead =
    ["HTTP/1.1 101 Switching Protocols", Head.upgrade, Head.connection, Head.accept]
    .map { $0 + "\r\n" }.joined()
}
