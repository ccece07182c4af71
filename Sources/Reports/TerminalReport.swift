import Latency
import Rainbow
import Results
import Scenarios
import Verdicts

/// The run as text for a person: functions from results to lines, without a trailing line feed.
public struct TerminalReport: Sendable {
  /// The colours.
  public var style: TerminalStyle

  /// Creates a report.
  public init(style: TerminalStyle) { self.style = style }

  /// The first line of a run: the tool, the board (simulated, if it is), the client, the seed, the number of cases.
  public func header(of run: RunResult) -> String {
    let parts = [
      run.tool, run.boardNames, "client \(run.client.path) (adapter \(run.client.adapter))",
      "seed \(run.seed)", run.plannedCount.counted("case"),
    ]
    return style.bold(parts.joined(separator: " · "))
  }

  /// A case that needs attention, as it is shown while the run goes on; nil for one that passed.
  public func line(for result: CaseResult) -> String? {
    let verdict = result.judgement.verdict
    guard verdict != .passed || result.judgement.referenceFailed else { return nil }
    let reference = result.judgement.referenceFailed ? style.colored(" referenceFailed", .red) : ""
    return
      "\(padded(verdict))\(reference) \(result.case.id): \((result.judgement.reason ?? "the reference broke a rule").withoutControls)"
  }

  /// What the repeats of a failed case came to; nil where there were none.
  public func lineForRepeats(of result: CaseResult) -> String? {
    result.repeatSentence.map { "repeats       \(result.case.id): \($0)" }
  }

  /// A rung of the recovery ladder, as it is shown while the run goes on.
  public func line(for event: BoardEventRecord) -> String {
    let outcome = event.succeeded ? "" : " failed"
    return style.dim("board         \(event.name)\(outcome): \(event.detail)".withoutControls)
  }

  /// Why a run waits for its board.
  public func lineForWaiting(_ reason: String) -> String {
    style.dim("board         \(reason)".withoutControls)
  }

  /// An attached board that nobody named.
  public func lineForUnusedBoard(_ selector: String) -> String {
    "an attached board is not used: name it with --board \(selector)"
  }

  /// A run whose certificates the bench's authority did not sign.
  public func lineForOwnAuthority(_ reason: String) -> String {
    "the run signs its certificates by an authority of its own, not by the bench's: \(reason)"
  }

  /// A progress bar of at most `width` columns.
  public func progress(done: Int, of total: Int, failed: Int, current: String, width: Int) -> String {
    let cells = 24
    let filled = total == 0 ? cells : cells * done / total
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
    let failures = failed > 0 ? style.colored(" \(failed) failed", .red) : ""
    let text = "\(bar) \(done)/\(total)"
    let room = max(0, width - cells - 24)
    return "\(text)\(failures) \(style.dim(String(current.prefix(room))))"
  }

  /// The end of a run: a table by chapter, the cases that did not pass with what broke, latency, and where the reports are.
  public func summary(of run: RunResult, reportFolder: String?) -> String {
    var sections = [chapterTable(run)]
    let notable = run.cases.filter { $0.needsAttention && run.baseline?.acceptance(of: $0) == nil }
    if !notable.isEmpty { sections.append(notable.map(detail).joined(separator: "\n")) }
    if let baseline = run.baseline { sections.append(BaselineLines(style).text(of: baseline)) }
    if let keys = keyLines(run) { sections.append(keys) }
    if let table = latencyTable(run.latency) { sections.append(table) }
    sections.append(closingLines(run, reportFolder: reportFolder).joined(separator: "\n"))
    return sections.joined(separator: "\n\n")
  }

  private func padded(_ verdict: Verdict) -> String {
    style.verdict(verdict) + String(repeating: " ", count: max(0, 13 - verdict.rawValue.count))
  }

  private func chapterTable(_ run: RunResult) -> String {
    let verdicts = Verdict.allCases.filter { verdict in verdict == .passed || run.count(of: verdict) > 0 }
    var table = TextTable(columns: ["chapter", "cases"] + verdicts.map(\.rawValue))
    for (title, results) in run.chapters {
      table.add(
        [title, String(results.count)]
          + verdicts.map { verdict in count(results.count { $0.judgement.verdict == verdict }) })
    }
    return table.text
  }

  private func count(_ number: Int) -> String { number == 0 ? "·" : String(number) }

  private func line(for coverage: RuleCoverage) -> String {
    "RFC 6455 binds clients \(coverage.count) times: \(coverage.tested) tested in this run, \(coverage.broken) of them broken; "
      + "\(coverage.count - coverage.withScenarios) have no scenario"
  }

  /// At most this many broken rules are listed for a case; the report folder has them all.
  private static let shownViolations = 4

  private func detail(_ result: CaseResult) -> String {
    let judgement = result.judgement
    let broken = judgement.violations.isEmpty ? judgement.referenceViolations : judgement.violations
    var lines = [
      "\(padded(judgement.verdict)) \(style.bold(result.case.id))  \(result.case.scenario.description)"
    ]
    if let reason = judgement.reason, broken.isEmpty { lines.append("    \(reason.withoutControls)") }
    lines += broken.prefix(Self.shownViolations).map { "    \($0.line)" }
    if let repeats = result.repeatSentence { lines.append("    repeats: \(repeats)") }
    if broken.count > Self.shownViolations {
      lines.append("    ... and \(broken.count - Self.shownViolations) more")
    }
    return lines.joined(separator: "\n")
  }

