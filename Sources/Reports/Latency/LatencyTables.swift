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
    var sections = [echoes, layers, phases, throughput, costs, noise].compactMap(\.self)
    if let baseline = run.baseline { sections.append(self.baseline(baseline)) }
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
    var table = TextTable(columns: [
      "median by layer", "server", "network, TCP", "client library", "application", "acks: prompt",
      "with echo",
      "late",
    ])
    for summary in report.summaries {
      let layers = summary.layers
      let share = { (owner: LatencyLayers.Share.Owner) in
        layers.shares.first { $0.owner == owner }.map { duration($0.nanoseconds) } ?? ""
      }
      table.add([
        "\(summary.conditions.name) \(summary.endpoint)",
        layers.server == nil ? "not told" : share(.server),
        (layers.networkIsEstimated ? "~" : "") + share(.network), share(.library),
        layers.application == nil ? "not told" : share(.application), "\(layers.count(.prompt))",
        "\(layers.count(.withReply))", "\(layers.count(.late))",
      ])
    }
    let estimated = report.summaries.contains { $0.layers.networkIsEstimated }
    return table.text
      + (estimated
        ? "\n"
          + style.dim(
            "~ TCP acknowledged with the echo: the round trip of TCP's handshake stands for the network")
        : "")
  }

  private var phases: String? {
    guard !run.phases.isEmpty else { return nil }
    var table = TextTable(columns: [
      "phase", "device p50", "p99", "times", "reference p50", "p99", "times",
    ])
    for (key, name) in PhaseKey.all(of: run) {
      table.add(
        [name]
          + [AttemptTrace.Endpoint.device, .reference].flatMap { endpoint -> [String] in
            guard let quantiles = key.quantiles(of: endpoint, in: run) else { return ["", "", ""] }
            return [
              duration(quantiles.p50Nanoseconds), duration(quantiles.p99Nanoseconds), "\(quantiles.count)",
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
    let costs = run.costs
    let parts = [
      costs.cpuShare.map { "event loop at work \(Int(($0 * 100).rounded())) % of the time" },
      costs.longestGapMicroseconds.map { "longest gap of the event loop \(duration($0 * 1000))" },
      costs.allocatedPerEcho.map { "\($0) bytes allocated for an echo" },
      costs.leastFreeHeap.map { "\($0) bytes of heap free at the least" },
      costs.keptHeap.map { "\($0) bytes kept at the end" },
    ].compactMap(\.self)
    return parts.isEmpty ? nil : "on the board: \(parts.joined(separator: ", "))"
  }

  private var noise: String? {
    let lines = run.noise.map { noise in
      "noise of the rig, \(noise.conditions): the reference client on this computer takes \(duration(noise.p50Nanoseconds)) "
        + "(p99 \(duration(noise.p99Nanoseconds))), and the medians of its rounds lie within \(duration(noise.driftNanoseconds)): "
        + "a smaller difference is the rig's"
    }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private func line(for finding: LatencyFinding) -> String {
    let isStall = finding.kind == .stalledWrites
    let place = finding.conditions.map { "\($0): " } ?? ""
    return
      "\(style.colored("finding", isStall ? .red : .yellow))       \(place)\(finding.sentence.withoutControls)"
  }

  private func baseline(_ baseline: LatencyBaselineReport) -> String {
    if let obstacle = baseline.obstacle {
      return style.colored("nothing is compared with \(baseline.baseline): \(obstacle)", .magenta)
    }
    var table = TextTable(columns: [
      "beside the baseline", "p50 old", "p50 new", "change", "by chance", "result",
    ])
    for row in baseline.rows {
      let device = row.device
      table.add([
        row.conditions, duration(device.oldP50Nanoseconds), duration(device.newP50Nanoseconds),
        percent(device.ratio),
        device.probability < 0.0001 ? "< 0.0001" : "\(device.probability.rounded(toPlaces: 4))",
        device.outcome.words,
      ])
    }
    let drifts = baseline.rows.filter { $0.device.drift != 1 }.map {
      "\($0.conditions): this computer itself is at \(percent($0.device.drift)), which is taken out"
    }
    let unmatched = baseline.unmatched.map { "\($0): only one of the two runs has it" }
    return ([table.text] + (drifts + unmatched).map(style.dim)).joined(separator: "\n")
  }

  private func percent(_ ratio: Double) -> String {
    let percent = ((ratio - 1) * 100).rounded(toPlaces: 1)
    return "\(percent < 0 ? "" : "+")\(percent) %"
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
      run.board.radio?.rssi.map { "RSSI \($0) dBm" }, "kernel stamps: \(environment.kernelInstants)",
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

/// A phase under the same conditions, for device and reference.
struct PhaseKey: Hashable {
  var phase: ConnectionPhase
  var overTLS: Bool
  var power: String?

  /// All of a run, in the order of a connection's life, with what tables call them.
  static func all(of run: LatencyRun) -> [(key: PhaseKey, name: String)] {
    let keys = Set(run.phases.map { PhaseKey(phase: $0.phase, overTLS: $0.overTLS, power: $0.power) })
    let order = ConnectionPhase.allCases
    func rank(_ key: PhaseKey) -> (String, Int, Int) {
      (key.power ?? "", key.overTLS ? 1 : 0, order.firstIndex(of: key.phase) ?? 0)
    }
    return keys.sorted { rank($0) < rank($1) }.map { key in
      (key, key.phase.words + modes(key.overTLS && key.phase != .tlsHandshake, key.power))
    }
  }

  func quantiles(of endpoint: AttemptTrace.Endpoint, in run: LatencyRun) -> LatencyQuantiles? {
    let found = run.phases.first {
      $0.endpoint == endpoint && PhaseKey(phase: $0.phase, overTLS: $0.overTLS, power: $0.power) == self
    }
    return found.flatMap { LatencyHistogram($0.samples).quantiles }
  }
}

extension ConnectionPhase {
  /// What tables call it.
  var words: String {
    switch self {
    case .tcpConnect: "TCP connect"
    case .tlsHandshake: "TLS handshake"
    case .openingHandshake: "opening handshake"
    case .firstMessage: "first message"
    case .echo: "echo"
    case .closingHandshake: "closing handshake"
    case .reconnect: "reconnect"
    }
  }
}

extension LatencyComparison.Outcome {
  /// What tables call it.
  var words: String {
    switch self {
    case .slower: "slower: a regression"
    case .faster: "faster"
    case .same: "no difference shown"
    case .tooFewSamples: "too few samples"
    case .computerChanged: "not told apart from a change of the computer"
    }
  }
}

extension Int {
  /// The number with what it counts, where the plural has a form of its own.
  func counted(_ singular: String, _ plural: String) -> String { "\(self) \(self == 1 ? singular : plural)" }
}
