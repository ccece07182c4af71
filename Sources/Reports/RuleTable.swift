import Results

/// The rule index as a table for people: which demands of RFC 6455 bind a client, and which scenarios test them.
public enum RuleTable {
  /// The text of `fixtures/rules/COVERAGE.md`.
  public static func markdown(of index: RuleIndex) -> String {
    let bound = RuleCoverage(index, cases: [])
    var lines = [
      "# What RFC 6455 demands of a client, and what tests it", "",
      "Made from `rfc6455.json` by `scripts/rule-coverage`; do not edit it. An entry is one occurrence of MUST, MUST NOT, REQUIRED,",
      "SHALL or SHALL NOT in sections 3 to 11. Scenarios are ids of the catalogue, in which `*` stands for anything; rules are those of",
      "the judge.", "",
    ]
    lines += counts(index).map { "- \($0)" }
    lines += [
      "- Of the \(bound.count) that bind a client, \(bound.withScenarios) have scenarios, and \(bound.count - bound.withScenarios) say why not.",
      "", "| section | keyword | binds | what | scenarios | rules, or why there is no scenario |",
      "|---|---|---|---|---|---|",
    ]
    lines += bound.rows.map { row(of: $0.entry) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// How many entries bind whom.
  private static func counts(_ index: RuleIndex) -> [String] {
    ["\(index.entries.count) entries"]
      + RuleIndex.Role.allCases.compactMap { role in
        let count = index.entries.count { $0.role == role }
        return count == 0 ? nil : "\(count) bind \(role.words)"
      }
  }

  private static func row(of entry: RuleIndex.Entry) -> String {
    let scenarios = (entry.scenarios ?? []).map { "`\($0)`" }.joined(separator: " ")
    let rules = ((entry.everywhere ?? []) + (entry.rules ?? [])).map { "`\($0)`" }.joined(separator: " ")
    let cells = [
      entry.id, entry.keyword.rawValue, entry.role.rawValue, entry.paraphrase, scenarios,
      entry.reason ?? rules,
    ]
    return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
  }
}

extension RuleIndex.Role {
  fileprivate var words: String {
    switch self {
    case .client: "the client alone"
    case .server: "the server alone"
    case .both: "client and server"
    case .intermediary: "intermediaries"
    case .registry: "registries"
    case .none: "no party to a connection"
    }
  }
}
