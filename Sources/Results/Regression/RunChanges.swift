import Latency
import Verdicts

/// What changed from one run to another: verdicts, broken rules, frames, latency.
public struct RunChanges: Sendable, Hashable, Encodable {
  /// A case that is not what it was.
  public struct Row: Sendable, Hashable, Encodable {
    /// The case's id; where each of several boards ran all cases in both runs, with its board behind it.
    public var `case`: String
    /// Its verdict in the old run; nil where it did not run there.
    public var old: Verdict?
    /// Its verdict in the new one.
    public var new: Verdict?
    /// MUSTs that it breaks now and did not before, sorted.
    public var brokenAnew: [String]
    /// MUSTs that it no longer breaks, sorted.
    public var brokenNoLonger: [String]
    /// What the device does otherwise than before beside the reference, in words.
    public var frames: [String]
    /// Why it is a regression; nil where it is none.
    public var regression: String?
  }

  /// The median and the 99th percentile of a measure, in nanoseconds.
  public struct LatencyRow: Sendable, Hashable, Encodable {
    /// The measure, in the old run and in the new one, each over all payload sizes.
    public var old: LatencySeries
    /// The same in the new run.
    public var new: LatencySeries
  }

  /// The cases that changed, in the order of the new run, those that only the old run has at the end.
  public let cases: [Row]
  /// How many cases both runs have and are the same.
  public let unchangedCount: Int
  /// What the run as a whole breaks now.
  public let overTheRun: [String]
  /// The measures that both runs have.
  public let latency: [LatencyRow]
  /// Cases that the new run cannot tell of, though the old one could.
  public let inconclusive: [String]
  /// Cases in which the reference failed in the new run.
  public let referenceFailed: [String]

  /// Compares two runs.
  /// - Parameter name: how the old run is called in sentences.
  public init(from old: RecordedRun, named name: String, to new: RecordedRun, today: CalendarDay) {
    let isByBoard = old.each == true && new.each == true
    let label = { @Sendable (row: RecordedCase) in row.label(withBoard: isByBoard) }
    let report = Baseline(name: name, run: old).report(on: new, today: today)
    let regressions = Dictionary(
      report.regressions.map { ($0.name, $0.sentence) }, uniquingKeysWith: { first, _ in first })
    let before = Dictionary(old.cases.map { (label($0), $0) }, uniquingKeysWith: { $1 })
    let after = Set(new.cases.map(label))
    let rows = new.cases.map { row in
      Row(
        label(row), before[label(row)], row, regression: regressions[row.label(withBoard: new.each == true)])
    }
    cases =
      rows.filter(\.isChange)
      + old.cases.filter { !after.contains(label($0)) }.map { Row(label($0), $0, nil, regression: nil) }
    unchangedCount = rows.count { !$0.isChange }
    overTheRun = report.regressions.filter { $0.case == AcceptedDeviation.overTheRun }.map(\.sentence)
    latency = Self.latency(old.latency, new.latency)
    inconclusive = new.cases.filter { row in
      row.verdict == .inconclusive && before[label(row)].map { $0.verdict != .inconclusive } ?? true
    }.map(label)
    referenceFailed = new.cases.filter(\.referenceFailed).map(label)
  }

  /// The cases that got worse in a way that counts.
  public var regressions: [Row] { cases.filter { $0.regression != nil } }

  /// What the comparison comes to, as a run does.
  public var outcome: RunOutcome {
    if !regressions.isEmpty || !overTheRun.isEmpty { return .caseFailed }
    return inconclusive.isEmpty && referenceFailed.isEmpty ? .allWell : .inconclusive
  }

  private static func latency(_ old: LatencySummary, _ new: LatencySummary) -> [LatencyRow] {
    new.series.filter { $0.payloadLength == nil && $0.count > 0 }.compactMap { series in
      let match = old.series.first {
        $0.payloadLength == nil && $0.count > 0 && $0.endpoint == series.endpoint
          && $0.measure == series.measure
      }
      return match.map { LatencyRow(old: $0, new: series) }
    }
  }
}

extension RunChanges.Row {
  fileprivate init(_ name: String, _ old: RecordedCase?, _ new: RecordedCase?, regression: String?) {
    self.case = name
    self.old = old?.verdict
    self.new = new?.verdict
    self.regression = regression
    let (before, after) = (old?.brokenRules ?? [], new?.brokenRules ?? [])
    brokenAnew = new == nil ? [] : after.subtracting(before).sorted()
    brokenNoLonger = new == nil ? [] : before.subtracting(after).sorted()
    let known = Set((old?.differences ?? []).map(\.words))
    frames = old == nil ? [] : (new?.differences ?? []).map(\.words).filter { !known.contains($0) }
  }

  fileprivate var isChange: Bool {
    old != new || !brokenAnew.isEmpty || !brokenNoLonger.isEmpty || !frames.isEmpty
  }
}

extension RecordedCase {
  /// What tells the case from the others of its run.
  fileprivate func label(withBoard: Bool) -> String {
    withBoard ? board.map { "\(id) on \($0)" } ?? id : id
  }
}

extension Difference {
  /// What the two clients did at that place. The bytes of a frame that was cut are left out: its masking key is another each time.
  fileprivate var words: String {
    let parts = [device, reference].map { text in
      text.map { $0.contains("incomplete frame") ? "an incomplete frame" : $0 } ?? "nothing"
    }
    return "\(parts[0]) where the reference has \(parts[1])"
  }
}
