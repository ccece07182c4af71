import Synchronization

/// Counts, from any thread.
final class Tally: Sendable {
  private let number = Mutex(0)

  /// How many there were.
  var count: Int { number.withLock { $0 } }

  /// One more.
  func add() { number.withLock { $0 += 1 } }
}
