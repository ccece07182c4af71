import Steps

/// One scenario with its modifiers: what is run once on one link. Its payloads are concrete: the same seed makes the same bytes.
public struct Case: Sendable, Hashable {
  /// The scenario, with every random payload drawn; over TLS its scripts say so.
  public var scenario: Scenario
  /// How the server's bytes are delivered.
  public var delivery: Delivery
  /// Whether a scenario that is written in clear is put over TLS.
  public private(set) var isOverTLS: Bool

  /// Creates a case.
  /// - Parameter overTLS: puts the scenario over TLS, unless it speaks TLS anyway.
  public init(scenario: Scenario, delivery: Delivery = .whole, overTLS: Bool = false) {
    isOverTLS = overTLS && !scenario.speaksTLS
    self.scenario = isOverTLS ? scenario.overTLS : scenario
    self.delivery = delivery
  }

  /// What stands behind the id of a scenario that is put over TLS.
  public static let tlsSuffix = "@tls"

  /// The scenario's id, followed by its modifiers: `2.ping-between-fragments@bytewise`, `2.ping-between-fragments@bytewise@tls`.
  public var id: String {
    (delivery == .whole ? scenario.id : "\(scenario.id)@\(delivery.rawValue)")
      + (isOverTLS ? Self.tlsSuffix : "")
  }

  /// A case that was put over TLS, and written down as it then was.
  init(secured scenario: Scenario, delivery: Delivery) {
    self.scenario = scenario
    self.delivery = delivery
    isOverTLS = true
  }

  /// The same case over TLS; itself where it speaks TLS already.
  public var overTLS: Case {
    scenario.speaksTLS || isOverTLS ? self : Case(scenario: scenario, delivery: delivery, overTLS: true)
  }

  /// How many steps the server takes on all connections.
  public var serverStepCount: Int { scenario.server.connections.reduce(0) { $0 + $1.steps.count } }

  /// The case as it was before it was put over TLS; itself where it never was.
  public var inClear: Case { isOverTLS ? Case(scenario: scenario.inClear, delivery: delivery) : self }
}
