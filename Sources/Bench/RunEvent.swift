import Results

/// What a run tells while it goes on.
public enum RunEvent: Sendable {
  /// The board is identified and the client loaded; the result has no cases yet.
  case started(RunResult)
  /// A rung of the recovery ladder was climbed, or the board was given up.
  case board(BoardEventRecord)
  /// The run waits for its board; why, and how long at most.
  case boardWaits(String)
  /// A board is attached that nobody named; it is not used.
  case unusedBoard(selector: String)
  /// The bench's authority cannot be used, and the run has one of its own.
  case ownAuthority(reason: String)
  /// A case began. Others may be under way, where the device plays several at a time.
  case caseStarted(id: String)
  /// A case ended. The ends come in the order of the cases.
  case caseEnded(CaseResult)
  /// The bench had trouble in a case that is not in the result, because the run's end cut it short, or in the calibration.
  case troubleBeside(CaseResult)
  /// A failed case was run again, as often as was asked for.
  case caseRepeated(CaseResult)
}

/// The tool's own name.
public enum Tool {
  /// The version, as `--version` and every report show it.
  public static let version = "0.1.0"
  /// Name and version.
  public static let name = "wsrig \(version)"
}
