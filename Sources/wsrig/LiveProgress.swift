import Bench
import Reports
import Results
import Verdicts

/// Shows a run while it goes on.
struct LiveProgress: Sendable {
  private let bar = ProgressBar()
  private let report = TerminalReport(style: Console.style)

  /// Takes the next event of the run.
  func receive(_ event: RunEvent) {
    switch event {
    case .started(let run):
      bar.begin(total: run.plannedCount)
      bar.stay(report.header(of: run))
    case .board(let event): bar.stay(report.line(for: event))
    case .unusedBoard(let selector): bar.stay(report.lineForUnusedBoard(selector))
    case .ownAuthority(let reason): bar.stay(report.lineForOwnAuthority(reason))
    case .caseStarted(let id): bar.redraw(current: id)
    case .caseEnded(let result):
      bar.advance(failed: result.judgement.verdict == .failed)
      if let line = report.line(for: result) { bar.stay(line) }
    case .caseRepeated(let result): if let line = report.lineForRepeats(of: result) { bar.stay(line) }
    }
  }

  /// Takes the bar away.
  func finish() { bar.finish() }
}
