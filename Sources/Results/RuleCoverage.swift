import Scenarios
import Verdicts

/// Which demands of RFC 6455 that bind a client were tested in a run, and what came of it.
public struct RuleCoverage: Sendable {
  /// What came of one demand.
  public struct Row: Sendable {
    /// The demand.
    public var entry: RuleIndex.Entry
    /// How many cases ran to a verdict about the client and test it, or broke it though they test something else.
    public var ran: Int
    /// In how many of them it was broken.
    public var failed: Int
    /// In how many it was kept.
    public var passed: Int { ran - failed }
  }

  /// The demands that bind a client, in order.
  public let rows: [Row]

  /// Counts what the cases say.
  public init(_ index: RuleIndex, cases: [CaseResult]) {
    let telling = cases.filter { ![.inconclusive, .unsupported].contains($0.judgement.verdict) }
    let ids = Set(telling.map(\.case.scenario.id))
    var matches: [String: Set<String>] = [:]
    rows = index.entries.filter(\.bindsClient).map { entry in
      // A pattern occurs in many entries, and is compared with all ids once.
      let tested = (entry.scenarios ?? []).reduce(into: Set<String>()) { tested, pattern in
        let found = matches[pattern] ?? Set(ids.filter(Glob(pattern).matches))
        matches[pattern] = found
        tested.formUnion(found)
      }
      var row = Row(entry: entry, ran: 0, failed: 0)
      for result in telling {
        let isTest = tested.contains(result.case.scenario.id)
        let isBroken = entry.isBroken(in: result.judgement, isTest: isTest)
        row.ran += isTest || isBroken ? 1 : 0
        row.failed += isBroken ? 1 : 0
      }
      return row
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
  private static let ownSections = Dictionary(
    Rule.all.map { ($0.id, $0.rfc) }, uniquingKeysWith: { first, _ in first })

  fileprivate func isBroken(in judgement: Judgement, isTest: Bool) -> Bool {
    let telling = (everywhere ?? []) + (isTest ? rules ?? [] : [])
    return judgement.violations.contains {
      $0.requirement == .must && telling.contains($0.rule) && isMeant(by: $0)
    }
  }

  /// Whether a violation of one of its rules is one of this demand. Rules that many demands share, such as that a violation makes the
  /// client fail the connection, cite the section of what was overlooked: the demands of other sections are kept.
  private func isMeant(by violation: Violation) -> Bool {
    violation.rfc == section || violation.rfc == Self.ownSections[violation.rule]
      || citing?.contains(violation.rfc) == true
  }
}

extension RunResult {
  /// The coverage of RFC 6455; nil where the run has no index.
  public var ruleCoverage: RuleCoverage? { ruleIndex.map { RuleCoverage($0, cases: cases) } }
}
