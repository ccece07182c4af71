import Latency
import Rainbow
import Results

/// A latency run beside an earlier one, as text for a person and as JSON: the same after a run and by `wsrig compare`.
public enum LatencyComparisonTable {
  /// What the columns are.
  static let columns = ["beside the baseline", "median old", "median new", "change", "by chance", "result"]

  /// The comparison as text.
  public static func text(of baseline: LatencyBaselineReport, style: TerminalStyle) -> String {
    if let obstacle = baseline.obstacle {
      return style.colored("nothing is compared with \(baseline.baseline): \(obstacle)", .magenta)
    }
    var table = TextTable(columns: columns)
    for row in baseline.rows { table.add(cells(of: row)) }
    return ([table.text] + notes(on: baseline).map(style.dim)).joined(separator: "\n")
  }

  /// The comparison as JSON, as it also stands in `latency.json`.
  public static func json(of baseline: LatencyBaselineReport) -> String { JSONReport.text(of: baseline) }

  /// The cells of a row.
  static func cells(of row: LatencyBaselineReport.Row) -> [String] {
    let device = row.device
    return [
      row.id, row.unit.text(device.oldMedian), row.unit.text(device.newMedian),
      // Otherwise it would seem to contradict the medians beside it.
      percent(device.ratio) + (device.drift == 1 ? "" : " *"),
      device.probability < 0.0001 ? "< 0.0001" : "\(device.probability.rounded(toPlaces: 4))",
      device.outcome.words(of: row.unit),
    ]
  }

  /// What is to be said below them, each in one sentence.
  static func notes(on baseline: LatencyBaselineReport) -> [String] {
    var notes = baseline.rows.filter { $0.device.drift != 1 }.map {
      "* \($0.id): this computer itself is at \(percent($0.device.drift)), which is taken out of the change"
    }
    if let obstacle = baseline.obstacle { notes.append("nothing is compared: \(obstacle)") }
    if !baseline.tooFew.isEmpty {
      notes.append("not compared, for too few rounds: \(baseline.tooFew.joined(separator: ", "))")
    }
    if !baseline.unmatched.isEmpty {
      notes.append("only one of the two runs has: \(baseline.unmatched.joined(separator: ", "))")
    }
    return notes + [
      "not compared, as a run has one figure of each: longest delay of another task, least heap free, heap kept"
    ]
  }

  private static func percent(_ ratio: Double) -> String {
    let percent = ((ratio - 1) * 100).rounded(toPlaces: 1)
    return "\(percent < 0 ? "" : "+")\(percent) %"
  }
}

extension ComparableSeries.Unit {
  /// A figure with it.
  fileprivate func text(_ value: Int) -> String {
    switch self {
    case .nanoseconds: duration(value)
    case .nanosecondsPerKiB: "\(duration(value)) a KiB"
    case .thousandths: "\((Double(value) / 10).rounded(toPlaces: 1)) %"
    case .bytes: "\(value) bytes"
    }
  }
}

extension LatencyComparison.Outcome {
  /// What tables call it, of what is counted so.
  fileprivate func words(of unit: ComparableSeries.Unit) -> String {
    let isTime = [.nanoseconds, .nanosecondsPerKiB].contains(unit)
    return switch self {
    case .slower: isTime ? "slower: a regression" : "more: a regression"
    case .faster: isTime ? "faster" : "less"
    case .same: "no difference shown"
    case .tooFewSamples: "too few rounds"
    case .computerChanged: "not told apart from a change of the computer"
    }
  }
}
