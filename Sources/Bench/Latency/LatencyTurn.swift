import BoardLink
import Latency
import Results
import Scenarios
import Steps
import Traces
import WebSocketPeers

/// Puts one endpoint through one case of a latency run.
struct LatencyTurn: Sendable {
  let setup: BenchSetup
  let tokens: AttemptTokens

  /// What came of a turn.
  enum Outcome {
    /// What was recorded.
    case traced(AttemptTrace)
    /// Nothing, and why.
    case failed(LatencyFailure)
    /// The board was given up.
    case boardLost(String)
  }

  /// Plays the case.
  /// - Parameter wanted: how many echoes it must have to count.
  func play(_ testCase: Case, as endpoint: AttemptTrace.Endpoint, wanted: Int = 0) async -> Outcome {
    let outcome =
      switch endpoint {
      case .device: await playDevice(testCase)
      case .reference: await playReference(testCase)
      }
    guard case .traced(let trace) = outcome, let reason = trace.shortfall(of: testCase, wanted: wanted)
    else { return outcome }
    return .failed(
      LatencyFailure(name: testCase.id, blame: endpoint == .device ? .client : .bench, reason: reason))
  }

  /// What was lost is played once more: the board is back, and a lost turn says nothing of the client.
  private func playDevice(_ testCase: Case) async -> Outcome {
    var last = await attempt(testCase)
    if case .lost = last { last = await attempt(testCase) }
    func failed(_ blame: LatencyFailure.Blame, _ reason: String) -> Outcome {
      .failed(LatencyFailure(name: testCase.id, blame: blame, reason: reason))
    }
    switch last {
    case .traced(let trace):
      await setup.device.noteProgress()
      if case .unusable(let detail) = trace.client.ending { return failed(.bench, detail) }
      return .traced(trace)
    case .quarantined(let failure, _): return .boardLost("\(failure)")
    case .lost(let failure, _), .boardLost(let failure): return failed(.bench, "\(failure)")
    case .unusable(let reason), .unsupported(let reason): return failed(.bench, reason)
    }
  }

  private func attempt(_ testCase: Case) async -> DeviceOutcome {
    switch await setup.device.setApart(by: .sameInterpreter) {
    case .ready:
      await setup.device.attempt(testCase, token: tokens.next(), pace: .measuring, isLastAttempt: true)
    case .failed(let outcome): outcome
    }
  }

  private func playReference(_ testCase: Case) async -> Outcome {
    do {
      return .traced(try await setup.reference.run(testCase, token: tokens.next()))
    } catch {
      return .failed(
        LatencyFailure(name: testCase.id, blame: .bench, reason: "the reference failed: \(error)"))
    }
  }
}

extension AttemptTrace {
  /// What is missing for the turn to count, in a sentence: echoes, a connection, or something else that the server waited for.
  fileprivate func shortfall(of testCase: Case, wanted: Int) -> String? {
    let count = exchanges.count
    if count < wanted { return "\(count) of \(wanted) messages came back: \(whyIncomplete)" }
    let planned = testCase.scenario.server.connections.count
    if connections.count < planned {
      return "\(connections.count) of \(planned) connections were made: \(whyIncomplete)"
    }
    let isLacking = connections.flatMap(\.events).contains {
      switch $0.kind {
      case .expectationMissed, .deadlinePassed: true
      default: false
      }
    }
    return isLacking ? whyIncomplete : nil
  }

  /// Why not every message came back, in a few words.
  fileprivate var whyIncomplete: String {
    if case .hung(let detail) = client.ending { return "the client hung, \(detail)" }
    for event in client.events {
      switch event.kind {
      case .exception(let exception), .connectFailed(let exception):
        return "the client threw \(exception.type): \(exception.message)"
      case .unsupported(let step): return "the client's adapter cannot do \(step)"
      default: continue
      }
    }
    for case .expectationMissed(_, let reason) in connections.flatMap(\.events).map(\.kind) { return reason }
    return connections.isEmpty ? "the client did not connect" : "the others did not come in time"
  }
}

extension Pace {
  /// So patient that no latency that is worth measuring is cut off: radios that save power have seconds.
  static let measuring = Pace(
    patience: .seconds(10), longestPatience: .seconds(60), silence: .seconds(2), drain: .milliseconds(300))
}
