import Scenarios
import Steps
import WebSocketProtocol

/// Changes what happens in a scenario that exists, of the catalogue or of a corpus: what the server does and answers, what the client sends
/// by itself, or where it goes on as another scenario does.
///
/// What was expected of the old scenario does not hold for the new one; what the RFCs say of it follows from its trace.
public struct ScenarioMutator: Sendable {
  /// What decides everything.
  public let seed: UInt64

  /// Creates a mutator.
  public init(seed: UInt64) { self.seed = seed }

  /// Whether a scenario is fit to be changed: in clear, and nothing that takes long.
  public static func canChange(_ scenario: Scenario) -> Bool {
    guard !scenario.isLong, (1...3).contains(scenario.server.connections.count), !scenario.speaksTLS,
      scenario.server.port == nil, !scenario.client.measures, scenario.longestMessage <= 20000
    else { return false }
    let steps = scenario.server.connections.flatMap(\.steps)
    let pauses = steps.reduce(0) { if case .pause(let time) = $1 { $0 + time } else { $0 } }
    return pauses <= 60 && steps.count <= 80
  }

  /// The case of that number, made of another one. The same seed, number and cases give the same.
  /// - Parameter other: where it may take its further steps from.
  public func mutated(_ original: Case, with other: Case? = nil, number: Int) -> Case {
    var dice = Dice(seed: seed, text: "mutation \(number)")
    let id = "fuzz.mutation-\(seed)-\(number)"
    for _ in 0..<8 {
      var change = Change(original, dice)
      for _ in 0..<change.dice.few(upTo: 4) { change.make(with: other) }
      change.finish()
      dice = change.dice
      let testCase = change.draft.testCase(id: id, theme: "changed from \(original.scenario.id)")
      if testCase.validate().isEmpty, !testCase.plays(as: original) { return testCase }
    }
    return ScenarioGenerator(seed: seed).testCase(number)
  }
}

extension Case {
  /// Whether the server does the same in both: two changes may undo each other.
  fileprivate func plays(as other: Case) -> Bool {
    scenario.server == other.scenario.server && scenario.client == other.scenario.client
      && delivery == other.delivery
  }
}
