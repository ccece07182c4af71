import Reports
import Synchronization

/// A bar that is redrawn on a terminal, and the lines that stay above it; elsewhere only those lines.
final class ProgressBar: Sendable {
  private struct State {
    var total = 0
    var done = 0
    var failed = 0
  }

  private let state = Mutex(State())
  private let report = TerminalReport(style: Console.style)
  private let redraws = Console.isTerminal

  /// Sets how much there is to do.
  func begin(total: Int) { state.withLock { $0.total = total } }

  /// There is so much more to do.
  func add(total: Int) { state.withLock { $0.total += total } }

  /// One of them has ended.
  func advance(failed: Bool) {
    state.withLock { state in
      state.done += 1
      state.failed += failed ? 1 : 0
    }
  }

  /// Prints a line that stays.
  func stay(_ line: String) { Console.say((redraws ? Console.eraseLine : "") + line) }

  /// Draws the bar.
  func redraw(current: String) {
    guard redraws else { return }
    let now = state.withLock { $0 }
    Console.put(
      Console.eraseLine
        + report.progress(
          done: now.done, of: now.total, failed: now.failed, current: current, width: Console.width))
  }

  /// Takes the bar away.
  func finish() { if redraws { Console.put(Console.eraseLine) } }
}
