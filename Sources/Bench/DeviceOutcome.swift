import BoardLink
import Results
import Scenarios
import Steps
import Traces
import Verdicts
import WebSocketPeers

/// What came of the device's part of a case.
enum DeviceOutcome {
  /// The client did something that can be judged, or the agent said why not.
  case traced(AttemptTrace)
  /// The board was lost and is back. The server still knows what went over the wire.
  case lost(BoardFailure, wire: AttemptTrace? = nil)
  /// The board was lost twice in this case and ran another one between: the client's doing.
  case boardLost(BoardFailure)
  /// The board was given up.
  case quarantined(BoardFailure, wire: AttemptTrace? = nil)
  /// The bench failed otherwise.
  case unusable(String)
  /// This computer cannot play the case's server.
  case unsupported(String)

  /// What an error of the server's, or any other than the board's, comes to.
  init(_ error: any Error) {
    let isLackOfPort = (error as? ScriptError)?.isLackOfPort ?? false
    self = isLackOfPort ? .unsupported("\(error)") : .unusable("\(error)")
  }

  var trace: AttemptTrace? { if case .traced(let trace) = self { trace } else { nil } }

  /// Whether what went wrong was in the agent, or in an interpreter that did not let it run.
  var agentFailed: Bool { if case .unusable? = trace?.client.ending { true } else { false } }

  /// What went wrong with the bench; nil where the attempt says something about the client, or would say nothing anywhere.
  var trouble: (kind: BenchTrouble.Kind, reason: String, trace: AttemptTrace?)? {
    switch self {
    case .traced(let trace):
      if case .unusable(let detail) = trace.client.ending { (.agent, detail, trace) } else { nil }
    case .lost(let failure, let wire): (.boardLost, "\(failure)", wire)
    case .quarantined(let failure, let wire): (.quarantine, "\(failure)", wire)
    case .unusable(let reason): (.inconclusive, reason, nil)
    case .boardLost, .unsupported: nil
    }
  }

  /// Whether it says nothing about the client, so that the case deserves another attempt: with more time, or a board that gets to
  /// run, another verdict may come of it.
  func needsRerun(of testCase: Case) -> Bool {
    switch self {
    case .traced(let trace):
      agentFailed || trace.isLate || trace.lacksConnection(of: testCase.scenario.server)
        || trace.leavesOpenUnproved
    case .lost, .unusable: true
    case .boardLost, .quarantined, .unsupported: false
    }
  }

  /// The judgement, three-way where there is a trace.
  func judgement(
    of testCase: Case, reference: AttemptTrace, limits: ResourceLimits = ResourceLimits()
  ) -> Judgement {
    switch self {
    case .traced(let device):
      Judge.judge(case: testCase, device: device, reference: reference, limits: limits)
    case .boardLost(let failure): Self.boardLost(failure)
    case .lost(let failure, _), .quarantined(let failure, _): inconclusive("\(failure)")
    case .unusable(let reason): inconclusive(reason)
    case .unsupported(let reason): Judgement(verdict: .unsupported, reason: reason)
    }
  }

  private func inconclusive(_ reason: String) -> Judgement {
    Judgement(verdict: .inconclusive, reason: reason)
  }

  private static func boardLost(_ failure: BoardFailure) -> Judgement {
    let sentence =
      "boardLost: the board was lost twice in this case, and ran another one between (\(failure))"
    return Judgement(
      verdict: .failed,
      violations: [
        Violation(rule: Rule.boardLostID, rfc: "", requirement: .must, connection: "", sentence: sentence)
      ], reason: sentence)
  }
}

extension AttemptTrace {
  /// Whether the server had given up waiting for a connection before the client's steps were over.
  fileprivate func lacksConnection(of script: ServerScript) -> Bool {
    guard case .completed = client.ending else { return false }
    return connections.count < script.connections.count && !client.wasOverInTime
  }

  /// Whether the client is to be blamed for not ending a connection, though its board may not have got to run meanwhile: it made few
  /// turns once the client's steps were over, or none for a while before.
  fileprivate var leavesOpenUnproved: Bool {
    if case .hung = client.ending { return false }
    guard connections.contains(where: { $0.gaveUp && !$0.endsWithClient }) else { return false }
    if client.wasOverInTime { return client.lingeringTurns.map { $0 < Pace.provingTurns } ?? false }
    let gap = Duration.microseconds(client.heartbeat?.longestGapMicroseconds ?? 0)
    return gap > Pace.unmeasured.drain
  }

  /// Whether the client was still at work when the server gave up waiting.
  fileprivate var isLate: Bool {
    if case .hung = client.ending { return false }
    return connections.contains { $0.gaveUp && DecodedConnection($0).lateByteCount > 0 }
  }
}

extension ConnectionTrace {
  /// Whether the client ended TCP.
  fileprivate var endsWithClient: Bool {
    events.contains {
      switch $0.kind {
      case .receivedEnd, .receivedReset: true
      default: false
      }
    }
  }

  /// Whether the server gave up waiting.
  fileprivate var gaveUp: Bool {
    events.contains { if case .deadlinePassed = $0.kind { true } else { false } }
  }
}
