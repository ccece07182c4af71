import Latency
import Rainbow
import Results
import Verdicts

/// What changed between two runs, as text for a person and as JSON.
public enum ChangeReport {
  /// At most this many cases are listed of those that are no regression, and lines of frames of each.
  private static let shown = 40
  private static let shownFrames = 3

  /// The changes as JSON: `cases`, `latency`, and what the comparison comes to.
  public static func json(_ changes: RunChanges) -> String { JSONReport.text(of: changes) }

  /// The changes as text: what the runs were, regressions, other changes, latency, and what it comes to.
  public static func text(
    of changes: RunChanges, from old: RecordedRun, to new: RecordedRun, style: TerminalStyle
  ) -> String {
    var sections = [heads(old, new)]
    let regressions =
      changes.regressions.map { "\($0.case) (\(words($0))): \($0.regression ?? "")" }
      + changes.overTheRun.map { "over the run: \($0)" }
    if !regressions.isEmpty {
      let title = style.colored("new failure", .red)
      sections.append(regressions.map { "\(title)  \($0.withoutControls)" }.joined(separator: "\n"))
    }
    let others = changes.cases.filter { $0.regression == nil }
    if !others.isEmpty { sections.append(list(others)) }
    if !changes.latency.isEmpty { sections.append(latency(changes.latency)) }
    sections.append(closing(changes, style))
    return sections.joined(separator: "\n\n")
  }

  private static func heads(_ old: RecordedRun, _ new: RecordedRun) -> String {
    let lines = [("old", old), ("new", new)].map { name, run in
      "\(name)  \(run.board.displayName) · client \(run.client.path) · seed \(run.seed) · \(run.cases.count.counted("case")) · \(run.startedAt)"
    }
    let note =
      old.seed == new.seed ? [] : ["The seeds differ, and with them payloads and the choice of deliveries."]
    return (lines + note).joined(separator: "\n")
  }

  private static func list(_ rows: [RunChanges.Row]) -> String {
    let lines = rows.prefix(shown).flatMap { row in
      ["changed      \(row.case) (\(words(row)))\(rules(row))"]
        + row.frames.prefix(shownFrames).map { "               now \($0.withoutControls)" }
    }
    let rest = rows.count - shown
    return (rest > 0 ? lines + ["... and \(rest) more that changed; --json has them all"] : lines).joined(
      separator: "\n")
  }

  private static func words(_ row: RunChanges.Row) -> String {
    switch (row.old, row.new) {
    case (let old?, let new?) where old == new: "\(new.rawValue) as before"
    case (let old?, let new?): "\(old.rawValue) -> \(new.rawValue)"
    case (nil, let new?): "only in the new run: \(new.rawValue)"
    case (let old?, nil): "only in the old run: \(old.rawValue)"
    case (nil, nil): ""
    }
  }

  private static func rules(_ row: RunChanges.Row) -> String {
    let parts = row.brokenAnew.map { "breaks \($0)" } + row.brokenNoLonger.map { "no longer breaks \($0)" }
    return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
  }

  private static func latency(_ rows: [RunChanges.LatencyRow]) -> String {
    var table = TextTable(columns: [
      "latency", "p50 old", "p50 new", "change", "p99 old", "p99 new", "change",
    ])
    for row in rows {
      table.add(
        ["\(row.new.endpoint) \(row.new.measure.title)"]
          + change(row.old.p50Nanoseconds, row.new.p50Nanoseconds)
          + change(row.old.p99Nanoseconds, row.new.p99Nanoseconds))
    }
    return table.text
  }

  private static func change(_ old: Int, _ new: Int) -> [String] {
    let percent = old == 0 ? 0 : (Double(new - old) * 100 / Double(old)).rounded(toPlaces: 0)
    return [duration(old), duration(new), "\(percent < 0 ? "" : "+")\(Int(percent)) %"]
  }

  private static func closing(_ changes: RunChanges, _ style: TerminalStyle) -> String {
    let new = changes.regressions.count + changes.overTheRun.count
    var parts = [new.counted("new failure")]
    let others = changes.cases.count - changes.regressions.count
    parts.append(others.counted("other change"))
    parts.append("\(changes.unchangedCount.counted("case")) as before")
    if !changes.inconclusive.isEmpty { parts.append("\(changes.inconclusive.count) newly inconclusive") }
    if !changes.referenceFailed.isEmpty {
      parts.append("the reference failed in \(changes.referenceFailed.count)")
    }
    return style.bold(parts.joined(separator: ", ")) + "\n"
  }
}