  /// What the run as a whole says of the client's random keys.
  private func keyLines(_ run: RunResult) -> String? {
    guard let keys = run.keys else { return nil }
    let counts =
      "\(keys.maskingKeys.counted("masking key")), \(keys.handshakeKeys.counted("key")) of opening handshakes"
    guard !run.violations.isEmpty else {
      return style.dim(
        "\(counts): nothing speaks against their being random (false alarms: fewer than \(keys.falseAlarmProbability) a run)"
      )
    }
    return run.violations.map { "\(padded(.failed)) \($0.line)" }.joined(separator: "\n")
  }

  private func latencyTable(_ latency: LatencySummary) -> String? {
    let totals = latency.series.filter { $0.payloadLength == nil && $0.count > 0 }
    guard !totals.isEmpty else { return nil }
    var table = TextTable(columns: ["latency", "echoes", "p50", "p90", "p99", "max"])
    for series in totals {
      table.add([
        "\(series.endpoint) \(series.measure.title)", String(series.count), duration(series.p50Nanoseconds),
        duration(series.p90Nanoseconds), duration(series.p99Nanoseconds), duration(series.maxNanoseconds),
      ])
    }
    return table.text
  }

  /// At most this many black boxes are listed; the folder has them all.
  private static let shownBlackBoxes = 6

  private func blackBoxLines(_ run: RunResult, reportFolder: String) -> [String] {
    let boxes = run.allBlackBoxes
    guard !boxes.isEmpty else { return [] }
    var lines = ["Trouble of the bench, saved \(boxes.count.counted("time")):"]
    lines += boxes.prefix(Self.shownBlackBoxes).map { box in
      "    \(reportFolder)/\(box.path)  \(box.kind.words): \(box.reason.withoutControls)"
    }
    if boxes.count > Self.shownBlackBoxes {
      lines.append("    ... and \(boxes.count - Self.shownBlackBoxes) more")
    }
    return lines
  }

  private func closingLines(_ run: RunResult, reportFolder: String?) -> [String] {
    let counts = Verdict.allCases.filter { run.count(of: $0) > 0 || $0 == .passed || $0 == .failed }
      .map { "\(run.count(of: $0)) \(style.verdict($0))" }
    var lines: [String] = []
    if let early = run.endedEarly {
      lines.append(
        style.colored(
          "The run ended after \(run.cases.count) of \(run.plannedCount.counted("case")): \(early.sentence)",
          .red))
    }
    if !run.unsettled.isEmpty {
      lines.append(
        style.colored(
          "\(run.unsettled.count.counted("case")) that had failed or \(run.unsettled.count == 1 ? "was" : "were") inconclusive before did not run; --failed still has \(run.unsettled.count == 1 ? "it" : "them").",
          .red))
    }
    if !run.lostBoards.isEmpty {
      lines.append(
        style.colored(
          "Given up on the way: \(run.lostBoards.joined(separator: ", ")); others took over what was left.",
          .red))
    }
    if run.referenceFailedCount > 0 {
      lines.append(
        style.colored(
          "The reference itself broke a rule in \(run.referenceFailedCount.counted("case")): an error of the rig.",
          .red
        ))
    }
    let seconds = run.durationSeconds.rounded(toPlaces: 1)
    lines.append(
      "\(run.cases.count.counted("case")) in \(seconds) s on \(run.boardNames): \(counts.joined(separator: ", "))"
    )
    if let coverage = run.ruleCoverage { lines.append(line(for: coverage)) }
    if let reportFolder {
      lines += blackBoxLines(run, reportFolder: reportFolder)
      lines.append("Reports: \(reportFolder)")
    }
    if let reportFolder, let failed = run.cases.first(where: \.needsAttention) {
      let command = CaseFolder.replayCommand(of: failed, in: run, reportFolder: reportFolder)
      lines.append(style.dim("Run one again: \(command)"))
    }
    return lines
  }
}

extension LatencySeries.Measure {
  var title: String {
    switch self {
    case .roundTrip: "round trip"
    case .tlsHandshake: "TLS handshake"
    case .processing: "processing"
    }
  }

  /// What stands for the payload's size where no single size is meant.
  var sizes: String { self == .tlsHandshake ? "none" : "all sizes" }
}

/// A duration in the unit that suits it: `850 ns`, `12.3 us`, `4.56 ms`, `1.20 s`.
func duration(_ nanoseconds: Int) -> String {
  let value = Double(nanoseconds)
  return switch nanoseconds {
  case ..<1_000: "\(nanoseconds) ns"
  case ..<1_000_000: "\((value / 1e3).rounded(toPlaces: 1)) us"
  case ..<1_000_000_000: "\((value / 1e6).rounded(toPlaces: 2)) ms"
  default: "\((value / 1e9).rounded(toPlaces: 2)) s"
  }
}

/// The same, or a dash where it is not known.
func duration(_ nanoseconds: Int?) -> String { nanoseconds.map { duration($0) } ?? "–" }
