import Bench
import Reports
import Results
import Synchronization
import Verdicts

/// Shows a run while it goes on: a bar that is redrawn on a terminal; elsewhere only the lines that stay.
final class LiveProgress: Sendable {
  private struct State {
    var total = 0
    var done = 0
    var failed = 0
  }

  private let state = Mutex(State())
  private let report = TerminalReport(style: Console.style)
  private let redraws = Console.isTerminal

  /// Takes the next event of the run.
  func receive(_ event: RunEvent) {
    switch event {
    case .started(let run):
      state.withLock { $0.total = run.plannedCount }
      stay(report.header(of: run))
    case .board(let event): stay(report.line(for: event))
    case .unusedBoard(let selector): stay(report.lineForUnusedBoard(selector))
    case .caseStarted(let id): redraw(current: id)
    case .caseEnded(let result):
      state.withLock { state in
        state.done += 1
        state.failed += result.judgement.verdict == .failed ? 1 : 0
      }
      if let line = report.line(for: result) { stay(line) }
    case .caseRepeated(let result): if let line = report.lineForRepeats(of: result) { stay(line) }
    }
  }

  /// Takes the bar away.
  func finish() { if redraws { Console.put(Console.eraseLine) } }

  private func stay(_ line: String) { Console.say((redraws ? Console.eraseLine : "") + line) }

  private func redraw(current: String) {
    guard redraws else { return }
    let now = state.withLock { $0 }
    Console.put(
      Console.eraseLine
        + report.progress(
          done: now.done, of: now.total, failed: now.failed, current: current, width: Console.width))
  }
}
