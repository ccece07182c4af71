import Latency
import Results
import Traces

/// `latency.json`: a latency run for programs, and the baseline of later ones. Its schema is `fixtures/schema/latency.schema.json`;
/// whoever changes one changes the other, and the version with it.
struct LatencyDocument: Encodable {
  static let currentVersion = 1

  var schemaVersion = Self.currentVersion
  var tool: String
  var seed: UInt64
  var board: BoardRecord
  var client: ClientIdentity
  var environment: LatencyEnvironment
  var startedAt: String
  var durationSeconds: Double
  var rounds: Int
  var warmUp: Int
  var wasInterrupted: Bool
  var hasLostBoard: Bool
  var series: [Series]
  var noise: [LatencyNoise]
  var phases: [Phase]
  var throughput: [Throughput]
  var costs: BoardCosts
  var findings: [LatencyFinding]
  var failures: [LatencyFailure]
  var baseline: LatencyBaselineReport?
  var boardEvents: [BoardEventRecord]

  init(_ run: LatencyRun, _ summaries: [SeriesSummary]) {
    tool = run.tool
    seed = run.seed
    board = run.board
    client = run.client
    environment = run.environment
    startedAt = ResultsDocument.timestamp(run.startedAt)
    durationSeconds = run.durationSeconds.rounded(toPlaces: 3)
    rounds = run.rounds
    warmUp = run.warmUp
    wasInterrupted = run.wasInterrupted
    hasLostBoard = run.hasLostBoard
    series = summaries.map(Series.init)
    noise = run.noise
    phases = run.phases.compactMap(Phase.init)
    throughput = run.throughputs.map(Throughput.init)
    costs = run.costs
    findings = run.findings
    failures = run.failures
    baseline = run.baseline
    boardEvents = run.boardEvents
  }

  struct Series: Encodable {
    var name: String
    var conditions: LatencyConditions
    var endpoint: AttemptTrace.Endpoint
    var raw: LatencyQuantiles
    var corrected: LatencyQuantiles?
    var confidence: [String: ConfidenceInterval]
    var layers: LatencyLayers
    var networkIsEstimated: Bool
    var shares: [LatencyLayers.Share]
    var samplesNanoseconds: [[Int]]

    init(_ summary: SeriesSummary) {
      name = summary.name
      conditions = summary.conditions
      endpoint = summary.endpoint
      raw = summary.raw
      corrected = summary.corrected
      let intervals = [
        ("p50", summary.p50Interval), ("p90", summary.p90Interval), ("p99", summary.p99Interval),
        ("p999", summary.p999Interval),
      ]
      confidence = intervals.reduce(into: [:]) { $0[$1.0] = $1.1 }
      layers = summary.layers
      networkIsEstimated = summary.layers.networkIsEstimated
      shares = summary.layers.shares
      samplesNanoseconds = summary.measurement.samples
    }
  }

  struct Phase: Encodable {
    var endpoint: AttemptTrace.Endpoint
    var overTLS: Bool
    var power: String?
    var phase: ConnectionPhase
    var quantiles: LatencyQuantiles

    init?(_ measurement: PhaseMeasurement) {
      guard let quantiles = LatencyHistogram(measurement.samples).quantiles else { return nil }
      endpoint = measurement.endpoint
      overTLS = measurement.overTLS
      power = measurement.power
      phase = measurement.phase
      self.quantiles = quantiles
    }
  }

  struct Throughput: Encodable {
    var endpoint: AttemptTrace.Endpoint
    var overTLS: Bool
    var power: String?
    var direction: Latency.Throughput.Direction
    var bytesPerSecond: Double
    var count: Int

    init(_ measurement: ThroughputMeasurement) {
      endpoint = measurement.endpoint
      overTLS = measurement.overTLS
      power = measurement.power
      direction = measurement.direction
      bytesPerSecond = measurement.bytesPerSecond.rounded(toPlaces: 0)
      count = measurement.samples.count
    }
  }
}

extension LatencyRun {
  /// How much the rig itself contributes, for each conditions.
  var noise: [LatencyNoise] {
    series.filter { $0.endpoint == .reference }.compactMap(LatencyNoise.init)
  }
}
