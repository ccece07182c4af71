import Latency
import Mustache
import Results
import Scenarios
import Verdicts

/// `report.html`: the run for people, in one file that loads nothing.
public enum HTMLReport {
  /// The text of `report.html`.
  /// - Parameter folder: the report folder as the user will name it, for the commands that replay a case.
  public static func text(of run: RunResult, folder: String) -> String {
    guard let template = try? MustacheTemplate(string: HTMLTemplate.text) else {
      preconditionFailure("the template of the report is part of the program and parses")
    }
    return template.render(view(of: run, folder: folder))
  }

  private static func view(of run: RunResult, folder: String) -> [String: Any] {
    var view: [String: Any] = [
      "title": "wsrig: \(run.client.path)",
      "facts": facts(of: run),
      "counts": Verdict.allCases.filter { run.count(of: $0) > 0 }
        .map { ["verdict": $0.rawValue, "count": String(run.count(of: $0))] },
      "chapters": chapters(of: run, folder: folder),
      "hasLatency": !run.latency.series.isEmpty,
      "latencyTotals": LatencyTable(run.latency).totals, "latencySizes": LatencyTable(run.latency).sizes,
    ]
    view["standIn"] = run.boardWarning
    view["endedEarly"] = run.endedEarly?.sentence
    view["coverage"] = run.ruleCoverage.map(view(of:))
    return view
  }

  private static func view(of coverage: RuleCoverage) -> [String: Any] {
    let without = coverage.count - coverage.withScenarios
    return [
      "summary":
        "\(coverage.count) bind a client, \(coverage.tested) tested in this run, \(coverage.broken) broken, \(without) without a scenario",
      "rules": coverage.rows.map { row in
        [
          "id": row.entry.id, "keyword": row.entry.keyword.rawValue, "paraphrase": row.entry.paraphrase,
          "passed": String(row.passed), "failed": String(row.failed), "isBroken": row.failed > 0,
          "how": row.entry.reason ?? (row.entry.scenarios ?? []).joined(separator: " "),
        ] as [String: Any]
      },
    ]
  }

  private static func facts(of run: RunResult) -> [[String: String]] {
    let hashes = run.client.files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.prefix(12))" }
    let device = [("tool", run.tool), ("board", run.boardNames), ("firmware", run.board.firmware)]
    let rest = [
      ("client", "\(run.client.path) (adapter \(run.client.adapter))"),
      ("files", hashes.joined(separator: ", ")),
      ("seed", String(run.seed)), ("started", ResultsDocument.timestamp(run.startedAt)),
      ("duration", "\(run.durationSeconds.rounded(toPlaces: 2)) s"),
      ("cases", "\(run.cases.count) of \(run.plannedCount)"),
      ("black boxes", String(run.allBlackBoxes.count)),
      ("referenceFailed", String(run.referenceFailedCount)), ("strays", String(run.strays.count)),
    ]
    let trouble = run.blackBoxes.map {
      ("trouble of the bench", "\($0.kind.words): \($0.reason) (\($0.path))")
    }
    let findings =
      run.violations.map { ("over the run", $0.line) } + trouble + baselineFacts(run.baseline)
    return (device + run.board.firmwareFacts + rest + findings).map { ["name": $0.0, "value": $0.1] }
  }

  private static func baselineFacts(_ baseline: BaselineReport?) -> [(String, String)] {
    guard let baseline else { return [] }
    return [("baseline", baseline.counts)]
      + baseline.regressions.map { ("new failure", "\($0.name): \($0.words)") }
      + baseline.mended.map { ("no longer happens", "\($0.name): \($0.words)") }
  }

  private static func chapters(of run: RunResult, folder: String) -> [[String: Any]] {
    run.chapters.map { title, results in
      let notPassed = results.count { $0.judgement.verdict != .passed }
      return [
        "title": title,
        "summary": results.count.counted("case") + (notPassed > 0 ? ", \(notPassed) not passed" : ""),
        "cases": results.map { view(of: $0, in: run, folder: folder) },
      ]
    }
  }

  private static func view(of result: CaseResult, in run: RunResult, folder: String) -> [String: Any] {
    let judgement = result.judgement
    let scenario = result.case.scenario
    let rows = FrameTable(result).rows
    var view: [String: Any] = [
      "id": result.case.id, "verdict": judgement.verdict.rawValue, "description": scenario.description,
      "expectation": scenario.expectation, "requirement": scenario.requirement.rawValue, "rfc": scenario.rfc,
      "search": searchText(of: result), "open": judgement.verdict == .failed,
      "violations": judgement.violations.map(\.line), "hasViolations": !judgement.violations.isEmpty,
      "referenceViolations": judgement.referenceViolations.map(\.line),
      "hasReferenceViolations": !judgement.referenceViolations.isEmpty,
      "rows": rows.map(view(of:)), "hasRows": !rows.isEmpty,
      "boardEvents": result.boardEvents.map { "\($0.name): \($0.detail)" },
      "hasBoardEvents": !result.boardEvents.isEmpty, "times": times(of: result),
      "blackBoxes": result.blackBoxes.map { ["path": $0.path, "words": "\($0.kind.words): \($0.reason)"] },
      "hasBlackBoxes": !result.blackBoxes.isEmpty,
    ]
    view["accepted"] = run.baseline?.acceptance(of: result)?.words
    if judgement.violations.isEmpty { view["reason"] = judgement.reason }
    if result.needsAttention {
      view["folder"] = CaseFolder.path(of: result)
      view["replay"] = CaseFolder.replayCommand(of: result, in: run, reportFolder: folder)
    }
    return view
  }

  private static func view(of row: Comparison.Row) -> [String: Any] {
    [
      "part": row.part.title, "device": row.device ?? "", "reference": row.reference ?? "",
      "differs": row.isDifference,
      "rule": row.rule ?? "",
    ]
  }

  private static func searchText(of result: CaseResult) -> String {
    let words = [result.case.id, result.case.scenario.rfc, result.case.scenario.description]
    return (words + result.judgement.violations.map(\.rule)).joined(separator: " ").lowercased()
  }

  private static func times(of result: CaseResult) -> String {
    let attempts = result.attempts.counted("attempt")
    let series = result.latency.series.filter { $0.payloadLength == nil }
    let latency = series.map { "\($0.endpoint) \($0.measure.title) p50 \(duration($0.p50Nanoseconds))" }
    let notes = [result.isolation?.rawValue, result.repeatSentence.map { "repeats \($0)" }].compactMap(\.self)
    return ([duration(Int(result.durationSeconds * 1e9)), attempts] + notes + latency).joined(
      separator: " · ")
  }
}
