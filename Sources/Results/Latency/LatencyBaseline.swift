import Latency
import Traces

/// What an earlier run's `latency.json` says, as far as a later run needs it.
public struct LatencyBaseline: Sendable, Decodable {
  /// A series.
  public struct Series: Sendable, Decodable {
    /// Under what.
    public var conditions: LatencyConditions
    /// Whose.
    public var endpoint: AttemptTrace.Endpoint
    /// The latencies of each round, in nanoseconds.
    public var samplesNanoseconds: [[Int]]
  }

  /// The board; nil in what an older tool has written.
  public var board: BoardRecord?
  /// The series.
  public var series: [Series]

  /// Why a run on that board cannot be held against it; nil where it can.
  func obstacle(to board: BoardRecord) -> String? {
    guard let own = self.board, (own.kind, own.machine) != (board.kind, board.machine) else { return nil }
    return
      "the baseline was measured on \(own.machine) (\(own.kind.rawValue)), and this run on \(board.machine) (\(board.kind.rawValue))"
  }

  func samples(_ conditions: LatencyConditions, _ endpoint: AttemptTrace.Endpoint) -> [Int] {
    series.first { $0.conditions == conditions && $0.endpoint == endpoint }?.samplesNanoseconds.flatMap(
      \.self)
      ?? []
  }
}

/// A latency run beside its baseline. It stands in `latency.json` as it is.
public struct LatencyBaselineReport: Sendable, Hashable, Codable {
  /// A series beside the same series of the baseline.
  public struct Row: Sendable, Hashable, Codable {
    /// The name of the conditions.
    public var conditions: String
    /// The client's series beside its former one.
    public var device: LatencyComparison
    /// The reference's series beside its former one: how the rig itself has changed.
    public var reference: LatencyComparison
  }

  /// The file of the baseline, as the user named it.
  public var baseline: String
  /// How large a difference of the medians must be, as a part of the old one.
  public var minimumEffect: Double
  /// The series that both runs have.
  public var rows: [Row]
  /// The conditions that only one of them has.
  public var unmatched: [String]
  /// Why nothing is compared; nil where something is.
  public var obstacle: String?

  /// Whether a series of the client's became slower.
  public var hasRegressed: Bool { rows.contains { $0.device.outcome == .slower } }
  /// Whether nothing can be said of a series, or of all.
  public var isInconclusive: Bool {
    rows.isEmpty || rows.contains { [.tooFewSamples, .computerChanged].contains($0.device.outcome) }
  }

  /// Compares a run.
  ///
  /// Where the board is this computer, what slows the computer slows the board (``LatencyComparison/sharing(old:new:reference:minimumEffect:)``).
  /// A board of its own keeps its time.
  public init(
    _ run: LatencyRun, beside baseline: LatencyBaseline, named name: String,
    minimumEffect: Double = LatencyComparison.minimumEffect
  ) {
    self.baseline = name
    self.minimumEffect = minimumEffect
    obstacle = baseline.obstacle(to: run.board)
    (rows, unmatched) = ([], [])
    guard obstacle == nil else { return }
    let measured = run.series.filter { $0.endpoint == .device }
    rows = measured.compactMap { series in
      let old = baseline.samples(series.conditions, .device)
      guard !old.isEmpty else { return nil }
      let reference = LatencyComparison(
        old: baseline.samples(series.conditions, .reference),
        new: run.series(series.conditions, .reference)?.samples.flatMap(\.self) ?? [],
        minimumEffect: minimumEffect)
      let new = series.samples.flatMap(\.self)
      let device =
        run.board.kind.isHardware
        ? LatencyComparison(old: old, new: new, minimumEffect: minimumEffect)
        : .sharing(old: old, new: new, reference: reference, minimumEffect: minimumEffect)
      return Row(conditions: series.conditions.name, device: device, reference: reference)
    }
    let matched = Set(rows.map(\.conditions))
    let names = measured.map(\.conditions.name) + baseline.series.map(\.conditions.name)
    unmatched = Set(names).subtracting(matched).sorted()
  }
}
