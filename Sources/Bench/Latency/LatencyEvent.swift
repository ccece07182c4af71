import Results

/// What a latency run tells while it goes on.
public enum LatencyEvent: Sendable {
  /// What every run tells of its board and its bench.
  case bench(RunEvent)
  /// The board is identified and the client loaded; nothing has been measured yet.
  case started(LatencyRun, turns: Int)
  /// A turn begins.
  case turn(name: String, round: Int)
  /// A turn is over.
  case turnEnded(failed: Bool)
  /// A turn came to nothing.
  case failure(LatencyFailure)
}
