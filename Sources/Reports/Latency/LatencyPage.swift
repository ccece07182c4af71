import Latency
import Mustache
import Results
import Traces

/// `latency.html`: a latency run for people, in one file that loads nothing.
enum LatencyPage {
  static func text(of report: LatencyReport) -> String {
    guard let template = try? MustacheTemplate(string: LatencyTemplate.text) else {
      preconditionFailure("the template of the report is part of the program and parses")
    }
    return template.render(view(of: report))
  }

  private static func view(of report: LatencyReport) -> [String: Any] {
    let run = report.run
    var view: [String: Any] = [
      "title": "wsrig latency: \(run.client.path)", "facts": facts(of: run),
      "layers": LatencyCharts.layers(report.summaries) ?? "",
      "owners": LatencyShares.Share.Owner.allCases.map { ["class": $0.rawValue, "words": $0.words] },
      "series": report.pairs.map(view(of:)), "findings": run.findings.map(view(of:)),
      "hasFindings": !run.findings.isEmpty,
      "failures": run.failures.map { "\($0.name): \($0.reason.withoutControls)" },
      "hasFailures": !run.failures.isEmpty, "phases": phases(of: run), "hasPhases": !run.phases.isEmpty,
      "noise": run.noise.map(view(of:)), "hasNoise": !run.noise.isEmpty,
      "layerColumns": Array(LayerRow.columns.dropFirst()), "layerRows": report.summaries.map(layerRow(of:)),
      "layerNotes": LayerRow.notes(on: report.summaries),
    ]
    view["standIn"] = run.board.warning
    view["baseline"] = run.baseline.map(view(of:))
    if run.wasInterrupted { view["endedEarly"] = "The run was interrupted." }
    if run.hasLostBoard { view["endedEarly"] = "The board was given up on the way." }
    return view
  }

  private static func facts(of run: LatencyRun) -> [[String: String]] {
    let environment = run.environment
    let hashes = run.client.files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.prefix(12))" }
    let load = [environment.loadAtStart, environment.loadAtEnd].compactMap { $0.map { "\($0)" } }
    let facts: [(String, String?)] = [
      ("tool", run.tool), ("board", run.board.displayName), ("firmware", run.board.firmware),
      ("client", "\(run.client.path) (adapter \(run.client.adapter))"),
      ("files", hashes.joined(separator: ", ")), ("seed", "\(run.seed)"),
      ("started", ResultsDocument.timestamp(run.startedAt)),
      ("duration", "\(run.durationSeconds.rounded(toPlaces: 1)) s"), ("rounds", "\(run.rounds)"),
      ("kernel", environment.kernel),
      ("processor", "\(environment.processorCount) x \(environment.processor)"),
      ("governor", environment.governor ?? "not told"), ("load, start and end", load.joined(separator: ", ")),
      ("kernel stamps", environment.kernelInstants),
      ("RSSI", run.board.radio?.rssi.map { "\($0) dBm" }),
      ("power mode", run.powerWords),
    ]
    let throughputs = run.throughputs.map { item in
      (
        "\(item.endpoint) \(item.direction)\(modes(item.overTLS, item.power))",
        "\((item.bytesPerSecond / 1000).rounded(toPlaces: 1)) KB/s"
      )
    }
    let known = facts.compactMap { name, value in value.map { (name, $0) } }
    return (known + run.costFacts + run.board.firmwareFacts + throughputs).map {
      ["name": $0.0, "value": $0.1]
    }
  }

  private static func view(
    of pair: (device: SeriesSummary?, reference: SeriesSummary?)
  ) -> [String: Any] {
    let summaries = [pair.device, pair.reference].compactMap(\.self)
    return [
      "name": summaries.first?.conditions.name ?? "",
      "rows": summaries.flatMap { summary in
        [
          row(
            summary.corrected == nil ? "\(summary.endpoint)" : "\(summary.endpoint), raw", summary.raw,
            summary)
        ]
          + (summary.corrected.map { [row("\(summary.endpoint), corrected", $0, nil)] } ?? [])
      },
      "percentiles": LatencyCharts.percentiles(pair) ?? "",
      "timeSeries": LatencyCharts.timeSeries(pair) ?? "", "hasCorrected": pair.device?.corrected != nil,
      "schedules": summaries.compactMap { summary in
        LayerRow.schedule(of: summary).map { "Schedule, \(summary.endpoint): \($0)." }
      },
    ]
  }

  private static func row(
    _ name: String, _ quantiles: LatencyQuantiles, _ summary: SeriesSummary?
  ) -> [String: String] {
    func interval(_ interval: ConfidenceInterval?) -> String {
      interval.map { "\(duration($0.lowNanoseconds)) to \(duration($0.highNanoseconds))" } ?? ""
    }
    return [
      "who": name, "count": "\(quantiles.count)", "p50": duration(quantiles.p50Nanoseconds),
      "p90": duration(quantiles.p90Nanoseconds), "p99": duration(quantiles.p99Nanoseconds),
      "p999": duration(quantiles.p999Nanoseconds), "max": duration(quantiles.maxNanoseconds),
      "i50": interval(summary?.p50Interval), "i90": interval(summary?.p90Interval),
      "i99": interval(summary?.p99Interval), "i999": interval(summary?.p999Interval),
    ]
  }

  private static func view(of finding: LatencyFinding) -> String {
    (finding.conditions.map { "\($0): " } ?? "") + finding.sentence.withoutControls
  }

  private static func view(of noise: LatencyNoise) -> [String: String] {
    [
      "name": noise.conditions, "p50": duration(noise.p50Nanoseconds), "p99": duration(noise.p99Nanoseconds),
      "drift": duration(noise.driftNanoseconds),
    ]
  }

  private static func phases(of run: LatencyRun) -> [[String: String]] {
    PhaseKey.all(of: run).map { key, name in
      var row = ["name": name]
      for endpoint in [AttemptTrace.Endpoint.device, .reference] {
        guard let quantiles = key.quantiles(of: endpoint, in: run) else { continue }
        row["\(endpoint)P50"] = duration(quantiles.p50Nanoseconds)
        row["\(endpoint)Max"] = duration(quantiles.maxNanoseconds)
        row["\(endpoint)Count"] = "\(quantiles.count)"
      }
      return row
    }
  }

  private static func layerRow(of summary: SeriesSummary) -> [String: Any] {
    let cells = LayerRow.cells(of: summary)
    return ["name": cells[0], "cells": Array(cells.dropFirst())]
  }

  private static func view(of baseline: LatencyBaselineReport) -> [String: Any] {
    [
      "name": baseline.baseline, "columns": Array(LatencyComparisonTable.columns.dropFirst()),
      "hasRows": !baseline.rows.isEmpty, "notes": LatencyComparisonTable.notes(on: baseline),
      "rows": baseline.rows.map { row in
        let cells = LatencyComparisonTable.cells(of: row)
        return [
          "name": cells[0], "cells": Array(cells.dropFirst()), "isRegression": row.device.outcome == .slower,
        ] as [String: Any]
      },
    ]
  }
}
