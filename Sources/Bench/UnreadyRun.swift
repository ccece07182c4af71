import BoardLink
import Foundation
import Results
import Scenarios
import Verdicts

extension RunConfiguration {
  /// The result of the run where a board was not ready before its first case: every case is inconclusive for that reason, and the first
  /// one has a black box with what is known of the board.
  /// - Parameter start: when the run began.
  public func unready(because missing: MissingBoard, since start: Date) -> RunResult {
    let records = boards.map { record(of: $0, isMissing: missing.board == nil || missing.board == $0.id) }
    var result = RunResult(
      tool: Tool.name, seed: seed, board: records[0], client: client.identity,
      startedAt: start.timeIntervalSince1970, durationSeconds: -start.timeIntervalSinceNow,
      cases: cases.map { CaseResult(notRun: $0, .inconclusive, because: missing.description) },
      plannedCount: cases.count)
    if records.count > 1 {
      result.boards = records
      result.lostBoards = missing.board.map { [$0] } ?? []
    }
    result.limits = limits
    guard !result.cases.isEmpty else {
      result.boardEvents = missing.boardEvents
      return result
    }
    result.cases[0].boardEvents = missing.boardEvents
    result.cases[0].takeBlackBox(of: missing)
    return result
  }

  private func record(of board: BenchBoard, isMissing: Bool) -> BoardRecord {
    var record = BoardRecord(
      selector: board.selector.description, kind: BoardKind(board.selector),
      machine: isMissing ? "not ready" : "not asked", firmware: "unknown")
    record.id = boards.count > 1 ? board.id : nil
    return record
  }
}

extension CaseResult {
  fileprivate mutating func takeBlackBox(of missing: MissingBoard) {
    troubles = [
      BenchTrouble(
        kind: .inconclusive, attempt: 0, reason: missing.description, serialLog: missing.serialLog,
        trace: nil)
    ]
    blackBoxes = [
      BlackBox(number: 1, case: `case`.id, kind: .inconclusive, reason: missing.description)
    ]
  }
}
