import Rainbow
import Results

/// A run beside its baseline, for a terminal.
struct BaselineLines {
  private let style: TerminalStyle
  /// At most this many entries of a kind are listed; `results.json` has them all.
  private static let shown = 20

  init(_ style: TerminalStyle) { self.style = style }

  func text(of report: BaselineReport) -> String {
    let regressions = lines(report.regressions, style.colored("new failure  ", .red))
    let mended = lines(report.mended, style.colored("no longer    ", .green))
    let hint =
      report.mended.isEmpty ? [] : [style.dim("What no longer happens can be taken out of the baseline.")]
    return ([report.counts] + regressions + mended + hint).joined(separator: "\n")
  }

  private func lines(_ entries: [BaselineReport.Entry], _ title: String) -> [String] {
    let shown = entries.prefix(Self.shown).map { "\(title) \($0.name): \($0.words)" }
    let rest = entries.count - shown.count
    return rest > 0 ? shown + ["\(title) ... and \(rest) more"] : shown
  }
}

extension BaselineReport {
  /// How many of which kind there are, in one sentence.
  var counts: String {
    let new = regressions.count.counted("new failure")
    return
      "Beside the baseline \(baseline): \(new), \(accepted.count) accepted, \(mended.count) no longer happen"
  }
}

extension BaselineReport.Entry {
  /// The sentence, and where more is said of it.
  var words: String { (link.map { "\(sentence) (\($0))" } ?? sentence).withoutControls }
}
