import Autobahn
import Foundation
import Scenarios
import Steps
import WebSocketPeers
import WebSocketProtocol

/// The control protocol, on the server's loop.
extension AutobahnServer {
  /// For a driver's own questions.
  private static let controlPatience = Patience(.seconds(5), atMost: .seconds(10))

  func answer(_ connection: UnclaimedConnection) {
    do {
      try answer(connection, try ControlRequest(target: connection.target))
    } catch {
      refuse(connection, "\(error)")
    }
  }

  private func answer(_ connection: UnclaimedConnection, _ request: ControlRequest) throws {
    let cases = configuration.cases
    switch request {
    case .caseCount: try say("\(cases.all.count)", on: connection)
    case .caseInfo(let reference):
      let scenario = cases.all[try cases.index(of: reference)]
      try say(Self.json(["id": scenario.id, "description": scenario.scenario.description]), on: connection)
    case .runCase(let reference, let agent):
      let index = try cases.index(of: reference)
      // A fast driver must not run ahead of the reference.
      book.whenIdle(agent) { [self] in
        onLoop { try self.run(index, for: agent, on: connection) }
      }
    case .caseStatus(let reference, let agent):
      let index = try cases.index(of: reference)
      connection.accept()
      book.whenJudged(index, of: agent) { [self] behavior in
        onLoop { try self.say(Self.json(["behavior": behavior?.rawValue ?? "MISSING"]), on: connection) }
      }
    case .updateReports(let agent, let shutsDown):
      // Drivers give an opening handshake less time than reports may take.
      connection.accept()
      book.whenIdle(agent) { [self] in
        let runs = book.runs
        Task { self.report(runs, to: connection, thenEnds: shutsDown || self.configuration.endsAfterReports) }
      }
    case .stopServer: try say(nil, on: connection, thenEnds: true)
    }
  }

  /// Not on the loop: others are served meanwhile.
  private func report(_ runs: [AgentRun], to connection: UnclaimedConnection, thenEnds: Bool) {
    do {
      if !runs.isEmpty { try configuration.writeReports(runs) }
      progress(.reportsWritten)
      onLoop { try self.say(nil, on: connection, thenEnds: thenEnds) }
    } catch {
      progress(.reportsFailed("\(error)"))
      onLoop { try self.say("\(error)", on: connection) }
    }
  }

  // MARK: answers

  /// One text message, or none, and a Close without a code.
  private func say(_ text: String?, on connection: UnclaimedConnection, thenEnds: Bool = false) throws {
    let message = text.map { [ServerStep.sendFrame(FrameSpec(.text, .text($0)))] } ?? []
    let script = ServerScript(message + [.sendFrame(FrameSpec(.close))])
    let attempt = try connection.play(script, token: tokens.next(), patience: Self.controlPatience)
    guard thenEnds else { return }
    Task {
      _ = await attempt?.record()
      endRequested.yield()
    }
  }

  /// A refusal in place of the opening response, as Autobahn's server gives it.
  private func refuse(_ connection: UnclaimedConnection, _ sentence: String) {
    let text = sentence + "\n"
    let head = """
      HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
      Content-Length: \(text.utf8.count)\r\n\r\n
      """
    let script = ServerScript([.respond(.raw(.text(head + text)))], ending: .endOfStream)
    onLoop { try connection.play(script, token: self.tokens.next(), patience: Self.controlPatience) }
  }

  private static func json(_ value: [String: String]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("text is always JSON") }
    return String(decoding: data, as: UTF8.self)
  }
}
