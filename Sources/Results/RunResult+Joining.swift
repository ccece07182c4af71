import Latency
import Verdicts

/// The run of one of several boards, each of which goes through all cases.
public struct BoardRun: Sendable {
  /// The board's id.
  public var id: String
  /// The folder with its own reports, from that of all of them.
  public var folder: String
  /// What came of it.
  public var result: RunResult

  /// Names a run.
  public init(id: String, folder: String, result: RunResult) {
    self.id = id
    self.folder = folder
    self.result = result
  }
}

extension RunResult {
  /// The runs of several boards as one: a case stands there once for each board, and says which. Latency and random keys, which nobody
  /// can add up, are with each board's own results.
  /// - Parameter missing: the ids of boards that came to no case.
  /// - Returns: nil where no board came to one.
  public static func joined(_ runs: [BoardRun], missing: [String] = []) -> RunResult? {
    guard var joined = runs.first?.result else { return nil }
    let results = runs.map(\.result)
    joined.isOfEachBoard = true
    joined.boards = runs.map(\.record)
    joined.board = joined.boards[0]
    joined.lostBoards = missing + runs.filter(\.result.isWithoutBoard).map(\.id)
    joined.startedAt = results.map(\.startedAt).min() ?? 0
    joined.durationSeconds = (results.map { $0.startedAt + $0.durationSeconds }.max() ?? 0) - joined.startedAt
    joined.cases = runs.flatMap(\.cases)
    joined.boardEvents = runs.flatMap { run in run.result.boardEvents.map { $0.of(board: run.id) } }
    joined.blackBoxes = results.flatMap(\.blackBoxes)
    joined.strays = results.flatMap(\.strays)
    joined.violations = runs.flatMap(\.violations)
    joined.endedEarly = results.lazy.compactMap(\.endedEarly).first
    joined.plannedCount = results.map(\.plannedCount).reduce(missing.count * results[0].plannedCount, +)
    joined.unsettled = Set(results.flatMap(\.unsettled)).sorted()
    (joined.latency, joined.keys, joined.baseline) = (LatencySummary(), nil, nil)
    return joined
  }
}

extension BoardRun {
  fileprivate var record: BoardRecord {
    var record = result.board
    (record.id, record.reportFolder) = (id, folder)
    return record
  }

  fileprivate var cases: [CaseResult] {
    result.cases.map { row in
      var row = row
      row.board = id
      return row
    }
  }

  fileprivate var violations: [Violation] {
    result.violations.map { $0.said(of: id) }
  }
}
