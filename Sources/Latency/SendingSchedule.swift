import Traces

/// The schedule of an open load, and how well the sender kept it. For each message its script waits until that is due and sends it: two
/// steps.
public struct SendingSchedule: Sendable, Hashable {
  private let began: UInt64
  private let spacingNanoseconds: UInt64
  /// When each step began.
  private let starts: [Int: UInt64]

  /// The schedule by which a connection's messages were sent; nil where nothing was.
  public init?(_ connection: ConnectionTrace, spacingMilliseconds: Int) {
    var starts: [Int: UInt64] = [:]
    for event in connection.events {
      if case .stepStarted(let index) = event.kind { starts[index] = event.instantNanoseconds }
    }
    guard let began = starts[0] else { return nil }
    self.began = began
    self.starts = starts
    spacingNanoseconds = UInt64(max(0, spacingMilliseconds)) * 1_000_000
  }

  /// When the message of that place is due.
  public func due(_ index: Int) -> UInt64 { began + UInt64(index) * spacingNanoseconds }

  /// By how much the sender itself began each message late, in nanoseconds; nil where it never began one.
  ///
  /// One that always gets to run begins when the message is due, or when the client has taken the one before, if that is later. What the
  /// real one began later is its own, or this computer's; the rest is the client's.
  public func ownLateness(count: Int) -> [Int?] {
    var ideal = began
    return (0..<count).map { index in
      guard let start = starts[2 * index + 1] else { return nil }
      ideal = max(ideal, due(index))
      let late = Exchange.between(ideal, start)
      // How long the client, by its full buffers, kept the sender from going on.
      if let next = starts[2 * index + 2] { ideal += UInt64(Exchange.between(start, next)) }
      return late
    }
  }
}
