import Latency
import Traces

/// A latency run beside its baseline. It stands in `latency.json` as it is.
public struct LatencyBaselineReport: Sendable, Hashable, Codable {
  /// A series beside the same series of the baseline.
  public struct Row: Sendable, Hashable, Codable {
    /// What tells the series from the others.
    public var id: String
    /// What its samples count.
    public var unit: ComparableSeries.Unit
    /// The client's series beside its former one.
    public var device: LatencyComparison
    /// The reference's series beside its former one: how the rig itself has changed. Nil where the reference has no such series.
    public var reference: LatencyComparison?
  }

  /// The file of the baseline, as the user named it.
  public var baseline: String
  /// How large a difference of the medians must be, as a part of the old one.
  public var minimumEffect: Double
  /// The series that both runs have.
  public var rows: [Row]
  /// The series that only one of them has.
  public var unmatched: [String]
  /// Those of phases, throughput and costs of which a run has too few rounds. Of echoes they are among the rows, and leave open what the
  /// run comes to.
  public var tooFew: [String]
  /// Why nothing is compared; nil where something is.
  public var obstacle: String?

  /// Whether a series of the client's became slower.
  public var hasRegressed: Bool { rows.contains { $0.device.outcome == .slower } }
  /// Whether nothing can be said of a series, or of all.
  public var isInconclusive: Bool {
    rows.isEmpty || rows.contains { [.tooFewSamples, .computerChanged].contains($0.device.outcome) }
  }

  /// What a run comes to beside it that without it comes to that.
  public func outcome(of own: RunOutcome) -> RunOutcome {
    if own == .caseFailed || hasRegressed { return .caseFailed }
    return isInconclusive ? .inconclusive : own
  }

  /// Compares a run with an earlier one.
  ///
  /// Where the board is this computer, what slows the computer slows the board
  /// (``LatencyComparison/sharing(old:new:reference:minimumEffect:significance:)``). A board of its own keeps its time.
  public init(
    _ run: LatencyBaseline, beside baseline: LatencyBaseline, named name: String,
    minimumEffect: Double = LatencyComparison.minimumEffect
  ) {
    self.baseline = name
    self.minimumEffect = minimumEffect
    obstacle = baseline.obstacle(to: run.board)
    (rows, unmatched, tooFew) = ([], [], [])
    guard obstacle == nil else { return }
    let pairs = run.series.filter { $0.endpoint == .device }.compactMap { new in
      baseline.series(new.id, .device).flatMap { $0.unit == new.unit ? (old: $0, new: new) : nil }
    }
    let comparing = Comparing(run, baseline, minimumEffect, rows: pairs.count)
    for (old, new) in pairs {
      let row = comparing.row(old, new)
      if new.isOfEchoes || row.device.outcome != .tooFewSamples {
        rows.append(row)
      } else {
        tooFew.append(new.id)
      }
    }
    let ids = (run.series + baseline.series).filter { $0.endpoint == .device }.map(\.id)
    unmatched = Set(ids).subtracting(pairs.map(\.new.id)).sorted()
  }

  /// Compares a run that has just been measured.
  public init(
    _ run: LatencyRun, beside baseline: LatencyBaseline, named name: String,
    minimumEffect: Double = LatencyComparison.minimumEffect
  ) {
    self.init(LatencyBaseline(run), beside: baseline, named: name, minimumEffect: minimumEffect)
  }
}

/// How the rows of two runs are compared.
private struct Comparing {
  private let run: LatencyBaseline
  private let baseline: LatencyBaseline
  private let minimumEffect: Double
  private let significance: Double

  init(_ run: LatencyBaseline, _ baseline: LatencyBaseline, _ minimumEffect: Double, rows: Int) {
    self.run = run
    self.baseline = baseline
    self.minimumEffect = minimumEffect
    significance = LatencyComparison.significance / Double(max(1, rows))
  }

  func row(_ old: ComparableSeries, _ new: ComparableSeries) -> LatencyBaselineReport.Row {
    let reference = reference(new.id)
    let device =
      if let reference, run.board?.kind.isHardware == false {
        LatencyComparison.sharing(
          old: old.rounds, new: new.rounds, reference: reference, minimumEffect: minimumEffect,
          significance: significance)
      } else {
        LatencyComparison(
          old: old.rounds, new: new.rounds, minimumEffect: minimumEffect, significance: significance)
      }
    return LatencyBaselineReport.Row(id: new.id, unit: new.unit, device: device, reference: reference)
  }

  private func reference(_ id: String) -> LatencyComparison? {
    guard let old = baseline.series(id, .reference), let new = run.series(id, .reference) else { return nil }
    return LatencyComparison(
      old: old.rounds, new: new.rounds, minimumEffect: minimumEffect, significance: significance)
  }
}
