import Scenarios
import Steps
import Traces

extension WireEvent.Kind {
  /// The step in which the server's patience ended. That something else came in place of what it waited for is no such case: what
  /// came is judged by itself.
  var impatientStep: Int? { if case .deadlinePassed(let index) = self { index } else { nil } }
}

extension WireEvent.Kind {
  /// The step in which something else came than what the server waited for.
  fileprivate var unmetStep: Int? { if case .expectationMissed(let index, _) = self { index } else { nil } }
}

extension ClientTrace {
  /// So many turns of the heartbeat show that the client had the time to do what was asked of it.
  private static let runningTurns = 20

  /// Whether the client side was running all the while, or was over, as far as that is known: without a heartbeat nothing speaks
  /// against it.
  var showsRunning: Bool { wasOverInTime || (heartbeat.map { $0.count >= Self.runningTurns } ?? true) }
}

extension Judge {
  /// The net below all rules: a step of the server's that the reference met and the device did not, though no rule says why.
  static func unexplainedMiss(_ testCase: Case, device: AttemptTrace, reference: AttemptTrace) -> Violation? {
    let met = reference.missedSteps(of: testCase)
    guard let missed = device.missedSteps(of: testCase).first(where: { !met.contains($0) }) else {
      return nil
    }
    let scenario = testCase.scenario
    return Violation(
      rule: Rule.awaitedInVainID, rfc: scenario.rfc, requirement: scenario.requirement,
      connection: missed.connection,
      sentence:
        "The server waited in vain in step \(missed.step) of its script, where the reference gave what it waited for: "
        + scenario.expectation)
  }
}

/// A waiting step of a connection's script that got nothing.
private struct MissedStep: Hashable {
  var connection: String
  var step: Int
}

extension AttemptTrace {
  fileprivate func missedSteps(of testCase: Case) -> [MissedStep] {
    connections.flatMap { connection in
      let script = testCase.scenario.server.connections.first { $0.name == connection.name }
      // Of a stream that was too long to be kept, nobody but the server knows what came in place of what it waited for.
      let isCut = connection.clientStream.totalCount > connection.clientStream.bytes.count
      return connection.events.compactMap { event in
        let missed = event.kind.impatientStep ?? (isCut ? event.kind.unmetStep : nil)
        // Behind the steps lies the ending, which has rules of its own.
        return missed.flatMap { step in
          step < script?.steps.count ?? 0 ? MissedStep(connection: connection.name, step: step) : nil
        }
      }
    }
  }
}
