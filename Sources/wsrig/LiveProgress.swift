import Bench
import Reports
import Results
import Verdicts

/// Shows a run while it goes on.
struct LiveProgress: Sendable {
  private let bar: ProgressBar
  private let report = TerminalReport(style: Console.style)
  /// Whether several runs go on at a time, so that each line needs its board.
  private let isSharedByRuns: Bool

  init(isSharedByRuns: Bool = false, bar: ProgressBar = ProgressBar()) {
    self.isSharedByRuns = isSharedByRuns
    self.bar = bar
  }

  /// Takes the next event of a run.
  func receive(_ event: RunEvent, from board: String) {
    switch event {
    case .started(let run):
      bar.add(total: run.plannedCount)
      stay(report.header(of: run), board)
    case .board(let event): stay(report.line(for: event), board)
    case .boardWaits(let reason): stay(report.lineForWaiting(reason), board)
    case .unusedBoard(let selector): bar.stay(report.lineForUnusedBoard(selector))
    case .ownAuthority(let reason): stay(report.lineForOwnAuthority(reason), board)
    case .caseStarted(let id): bar.redraw(current: id)
    case .caseEnded(let result):
      bar.advance(failed: result.judgement.verdict == .failed)
      if let line = report.line(for: result) { stay(line, board) }
    case .troubleBeside: break  // The rungs were told, and the end tells where it was saved.
    case .caseRepeated(let result): if let line = report.lineForRepeats(of: result) { stay(line, board) }
    }
  }

  private func stay(_ line: String, _ board: String) {
    bar.stay(isSharedByRuns ? "[\(board)] \(line)" : line)
  }

  /// Takes the bar away.
  func finish() { bar.finish() }
}
