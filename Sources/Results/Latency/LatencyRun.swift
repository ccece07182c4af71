import Latency
import Traces

/// Everything that is known of a latency run: Bench makes it, the reports show it.
public struct LatencyRun: Sendable {
  /// The tool's version.
  public var tool: String
  /// The seed of payloads and masking keys.
  public var seed: UInt64
  /// The board.
  public var board: BoardRecord
  /// The client under test.
  public var client: ClientIdentity
  /// What the computer was like.
  public var environment: LatencyEnvironment
  /// The start in seconds since 1970-01-01 UTC.
  public var startedAt: Double
  /// How long it took, in seconds.
  public var durationSeconds: Double = 0
  /// How often device and reference took turns.
  public var rounds: Int
  /// How many exchanges of each turn were left out, because the first ones of a connection are slower.
  public var warmUp: Int
  /// The series, device and reference of each conditions one after the other.
  public var series: [LatencyMeasurement] = []
  /// The phases of connections.
  public var phases: [PhaseMeasurement] = []
  /// Throughput.
  public var throughputs: [ThroughputMeasurement] = []
  /// What the client cost its board, round by round.
  public var costSeries: [CostMeasurement] = []
  /// What the client cost its board over the whole run.
  public var costs: BoardCosts = BoardCosts()
  /// The power modes that were asked of the board's radio, and what it answered.
  public var powerModes: [PowerModeRecord] = []
  /// The median where the client's writes stall, had the server acknowledged at once; in nanoseconds.
  public var controls: [LatencyConditions: Int] = [:]
  /// What deserves to be said of it.
  public var findings: [LatencyFinding] = []
  /// The run beside an earlier one; nil where there is none.
  public var baseline: LatencyBaselineReport?
  /// What happened to the board.
  public var boardEvents: [BoardEventRecord] = []
  /// Attempts that came to nothing, and why.
  public var failures: [LatencyFailure] = []
  /// Whether it was interrupted.
  public var wasInterrupted = false
  /// Whether the board was given up.
  public var hasLostBoard = false

  /// Creates a run of which nothing has been measured yet.
  public init(
    tool: String, seed: UInt64, board: BoardRecord, client: ClientIdentity,
    environment: LatencyEnvironment, startedAt: Double, rounds: Int, warmUp: Int
  ) {
    self.tool = tool
    self.seed = seed
    self.board = board
    self.client = client
    self.environment = environment
    self.startedAt = startedAt
    self.rounds = rounds
    self.warmUp = warmUp
  }

  /// What the run comes to: a client that does not echo has failed, and so has one that became slower; where the bench failed, or
  /// there is too little to compare, nothing is known.
  public var outcome: RunOutcome { baseline?.outcome(of: ownOutcome) ?? ownOutcome }

  /// The same without the baseline.
  var ownOutcome: RunOutcome { LatencyFailure.outcome(failures, hasLostBoard: hasLostBoard) }

  /// The series of an endpoint under these conditions.
  public func series(_ conditions: LatencyConditions, _ endpoint: AttemptTrace.Endpoint)
    -> LatencyMeasurement?
  {
    series.first { $0.conditions == conditions && $0.endpoint == endpoint }
  }
}

/// The exchanges of one endpoint under the same conditions.
public struct LatencyMeasurement: Sendable, Hashable {
  /// Under what.
  public var conditions: LatencyConditions
  /// Whose.
  public var endpoint: AttemptTrace.Endpoint
  /// The exchanges of each round, without those of warming up.
  public var rounds: [[TimedExchange]] = []
  /// The round trips of TCP's handshakes, in nanoseconds.
  public var handshakes: [Int] = []

  /// Creates a series without exchanges.
  public init(conditions: LatencyConditions, endpoint: AttemptTrace.Endpoint) {
    self.conditions = conditions
    self.endpoint = endpoint
  }

  /// What tells it from all other series of a run, but for the endpoint.
  public var id: String { conditions.name }

  /// The exchanges of all rounds.
  public var exchanges: [Exchange] { rounds.flatMap { $0.map(\.exchange) } }

  /// The latencies of each round in nanoseconds, from the message's leaving to the echo's coming.
  public var samples: [[Int]] { rounds.map { $0.map(\.exchange.wireNanoseconds) } }
}

/// An exchange, and how the schedule of an open load was kept.
public struct TimedExchange: Sendable, Hashable {
  /// The exchange.
  public var exchange: Exchange
  /// When the schedule wanted the message to be sent, on the clock of the exchange; nil where the load is closed.
  public var due: UInt64?
  /// By how much the sender itself was behind its schedule (``SendingSchedule/ownLateness(count:)``); nil where the load is closed.
  public var ownLatenessNanoseconds: Int?

  /// Puts all of it together.
  public init(_ exchange: Exchange, due: UInt64? = nil, ownLatenessNanoseconds: Int? = nil) {
    self.exchange = exchange
    self.due = due
    self.ownLatenessNanoseconds = ownLatenessNanoseconds
  }

  /// From the instant that the schedule wanted to the echo's coming: what a user with that schedule would have felt.
  public var sinceDueNanoseconds: Int? {
    due.map { due in
      let end = exchange.received ?? exchange.seen
      return end > due ? Int(end - due) : 0
    }
  }
}

/// An attempt that came to nothing.
public struct LatencyFailure: Sendable, Hashable, Codable {
  /// Whose fault it is.
  public enum Blame: String, Sendable, Hashable, Codable { case client, bench }

  /// Where.
  public var name: String
  /// Whose fault it is.
  public var blame: Blame
  /// Why, in one sentence.
  public var reason: String

  /// Creates a failure.
  public init(name: String, blame: Blame, reason: String) {
    self.name = name
    self.blame = blame
    self.reason = reason
  }

  /// What a run comes to in which this came to nothing.
  static func outcome(_ failures: [LatencyFailure], hasLostBoard: Bool) -> RunOutcome {
    if failures.contains(where: { $0.blame == .client }) { return .caseFailed }
    return hasLostBoard || !failures.isEmpty ? .inconclusive : .allWell
  }
}

/// What the computer was like during the run.
public struct LatencyEnvironment: Sendable, Hashable, Codable {
  /// The operating system's kernel, as `uname -sr` has it.
  public var kernel: String
  /// The processor.
  public var processor: String
  /// How many of it there are.
  public var processorCount: Int
  /// How the processor's frequency is governed; nil where the computer does not say.
  public var governor: String?
  /// The load average of the last minute at the start.
  public var loadAtStart: Double?
  /// The same at the end.
  public var loadAtEnd: Double?
  /// What the kernel tells of when bytes come and go: `none`, `received` or `receivedAndSent`.
  public var kernelInstants: String

  /// Creates a description.
  public init(kernel: String, processor: String, processorCount: Int, kernelInstants: String = "none") {
    self.kernel = kernel
    self.processor = processor
    self.processorCount = processorCount
    self.kernelInstants = kernelInstants
  }
}
