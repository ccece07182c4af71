import Scenarios
import Verdicts

/// Which demands of RFC 6455 that bind a client were tested in a run, and what came of it.
public struct RuleCoverage: Sendable {
  /// What came of one demand.
  public struct Row: Sendable {
    /// The demand.
    public var entry: RuleIndex.Entry
    /// How many cases that test it ran to a verdict about the client.
    public var ran: Int
    /// In how many of them it was broken: one of its rules, or, where it has none, the case failed.
    public var failed: Int
    /// In how many it was kept.
    public var passed: Int { ran - failed }
  }

  /// The demands that bind a client, in order.
  public let rows: [Row]

  /// Counts what the cases say.
  public init(_ index: RuleIndex, cases: [CaseResult]) {
    let telling = cases.filter { ![.inconclusive, .unsupported].contains($0.judgement.verdict) }
    let byScenario = Dictionary(grouping: telling) { $0.case.scenario.id }
    let ids = Array(byScenario.keys)
    var matches: [String: Set<String>] = [:]
    rows = index.entries.filter(\.bindsClient).map { entry in
      // A pattern occurs in many entries, and is compared with all ids once.
      let tested = (entry.scenarios ?? []).reduce(into: Set<String>()) { tested, pattern in
        let found = matches[pattern] ?? Set(ids.filter(Glob(pattern).matches))
        matches[pattern] = found
        tested.formUnion(found)
      }
      let results = tested.flatMap { byScenario[$0] ?? [] }
      return Row(entry: entry, ran: results.count, failed: results.count { entry.isBroken(in: $0.judgement) })
    }
  }

  /// How many demands bind a client.
  public var count: Int { rows.count }
  /// How many of them have scenarios in the catalogue.
  public var withScenarios: Int { rows.count { $0.entry.scenarios != nil } }
  /// How many were tested in the run.
  public var tested: Int { rows.count { $0.ran > 0 } }
  /// How many of these were broken.
  public var broken: Int { rows.count { $0.failed > 0 } }
}

extension RuleIndex.Entry {
  fileprivate func isBroken(in judgement: Judgement) -> Bool {
    guard let rules else { return judgement.verdict == .failed }
    return judgement.violations.contains { $0.requirement == .must && rules.contains($0.rule) }
  }
}

extension RunResult {
  /// The coverage of RFC 6455; nil where the run has no index.
  public var ruleCoverage: RuleCoverage? { ruleIndex.map { RuleCoverage($0, cases: cases) } }
}
