/// How far a case is kept apart from the cases before it on the board.
public enum Isolation: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// In the interpreter of the case before, with the client as that one left it.
  case sameInterpreter = "same interpreter"
  /// After a soft reset: a new heap, closed sockets, the client loaded again.
  case softReset = "soft reset"
  /// After a hard reset: the board restarted as by its reset button, the client loaded again.
  case hardReset = "hard reset"

  /// The one that sets less apart is less.
  public static func < (one: Self, other: Self) -> Bool {
    let order = allCases
    return (order.firstIndex(of: one) ?? 0) < (order.firstIndex(of: other) ?? 0)
  }
}
