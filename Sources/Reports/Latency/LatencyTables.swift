import Latency
import Rainbow
import Results
import Traces

/// A latency run as text for a person.
public struct LatencyTables {
  private let report: LatencyReport
  private let style: TerminalStyle
  private var run: LatencyRun { report.run }

  /// - Parameter style: the colours.
  public init(_ report: LatencyReport, style: TerminalStyle) {
    self.report = report
    self.style = style
  }

  /// The first line of a run: the tool, the board, the client, the seed, what is measured.
  public static func header(of run: LatencyRun, turns: Int, style: TerminalStyle) -> String {
    let parts = [
      run.tool, run.board.displayName, "client \(run.client.path) (adapter \(run.client.adapter))",
      "seed \(run.seed)", "latency, \(run.rounds.counted("round")), \(turns.counted("turn"))",
    ]
    return style.bold(parts.joined(separator: " · "))
  }

  /// A turn that came to nothing.
  public static func line(for failure: LatencyFailure, style: TerminalStyle) -> String {
    "\(style.colored("failed", .red))        \(failure.name): \(failure.reason.withoutControls)"
  }

  /// Everything: latencies, layers, phases, costs, noise, findings, the baseline, and where the reports are.
  public func summary(reportFolder: String?) -> String {
    var sections = [echoes, schedules, layers, phases, throughput, costs, noise].compactMap(\.self)
    if let baseline = run.baseline {
      sections.append(LatencyComparisonTable.text(of: baseline, style: style))
    }
    if !run.findings.isEmpty { sections.append(run.findings.map(line).joined(separator: "\n")) }
    if !run.failures.isEmpty {
      sections.append(run.failures.map { Self.line(for: $0, style: style) }.joined(separator: "\n"))
    }
    sections.append(closing(reportFolder))
    return sections.joined(separator: "\n\n")
  }

  private var echoes: String? {
    guard !report.summaries.isEmpty else { return nil }
    var table = TextTable(columns: [
      "round trip on the wire", "echoes", "p50", "95 % of p50", "p90", "p99", "p99.9", "max",
    ])
    for summary in report.summaries {
      let name = "\(summary.conditions.name) \(summary.endpoint)"
      table.add(
        row(summary.corrected == nil ? name : "\(name), raw", summary.raw, summary.p50Interval))
      if let corrected = summary.corrected { table.add(row("\(name), corrected", corrected, nil)) }
    }
    return table.text
  }

  private func row(_ name: String, _ quantiles: LatencyQuantiles, _ interval: ConfidenceInterval?) -> [String]
  {
    [
      name, "\(quantiles.count)", duration(quantiles.p50Nanoseconds),
      interval.map { "\(duration($0.lowNanoseconds))-\(duration($0.highNanoseconds))" } ?? "",
      duration(quantiles.p90Nanoseconds), duration(quantiles.p99Nanoseconds),
      duration(quantiles.p999Nanoseconds), duration(quantiles.maxNanoseconds),
    ]
  }

  private var layers: String? {
    guard !report.summaries.isEmpty else { return nil }
    var table = TextTable(columns: LayerRow.columns)
    for summary in report.summaries { table.add(LayerRow.cells(of: summary)) }
    let notes = LayerRow.notes(on: report.summaries).map(style.dim)
    return ([table.text] + notes).joined(separator: "\n")
  }

  private var schedules: String? {
    let lines = report.summaries.compactMap { summary in
      LayerRow.schedule(of: summary).map {
        "schedule of \(summary.conditions.name) \(summary.endpoint): \($0)"
      }
    }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private var phases: String? {
    guard !run.phases.isEmpty else { return nil }
    var table = TextTable(columns: [
      "phase", "device p50", "max", "times", "reference p50", "max", "times",
    ])
    for (key, name) in PhaseKey.all(of: run) {
      table.add(
        [name]
          + [AttemptTrace.Endpoint.device, .reference].flatMap { endpoint -> [String] in
            guard let quantiles = key.quantiles(of: endpoint, in: run) else { return ["", "", ""] }
            return [
              duration(quantiles.p50Nanoseconds), duration(quantiles.maxNanoseconds), "\(quantiles.count)",
            ]
          })
    }
    return table.text
  }

  private var throughput: String? {
    let lines = run.throughputs.map { item in
      let mode = modes(item.overTLS, item.power)
      return
        "throughput \(item.direction)\(mode), \(item.endpoint): \((item.bytesPerSecond / 1000).rounded(toPlaces: 1)) KB/s"
    }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private var costs: String? {
    let parts = run.costFacts.map { "\($0.name) \($0.value)" }
    return parts.isEmpty ? nil : "on the board: \(parts.joined(separator: ", "))"
  }

  private var noise: String? {
    let lines = run.noise.map { noise in
      let drift =
        noise.driftNanoseconds.map {
          "and the medians of its rounds lie within \(duration($0)): a smaller difference is the rig's"
        } ?? "and one round does not tell how far such medians lie apart"
      return
        "noise of the rig, \(noise.conditions): the reference client on this computer takes \(duration(noise.p50Nanoseconds)) "
        + "(p99 \(duration(noise.p99Nanoseconds))), \(drift)"
    }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private func line(for finding: LatencyFinding) -> String {
    let isStall = finding.kind == .stalledWrites
    let place = finding.conditions.map { "\($0): " } ?? ""
    return
      "\(style.colored("finding", isStall ? .red : .yellow))       \(place)\(finding.sentence.withoutControls)"
  }

  private func closing(_ folder: String?) -> String {
    var lines: [String] = []
    if run.wasInterrupted { lines.append(style.colored("The run was interrupted.", .red)) }
    if run.hasLostBoard { lines.append(style.colored("The board was given up on the way.", .red)) }
    let environment = run.environment
    let facts = [
      run.board.firmware, environment.kernel,
      "\(environment.processorCount) x \(environment.processor)",
      environment.governor.map { "governor \($0)" } ?? "governor not told",
      environment.loadAtStart.map { "load \($0)" } ?? "load not told",
      run.board.radio?.rssi.map { "RSSI \($0) dBm" }, run.powerWords,
      "kernel stamps: \(environment.kernelInstants)",
    ].compactMap(\.self)
    lines.append(style.dim(facts.joined(separator: " · ")))
    let count = report.summaries.filter { $0.endpoint == .device }.reduce(0) { $0 + $1.raw.count }
    lines.append(
      "\(count.counted("echo", "echoes")) in \(run.durationSeconds.rounded(toPlaces: 1)) s on \(run.board.displayName)"
    )
    if let folder { lines.append("Reports: \(folder)") }
    return lines.joined(separator: "\n")
  }
}

/// How a series was put in words, besides its endpoint.
func modes(_ overTLS: Bool, _ power: String?) -> String {
  (overTLS ? " over TLS" : "") + (power.map { ", power mode \($0)" } ?? "")
}

extension Int {
  /// The number with what it counts, where the plural has a form of its own.
  func counted(_ singular: String, _ plural: String) -> String { "\(self) \(self == 1 ? singular : plural)" }
}
