import Latency
import Results
import Traces

/// `latency.json`: a latency run for programs, and the baseline of later ones. Its schema is `fixtures/schema/latency.schema.json`;
/// whoever changes one changes the other, and the version with it.
struct LatencyDocument: Encodable {
  static let currentVersion = 2

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
  var costSeries: [Cost]
  var costs: BoardCosts
  var powerModes: [PowerModeRecord]
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
    costSeries = run.costSeries.map(Cost.init)
    costs = run.costs
    powerModes = run.powerModes
    findings = run.findings
    failures = run.failures
    baseline = run.baseline
    boardEvents = run.boardEvents
  }

  struct Series: Encodable {
    var id: String
    var name: String
    var conditions: LatencyConditions
    var endpoint: AttemptTrace.Endpoint
    var raw: LatencyQuantiles
    var corrected: LatencyQuantiles?
    var confidence: [String: ConfidenceInterval?]
    var layers: LatencyLayers
    var networkIsEstimated: Bool
    var shares: [LatencyShares.Share]
    var schedule: Schedule?
    var samplesNanoseconds: [[Int]]

    init(_ summary: SeriesSummary) {
      id = summary.measurement.id
      name = summary.name
      conditions = summary.conditions
      endpoint = summary.endpoint
      raw = summary.raw
      corrected = summary.corrected
      confidence = [
        "p50": summary.p50Interval, "p90": summary.p90Interval, "p99": summary.p99Interval,
        "p999": summary.p999Interval,
      ]
      layers = summary.layers
      networkIsEstimated = summary.shares.networkIsEstimated
      shares = summary.shares.shares
      schedule = summary.lateness.map(Schedule.init)
      samplesNanoseconds = summary.measurement.samples
    }
  }

  /// By how much the sender itself was behind its schedule.
  struct Schedule: Encodable {
    @NullInJSON var p99LatenessNanoseconds: Int?
    var maxLatenessNanoseconds: Int

    init(_ lateness: LatencyQuantiles) {
      p99LatenessNanoseconds = lateness.p99Nanoseconds
      maxLatenessNanoseconds = lateness.maxNanoseconds
    }
  }

  struct Phase: Encodable {
    var id: String
    var endpoint: AttemptTrace.Endpoint
    var overTLS: Bool
    var power: String?
    var phase: ConnectionPhase
    var quantiles: LatencyQuantiles
    var samplesNanoseconds: [[Int]]

    init?(_ measurement: PhaseMeasurement) {
      guard let quantiles = LatencyHistogram(measurement.samples).quantiles else { return nil }
      id = measurement.id
      samplesNanoseconds = measurement.rounds
      endpoint = measurement.endpoint
      overTLS = measurement.overTLS
      power = measurement.power
      phase = measurement.phase
      self.quantiles = quantiles
    }
  }

  struct Throughput: Encodable {
    var id: String
    var endpoint: AttemptTrace.Endpoint
    var overTLS: Bool
    var power: String?
    var direction: Latency.Throughput.Direction
    var bytesPerSecond: Double
    var count: Int
    var unit: ComparableSeries.Unit
    var samples: [[Int]]

    init(_ measurement: ThroughputMeasurement) {
      id = measurement.id
      (unit, samples) = (measurement.comparable.unit, measurement.comparable.rounds)
      endpoint = measurement.endpoint
      overTLS = measurement.overTLS
      power = measurement.power
      direction = measurement.direction
      bytesPerSecond = measurement.bytesPerSecond.rounded(toPlaces: 0)
      count = measurement.samples.count
    }
  }

  struct Cost: Encodable {
    var id: String
    var cost: CostMeasurement.Cost
    var power: String?
    var median: Int
    var unit: ComparableSeries.Unit
    var samples: [[Int]]

    init(_ measurement: CostMeasurement) {
      id = measurement.id
      cost = measurement.cost
      power = measurement.power
      median = measurement.median
      (unit, samples) = (measurement.comparable.unit, measurement.comparable.rounds)
    }
  }
}

extension LatencyRun {
  /// How much the rig itself contributes, for each conditions.
  var noise: [LatencyNoise] {
    series.filter { $0.endpoint == .reference }.compactMap(LatencyNoise.init)
  }
}
