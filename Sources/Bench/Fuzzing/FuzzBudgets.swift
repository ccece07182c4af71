/// What the time that the user gave a run leaves room for.
struct FuzzTime {
  /// How long the run lasts; nil is no limit.
  var most: Duration?

  /// So much longer are findings confirmed that were seen in time; the help says so.
  private static let confirming = Duration.seconds(10)

  /// Whether a case, or a try to make one smaller, still begins so long after the run began.
  func begins(after elapsed: Duration) -> Bool { most.map { elapsed < $0 } ?? true }

  /// Whether a repeat of what was found still begins.
  func confirms(after elapsed: Duration) -> Bool { most.map { elapsed < $0 + Self.confirming } ?? true }
}

/// What may be spent on making a finding's case smaller.
public struct ShrinkingBudget: Sendable {
  /// So many executions at most.
  public var executions = 160
  /// So long, unless that were too few executions.
  public var time = Duration.seconds(10)
  /// So many executions however long they take: with a client that hangs each one lasts until a deadline.
  public var fewestExecutions = 30

  /// Creates the usual one.
  public init() {}

  /// Whether another execution may be spent.
  func allowsMore(after executions: Int, _ elapsed: Duration) -> Bool {
    executions < (elapsed < time ? self.executions : min(self.executions, fewestExecutions))
  }
}
