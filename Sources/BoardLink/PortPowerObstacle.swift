/// Why the power of a board's port cannot be switched: the rung of the ladder is skipped, with this reason.
public struct PortPowerObstacle: Error, Sendable, Equatable, CustomStringConvertible {
  /// The reason, a clause.
  public let reason: String

  /// Gives a reason.
  public init(_ reason: String) { self.reason = reason }

  /// As the rung's event tells it.
  public var description: String { "skipped, as \(reason)" }
}
