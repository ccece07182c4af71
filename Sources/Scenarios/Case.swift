import Steps

/// One scenario with its modifiers: what is run once on one link. Its payloads are concrete: the same seed makes the same bytes.
public struct Case: Sendable, Hashable {
  /// The scenario, with every random payload drawn.
  public var scenario: Scenario
  /// How the server's bytes are delivered.
  public var delivery: Delivery

  /// Creates a case.
  public init(scenario: Scenario, delivery: Delivery = .whole) {
    self.scenario = scenario
    self.delivery = delivery
  }

  /// The scenario's id, followed by its modifiers: `2.ping-between-fragments@bytewise`.
  public var id: String { delivery == .whole ? scenario.id : "\(scenario.id)@\(delivery.rawValue)" }
}
