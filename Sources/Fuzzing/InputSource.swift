import Scenarios
import WebSocketProtocol

/// Where the cases of a fuzzing run come from: generated, or changed from what there is.
public struct InputSource: Sendable {
  private let generator: ScenarioGenerator
  private let mutator: ScenarioMutator
  /// Scenarios of the catalogue that may be changed; empty where they are withheld.
  private let catalogue: [Scenario]

  /// Creates a source.
  /// - Parameter catalogue: the scenarios to change, as far as they are fit for it.
  public init(seed: UInt64, catalogue: [Scenario]) {
    generator = ScenarioGenerator(seed: seed)
    mutator = ScenarioMutator(seed: seed)
    self.catalogue = catalogue.filter(ScenarioMutator.canChange)
  }

  /// The case of that number: the same for the same seed, number and catalogue, whatever ran before.
  public func testCase(_ number: Int) -> Case {
    var dice = Dice(seed: generator.seed, text: "input \(number)")
    guard !catalogue.isEmpty, dice.chance(Self.changedPercent) else { return generator.testCase(number) }
    let (scenario, other) = (dice.pick(catalogue), dice.pick(catalogue))
    return mutator.mutated(
      Case(scenario: scenario.concrete(seed: generator.seed), delivery: dice.pick(scenario.deliveries)),
      with: Case(scenario: other.concrete(seed: generator.seed)), number: number)
  }

  /// The case of that number where a corpus guides the run: half of them are changed from what brought something new.
  public func testCase(_ number: Int, corpus: [Case]) -> Case {
    var dice = Dice(seed: generator.seed, text: "guided \(number)")
    let usable = dice.chance(50) && !corpus.isEmpty
    guard usable else { return testCase(number) }
    let (original, other) = (dice.pick(corpus).inClear, dice.pick(corpus).inClear)
    guard ScenarioMutator.canChange(original.scenario) else { return testCase(number) }
    return mutator.mutated(original, with: other, number: number)
  }

  /// So many of the cases are changed from scenarios of the catalogue, where it is not withheld.
  private static let changedPercent = 25
}
