import Latency
import Traces

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
  /// How long it took in each round, each time, in nanoseconds.
  public var rounds: [[Int]]

  /// Creates a measurement.
  public init(
    endpoint: AttemptTrace.Endpoint, overTLS: Bool, power: String?, phase: ConnectionPhase, rounds: [[Int]]
  ) {
    self.endpoint = endpoint
    self.overTLS = overTLS
    self.power = power
    self.phase = phase
    self.rounds = rounds
  }

  /// What tells it from all other series of a run, but for the endpoint.
  public var id: String { SeriesID.text("phase-\(phase.rawValue)", overTLS: overTLS, power: power) }
  /// How long it took, each time, in nanoseconds.
  public var samples: [Int] { rounds.flatMap(\.self) }
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
  /// Each time it was measured, one a round.
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

  /// What tells it from all other series of a run, but for the endpoint.
  public var id: String { SeriesID.text("throughput-\(direction.rawValue)", overTLS: overTLS, power: power) }

  /// The median in bytes a second.
  public var bytesPerSecond: Double {
    let sorted = samples.map(\.bytesPerSecond).sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }
}

/// What the client costs its board, as the agent measures it once a round.
public struct CostMeasurement: Sendable, Hashable {
  /// What it costs.
  public enum Cost: String, Sendable, Hashable, Codable, CaseIterable {
    /// In how many thousandths of the time the event loop was at work while messages were echoed.
    case load
    /// What an echo allocates on the heap, in bytes, freed or not.
    case allocations
  }

  /// What it costs.
  public var cost: Cost
  /// Whether the messages went over TLS.
  public var overTLS: Bool
  /// The power mode of the board's radio; nil where it was left alone.
  public var power: String?
  /// Each time it was measured, one a round.
  public var samples: [Int]

  /// Creates a measurement.
  public init(cost: Cost, overTLS: Bool = false, power: String?, samples: [Int] = []) {
    self.cost = cost
    self.overTLS = overTLS
    self.power = power
    self.samples = samples
  }

  /// What tells it from all other series of a run.
  public var id: String { SeriesID.text(cost.rawValue, overTLS: overTLS, power: power) }
  /// The median.
  public var median: Int { LatencyComparison.median(samples) }
}

/// What the client cost its board over a whole run, as the agent has it.
public struct BoardCosts: Sendable, Hashable, Codable {
  /// The longest time, in microseconds, by which a task was late that sleeps 10 ms again and again: for so long the event loop did not
  /// turn. Nil for a blocking client.
  public var longestGapMicroseconds: Int?
  /// The least free heap of some readings, each after a collection, while the largest messages of the run were echoed; in bytes. Nil
  /// where nothing was read.
  public var leastFreeHeap: Int?
  /// How many readings that were.
  public var heapReadings: Int?
  /// How much less heap was free after the last round than after the first one, in bytes, both after a collection and after the same
  /// turn; nil where there was one round only.
  public var keptHeap: Int?

  /// Creates costs of which nothing is known.
  public init() {}
}

/// A power mode of a board's radio that was set, and what the radio then said it had.
public struct PowerModeRecord: Sendable, Hashable, Codable {
  /// The mode by the words of `wsrig.toml`.
  public var power: String
  /// What was read back, as the firmware has it, such as 0xa11142 (hil.md d-8).
  public var readBack: Int

  /// Creates a record.
  public init(power: String, readBack: Int) {
    self.power = power
    self.readBack = readBack
  }
}

/// How the series of a run are told apart.
enum SeriesID {
  /// A name, and under what it was measured.
  static func text(_ name: String, overTLS: Bool = false, power: String?) -> String {
    [name, overTLS ? "tls" : nil, power.map { "pm-\($0)" }].compactMap(\.self).joined(separator: "-")
  }
}
