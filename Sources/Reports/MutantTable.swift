import Results
import Scenarios

/// `fixtures/mutants/MATRIX.md`: which mutant fails which scenario, committed so that a reader sees the proof.
public enum MutantTable {
  /// So many mutants are named for a scenario, the most telling ones.
  private static let namedMutants = 4

  /// The text of the file.
  public static func text(of run: MutantRunResult, _ matrix: MutantMatrix, unproved: [UnprovedScenarios])
    -> String
  {
    let proved = matrix.scenarios.count - matrix.unproved.count
    let sections = [
      """
      # Which mutant fails which scenario

      Written by `scripts/mutant-matrix`; not to be edited. \(run.mutants.count) mutants (what each is: `NAME.json` and README.md
      beside this file), \(matrix.scenarios.count) scenarios in \(run.baseline.count) cases. Each mutant went through
      \(run.ownChapters ? "the scenarios of the chapters that it is about" : "all of them"). \(proved) scenarios are proved: at
      least one mutant fails them, where our client without a defect does not. Scenarios tagged `long` are left out, as they are of every
      run that does not ask for them: they do a thousand times, or with megabytes, what others here do once.
      """,
      "## The mutants, and the scenarios that fail them\n\n"
        + run.mutants.map { line(for: $0, matrix) }.joined(separator: "\n"),
      "## The scenarios, and the mutants that fail them\n\nThose that fail the fewest scenarios come first.\n\n"
        + matrix.scenarios.filter { matrix.mutantsByScenario[$0] != nil }.map { line(for: $0, matrix) }
        .joined(separator: "\n"),
      "## Not proved, and why\n\n"
        + matrix.unproved.map { line(forUnproved: $0, unproved) }.joined(separator: "\n"),
    ]
    return sections.joined(separator: "\n\n") + "\n"
  }

  private static func line(for mutant: MutantResult, _ matrix: MutantMatrix) -> String {
    let failed = matrix.scenariosByMutant[mutant.id] ?? []
    let seen = mutant.seen.isEmpty ? "imagined" : mutant.seen.joined(separator: ", ")
    let vain = mutant.isDeclaredInVain ? " (none of those declared for it)" : ""
    return "- `\(mutant.id)` (\(seen)): \(mutant.defect) **\(failed.count)**\(vain): "
      + grouped(failed, all: matrix.scenarios).joined(separator: " ")
  }

  /// The ids, with `5.*` for a chapter of which all are there.
  private static func grouped(_ ids: [String], all: [String]) -> [String] {
    func chapter(_ id: String) -> Substring { id.prefix { $0 != "." } }
    let sizes = Dictionary(grouping: all, by: chapter).mapValues(\.count)
    let counts = Dictionary(grouping: ids, by: chapter).mapValues(\.count)
    var names: [String] = []
    for id in ids {
      let isWhole = counts[chapter(id)] == sizes[chapter(id)] && counts[chapter(id)] ?? 0 > 1
      let name = isWhole ? "`\(chapter(id)).*`" : "`\(id)`"
      if names.last != name { names.append(name) }
    }
    return names
  }

  private static func line(for scenario: String, _ matrix: MutantMatrix) -> String {
    let mutants = matrix.mutantsByScenario[scenario] ?? []
    let more = mutants.count > namedMutants ? " and \(mutants.count - namedMutants) more" : ""
    return "- `\(scenario)`: " + mutants.prefix(namedMutants).map { "`\($0)`" }.joined(separator: ", ") + more
  }

  /// The mutants that the table names for a scenario: those that fail it and not many others.
  /// - Parameter text: the text of the file.
  public static func mutants(failing scenario: String, in text: String) -> [String] {
    let begin = "- `\(scenario)`: `"
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(begin) }) else { return [] }
    return line.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.dropFirst().map {
      String($0.element)
    }
  }

  private static func line(forUnproved scenario: String, _ unproved: [UnprovedScenarios]) -> String {
    let reason = unproved.first { $0.scenarios.matches(scenario) }?.reason ?? "no reason is given"
    return "- `\(scenario)`: \(reason)"
  }
}
