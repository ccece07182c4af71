import Foundation
import RawREPL
import Results
import Scenarios
import Steps
import Traces
import Verdicts

/// A finding as two small Python programs that need no rig: a server that sends exactly the same bytes with the same pauses, and a
/// client side in MicroPython. Each says whether the client did the same as in the finding.
enum Reproduction {
  /// The program for the client's side, and that of the server.
  case programs(client: String, server: String)
  /// There are none, for a reason that completes a sentence.
  case impossible(reason: String)

  /// Makes the programs of a group's smallest case.
  /// - Parameters:
  ///   - bundle: the client with its adapter, which stands in the program as it is.
  ///   - fixtures: has the two programs without what they play.
  /// - Throws: `ConfigurationError` where the programs cannot be read.
  init(_ group: FindingGroup, client bundle: ClientBundle, fixtures: Fixtures) throws {
    let adapter = bundle.files["wsrig_adapter.py"].map { String(decoding: $0, as: UTF8.self) }
    if let reason = Self.obstacle(group, adapter: adapter) {
      self = .impossible(reason: reason)
      return
    }
    guard let trace = group.trace, let adapter else { preconditionFailure("without them it is an obstacle") }
    self = .programs(
      client: try Self.client(group, trace, adapter: adapter, module: bundle.module, fixtures),
      server: try Self.server(group, trace, fixtures))
  }

  // MARK: the programs

  private static func client(
    _ group: FindingGroup, _ trace: AttemptTrace, adapter: String, module: String?, _ fixtures: Fixtures
  ) throws -> String {
    let sockets = fixtures.simulatedBoard.appendingPathComponent("modules/board_lwip.py")
    let filled = fill(
      try text(fixtures.fuzzing.appendingPathComponent("client.py")),
      [
        "SENTENCE": sentence(group), "MODULE": module.map(PythonLiteral.string) ?? .none,
        "TOKEN": .string(trace.connections.first?.token ?? "t"), "SOCKETS": .string(try text(sockets)),
        "TASKS": AgentProgram.tasks(of: group.smallest.scenario.client), "SEEN": seen(trace.client),
        "LINGER": .int(linger(trace)),
      ])
    return filled.replacing("#ADAPTER", with: adapter)
  }

  /// How long `client.py` leaves the connections open when its steps are over, in milliseconds: `server.py` waits a second each time the
  /// rig's patience had ended, another one for the ends, and one for a further connection.
  private static func linger(_ trace: AttemptTrace) -> Int {
    let waits = trace.connections.flatMap(\.events).count { event in
      if case .deadlinePassed = event.kind { true } else { false }
    }
    return (waits + 2) * 1000 + 1500
  }

  private static func server(
    _ group: FindingGroup, _ trace: AttemptTrace, _ fixtures: Fixtures
  ) throws -> String {
    let play = RecordedPlay(trace, of: group.smallest)
    let place = PythonLiteral.tuple([
      .string(trace.server?.host ?? "127.0.0.1"), .int(Int(trace.server?.port ?? 0)),
    ])
    return fill(
      try text(fixtures.fuzzing.appendingPathComponent("server.py")),
      [
        "SENTENCE": sentence(group), "CONNECTIONS": play.connections, "ACTS": play.acts,
        "ABOUT": .string(Aspect(of: group.broken.violation.rule).rawValue), "PLACE": place,
        "SENT": sent(trace.client), "SEEN": seen(trace),
        "MOST": .int(group.smallest.scenario.server.connections.count),
      ])
  }

  private static func sentence(_ group: FindingGroup) -> PythonLiteral {
    .string("\(group.broken.violation.rule) \(group.broken.place): \(group.broken.violation.sentence)")
  }

  private static func text(_ file: URL) throws -> String {
    String(decoding: try ClientBundle.read(file), as: UTF8.self)
  }

  /// Puts values in the places of those with which the program's names begin.
  private static func fill(_ template: String, _ values: [String: PythonLiteral]) -> String {
    let lines = template.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let name = line.prefix { $0 != " " }
      guard let value = values[String(name)], line.dropFirst(name.count).hasPrefix(" = ") else {
        return String(line)
      }
      return "\(name) = \(value.source)"
    }
    return lines.joined(separator: "\n")
  }
}
