import Scenarios

/// Scenarios that no mutant fails, and why that is as it should be.
public struct UnprovedScenarios: Sendable, Hashable {
  /// Which: an id, or a pattern of ids.
  public var scenarios: Glob
  /// Why none can or need be found that fails them, in a sentence.
  public var reason: String

  /// Creates an entry.
  public init(scenarios: Glob, reason: String) {
    self.scenarios = scenarios
    self.reason = reason
  }
}

/// Which mutants fail which scenarios: the proof that each scenario can find something.
public struct MutantMatrix: Sendable {
  /// The scenarios of the run, in the catalogue's order.
  public let scenarios: [String]
  /// The mutants that fail a scenario, by its id: the most telling ones, those that fail the fewest scenarios, first.
  public let mutantsByScenario: [String: [String]]
  /// The scenarios that fail a mutant, by its id, in the catalogue's order.
  public let scenariosByMutant: [String: [String]]
  /// The scenarios that no mutant fails.
  public var unproved: [String] { scenarios.filter { mutantsByScenario[$0] == nil } }

  /// Turns the results of a run around.
  public init(_ run: MutantRunResult) {
    var seen: Set<String> = []
    let scenarios = run.baseline.map(\.scenario).filter { seen.insert($0).inserted }
    let order = Dictionary(uniqueKeysWithValues: scenarios.enumerated().map { ($1, $0) })
    var byMutant: [String: [String]] = [:]
    for mutant in run.mutants {
      byMutant[mutant.id] = Set(mutant.kills.map(\.scenario)).sorted { order[$0] ?? 0 < order[$1] ?? 0 }
    }
    var byScenario: [String: [String]] = [:]
    let telling = byMutant.sorted { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
    for (mutant, failed) in telling { for id in failed { byScenario[id, default: []].append(mutant) } }
    self.scenarios = scenarios
    mutantsByScenario = byScenario
    scenariosByMutant = byMutant
  }

  /// What is wrong with a whole matrix, a sentence each: a mutant that was not found, or not by what is declared for it, a scenario
  /// without proof and without a reason, a reason for what is proved after all.
  public func problems(of run: MutantRunResult, unproved reasons: [UnprovedScenarios]) -> [String] {
    let notFound = run.mutants.filter { $0.outcome != .killed }.map {
      "no scenario fails the mutant \($0.id)"
    }
    let vain = run.mutants.filter(\.isDeclaredInVain).map {
      "none of the cases declared for it fails the mutant \($0.id)"
    }
    let unexplained = unproved.filter { id in !reasons.contains { $0.scenarios.matches(id) } }
      .map { "no mutant fails \($0), and no reason is given" }
    let needless = reasons.flatMap { entry in
      let meant = scenarios.filter(entry.scenarios.matches)
      if meant.isEmpty { return ["a reason is given for \(entry.scenarios.pattern), which is no scenario"] }
      return meant.filter { mutantsByScenario[$0] != nil }.map {
        "a reason is given why no mutant fails \($0), but \(mutantsByScenario[$0]?.first ?? "one") does"
      }
    }
    let withoutCase = run.leftOut.map { "no case is of the chapters of the mutant \($0)" }
    return notFound + vain + withoutCase + unexplained + needless
  }
}
