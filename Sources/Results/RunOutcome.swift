import Scenarios
import Verdicts

/// Why a run ended before its last case.
public enum EndedEarly: String, Sendable, Hashable, Codable, CaseIterable {
  /// The user or the system asked for it.
  case interrupted
  /// The time that the user gave was over.
  case timeLimit
  /// A case failed, and the user wanted no more after that.
  case failFast
  /// The rig itself could not go on; the last case says why.
  case rigFailure
}

/// What a run comes to, for whoever acts on it: exit status, comparison, gate.
public enum RunOutcome: Sendable, Hashable {
  /// Every case that was planned ran, and none failed or was inconclusive.
  case allWell
  /// A case failed, or the client broke a MUST over the run as a whole.
  case caseFailed
  /// No case failed, but something is not known: a case was inconclusive or did not run, or the reference failed. Or a board that was
  /// named is missing: given up on the way, though others ran its cases and all verdicts are known. Whoever named it wants to hear of it.
  case inconclusive
}

extension RunResult {
  /// What the run comes to. With a baseline only what it does not have counts as failed.
  public var outcome: RunOutcome {
    let isBroken = violations.contains { $0.requirement == .must }
    let hasFailed = baseline.map { !$0.regressions.isEmpty } ?? (count(of: .failed) > 0 || isBroken)
    if hasFailed { return .caseFailed }
    let isWhole = cases.count == plannedCount
    let isKnown = count(of: .inconclusive) == 0 && referenceFailedCount == 0 && isWhole
    return isKnown && lostBoards.isEmpty ? .allWell : .inconclusive
  }
}
