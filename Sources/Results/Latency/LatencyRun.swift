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
  /// What the client cost its board.
  public var costs: BoardCosts = BoardCosts()
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
  public var outcome: RunOutcome {
    let clientFailed = failures.contains { $0.blame == .client }
    if clientFailed || baseline?.hasRegressed == true { return .caseFailed }
    let benchFailed = failures.contains { $0.blame == .bench } || hasLostBoard
    return benchFailed || baseline?.isInconclusive == true ? .inconclusive : .allWell
  }

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

  /// The exchanges of all rounds.
  public var exchanges: [Exchange] { rounds.flatMap { $0.map(\.exchange) } }

  /// The latencies of each round in nanoseconds, from the message's leaving to the echo's coming.
  public var samples: [[Int]] { rounds.map { $0.map(\.exchange.wireNanoseconds) } }
}

/// An exchange, and when the schedule wanted it to begin.
public struct TimedExchange: Sendable, Hashable {
  /// The exchange.
  public var exchange: Exchange
  /// When the schedule wanted the message to be sent, on the clock of the exchange; nil where the load is closed.
  public var due: UInt64?

  /// Puts both together.
  public init(_ exchange: Exchange, due: UInt64? = nil) {
    self.exchange = exchange
    self.due = due
  }

  /// From the instant that the schedule wanted to the echo's coming: what a user with that schedule would have felt.
  public var sinceDueNanoseconds: Int? {
    due.map { due in
      let end = exchange.received ?? exchange.seen
      return end > due ? Int(end - due) : 0
    }
  }
}

/// The phases of one endpoint's connections.
public struct PhaseMeasurement: Sendable, Hashable {
  /// Whose.
  public var endpoint: AttemptTrace.Endpoint
  /// Whether over TLS.
  public var overTLS: Bool
  /// The power mode of the board's radio; nil where it was left alone.
  public var power: String?
  /// Which phase.
  public var phase: ConnectionPhase
  /// How long it took, each time, in nanoseconds.
  public var samples: [Int]

  /// Creates a measurement.
  public init(
    endpoint: AttemptTrace.Endpoint, overTLS: Bool, power: String?, phase: ConnectionPhase, samples: [Int]
  ) {
    self.endpoint = endpoint
    self.overTLS = overTLS
    self.power = power
    self.phase = phase
    self.samples = samples
  }
}

/// The throughput of one endpoint, in one direction.
public struct ThroughputMeasurement: Sendable, Hashable {
  /// Whose.
  public var endpoint: AttemptTrace.Endpoint
  /// Whether over TLS.
  public var overTLS: Bool
  /// The power mode of the board's radio; nil where it was left alone.
  public var power: String?
  /// Which way.
  public var direction: Throughput.Direction
  /// Each time it was measured.
  public var samples: [Throughput]

  /// Creates a measurement.
  public init(
    endpoint: AttemptTrace.Endpoint, overTLS: Bool, power: String?, direction: Throughput.Direction,
    samples: [Throughput]
  ) {
    self.endpoint = endpoint
    self.overTLS = overTLS
    self.power = power
    self.direction = direction
    self.samples = samples
  }

  /// The median in bytes a second.
  public var bytesPerSecond: Double {
    let sorted = samples.map(\.bytesPerSecond).sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }
}

/// What the client cost its board, as the agent has it.
public struct BoardCosts: Sendable, Hashable, Codable {
  /// The longest time between two turns of the event loop, in microseconds; nil for a blocking client.
  public var longestGapMicroseconds: Int?
  /// The part of the time in which the event loop was at work, from 0 to 1, while messages were echoed; nil where it was not measured.
  public var cpuShare: Double?
  /// What an echo allocates on the heap, in bytes, freed or not; nil where it was not counted.
  public var allocatedPerEcho: Int?
  /// The least free heap after a collection, in bytes.
  public var leastFreeHeap: Int?
  /// How much less heap was free at the end than at the beginning, in bytes, both after a collection.
  public var keptHeap: Int?

  /// Creates costs of which nothing is known.
  public init() {}
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
