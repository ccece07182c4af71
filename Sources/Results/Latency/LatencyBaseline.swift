import Latency
import Traces

/// A latency run as far as another one is held against it: this run's own, or what the `latency.json` of an earlier one says.
public struct LatencyBaseline: Sendable, Hashable {
  /// The board; nil in what an older tool has written.
  public var board: BoardRecord?
  /// The series.
  public var series: [ComparableSeries]
  /// What the run came to without a baseline.
  public var outcome: RunOutcome

  /// What of a run a later one is held against.
  public init(_ run: LatencyRun) {
    (board, series, outcome) = (run.board, run.comparables, run.ownOutcome)
  }

  /// Why a run on that board cannot be held against it; nil where it can.
  func obstacle(to board: BoardRecord?) -> String? {
    guard let own = self.board, let board, (own.kind, own.machine) != (board.kind, board.machine) else {
      return nil
    }
    return
      "the baseline was measured on \(own.machine) (\(own.kind.rawValue)), and this run on \(board.machine) (\(board.kind.rawValue))"
  }

  func series(_ id: String, _ endpoint: AttemptTrace.Endpoint) -> ComparableSeries? {
    series.first { $0.id == id && $0.endpoint == endpoint }
  }
}

extension LatencyBaseline: Decodable {
  /// A row of any of the file's lists. What an older tool has written has no id, and samples of echoes only.
  private struct Row: Decodable {
    var id: String?
    var conditions: LatencyConditions?
    var endpoint: AttemptTrace.Endpoint?
    var unit: ComparableSeries.Unit?
    var samples: [[Int]]?
    var samplesNanoseconds: [[Int]]?

    var series: ComparableSeries? {
      guard let id = id ?? conditions?.name, let rounds = samples ?? samplesNanoseconds else { return nil }
      return ComparableSeries(
        id: id, endpoint: endpoint ?? .device, unit: unit ?? .nanoseconds, isOfEchoes: conditions != nil,
        rounds: rounds)
    }
  }

  private enum CodingKeys: String, CodingKey {
    case board, series, phases, throughput, costSeries, failures, hasLostBoard
  }

  /// Reads what a `latency.json` says.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    board = try values.decodeIfPresent(BoardRecord.self, forKey: .board)
    let rows = try [CodingKeys.phases, .throughput, .costSeries].flatMap {
      try values.decodeIfPresent([Row].self, forKey: $0) ?? []
    }
    series = (try values.decode([Row].self, forKey: .series) + rows).compactMap(\.series)
    outcome = LatencyFailure.outcome(
      try values.decodeIfPresent([LatencyFailure].self, forKey: .failures) ?? [],
      hasLostBoard: try values.decodeIfPresent(Bool.self, forKey: .hasLostBoard) ?? false)
  }
}
