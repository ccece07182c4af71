import Steps
import WebSocketProtocol

/// Which deliveries each scenario runs with.
public enum ModifierChoice: Sendable, Hashable {
  /// Every scenario whole, and by seed as many others as it takes for every delivery to occur at least twice in every chapter.
  case `default`(seed: UInt64)
  /// Every scenario with every delivery that makes sense for it.
  case all
  /// Every scenario with those of these deliveries that make sense for it.
  case only([Delivery])

  /// How often a default run has each delivery other than `whole` in each chapter, where the chapter has scenarios enough.
  static let occurrencesPerChapter = 2

  /// Reads `default`, `all`, or a list of deliveries with commas between.
  public init(_ text: String, seed: UInt64) throws(RunPlanError) {
    switch text {
    case "default": self = .default(seed: seed)
    case "all": self = .all
    default:
      var deliveries: [Delivery] = []
      for name in text.split(separator: ",") {
        guard let delivery = Delivery(rawValue: String(name)) else {
          let standsAlone = ["default", "all"].contains(name)
          throw standsAlone ? .deliveryStandsAlone(String(name)) : .unknownDelivery(String(name))
        }
        deliveries.append(delivery)
      }
      guard !deliveries.isEmpty else { throw .unknownDelivery(text) }
      self = .only(deliveries)
    }
  }

  /// The cases, in the order of the scenarios and then of the deliveries. Payloads are as in the scenarios: perhaps random still.
  public func cases(of scenarios: [Scenario]) -> [Case] {
    let chosen: (Scenario, Delivery) -> Bool
    switch self {
    case .all: chosen = { _, _ in true }
    case .only(let deliveries): chosen = { deliveries.contains($1) }
    case .default(let seed):
      let extra = Self.extraCases(of: scenarios, seed: seed)
      chosen = { $1 == .whole || extra[$0.id]?.contains($1) == true }
    }
    return scenarios.flatMap { scenario in
      Delivery.allCases.filter { scenario.deliveries.contains($0) && chosen(scenario, $0) }
        .map { Case(scenario: scenario, delivery: $0) }
    }
  }

  /// Draws scenarios for each pair of a chapter and a delivery; within a chapter, those first that were not drawn yet.
  private static func extraCases(of scenarios: [Scenario], seed: UInt64) -> [String: Set<Delivery>] {
    var extra: [String: Set<Delivery>] = [:]
    var chapters: [Chapter?: [Scenario]] = [:]
    for scenario in scenarios where !scenario.isLong {
      chapters[scenario.chapter, default: []].append(scenario)
    }
    for (chapter, members) in chapters {
      let name = chapter.map { String($0.rawValue) } ?? "none"
      for delivery in Delivery.allCases where delivery != .whole {
        var generator = SplitMix64(seed: seed, text: "\(name) \(delivery.rawValue)")
        let shuffled = members.filter { $0.deliveries.contains(delivery) }.shuffled(using: &generator)
        let ordered = shuffled.filter { extra[$0.id] == nil } + shuffled.filter { extra[$0.id] != nil }
        for scenario in ordered.prefix(occurrencesPerChapter) {
          extra[scenario.id, default: []].insert(delivery)
        }
      }
    }
    return extra
  }
}
