import Foundation
import Rainbow
import Results
import Verdicts

/// A run of mutants as text for a person.
public struct MutantReport: Sendable {
  /// The colours.
  public var style: TerminalStyle
  /// The width of the column of ids.
  private let idWidth: Int

  /// Creates a report of mutants with these ids.
  public init(style: TerminalStyle, ids: [String]) {
    self.style = style
    idWidth = ids.map(\.count).max() ?? 0
  }

  /// The first line of a run, once the client without a defect is through.
  public func header(of run: MutantRunResult) -> String {
    let others = Verdict.allCases.compactMap { verdict -> String? in
      let count = run.baseline.count { $0.verdict == verdict }
      return verdict == .passed || count == 0 ? nil : ", \(count) \(verdict.rawValue)"
    }
    let passed = run.baseline.count { $0.verdict == .passed }
    return style.bold(
      [
        run.tool, "simulated board", "seed \(run.seed)", run.plannedCount.counted("mutant"),
        "without a defect: \(passed) of \(run.baseline.count.counted("case")) passed\(others.joined())",
      ].joined(separator: " · "))
  }

  /// The row of a mutant in the kill table.
  public func line(for result: MutantResult) -> String {
    let id = result.id.padding(toLength: idWidth, withPad: " ", startingAt: 0)
    let seconds = "\(result.durationSeconds.rounded(toPlaces: 1)) s"
    return "\(colored(result.outcome)) \(style.bold(id))  \(finding(result)), \(seconds)\n"
      + "             \(style.dim(result.defect))"
  }

  private func finding(_ result: MutantResult) -> String {
    guard let kill = result.kills.first(where: \.isDeclared) ?? result.kills.first else {
      return (result.reason ?? "none of \(result.caseCount.counted("case")) found it").withoutControls
    }
    let more = result.kills.count > 1 ? " and \(result.kills.count - 1) more" : ""
    let strength = kill.verdict == .failed ? "" : " (\(kill.verdict.rawValue))"
    let finder =
      kill.isDeclared
      ? "declared case" : result.isDeclaredInVain ? style.colored("BY THE SAMPLE ONLY,", .red) : "other case"
    return "\(finder) \(kill.case)\(more): \(kill.rule)\(strength)"
  }

  private func colored(_ outcome: MutantResult.Outcome) -> String {
    let word = outcome == .survived ? "SURVIVED" : outcome.rawValue
    let padding = String(repeating: " ", count: max(0, 12 - word.count))
    return style.colored(word, outcome == .killed ? .green : outcome == .survived ? .red : .magenta) + padding
  }

  /// The end of a run: the counts, and once more what is not as it should be.
  public func summary(of run: MutantRunResult) -> String {
    let counts = MutantResult.Outcome.allCases.compactMap { outcome -> String? in
      let count = run.mutants(outcome).count
      if outcome == .killed { return "\(count) killed (\(finders(of: run.mutants(.killed))))" }
      return count == 0 ? nil : "\(count) \(outcome.rawValue)"
    }
    var lines = run.mutants.filter { $0.outcome != .killed || $0.isDeclaredInVain }.map { line(for: $0) }
    if run.mutants.count < run.plannedCount {
      lines.append(
        style.colored(
          "The run ended after \(run.mutants.count) of \(run.plannedCount.counted("mutant")).", .red))
    }
    lines.append(
      "\(run.mutants.count.counted("mutant")) in \(run.durationSeconds.rounded(toPlaces: 1)) s: \(counts.joined(separator: ", "))"
    )
    if !run.leftOut.isEmpty {
      lines.append(
        "\(run.leftOut.count.counted("mutant")) left out: none of the chosen cases is of their chapters")
    }
    return lines.joined(separator: "\n")
  }

  private func finders(of killed: [MutantResult]) -> String {
    let declared = killed.count(where: \.isKilledAsDeclared)
    return "\(declared) by a declared case, \(killed.count - declared) by the sample only"
  }

  /// What a matrix shows beyond the kills: the scenarios without proof, and what is wrong with it.
  public func summary(of matrix: MutantMatrix, problems: [String]) -> String {
    let proved = matrix.scenarios.count - matrix.unproved.count
    var lines = ["\(proved) of \(matrix.scenarios.count) scenarios are failed by a mutant"]
    if !matrix.unproved.isEmpty { lines.append("not proved: \(matrix.unproved.joined(separator: " "))") }
    lines += problems.map { style.colored("wrong: ", .red) + $0 }
    return lines.joined(separator: "\n")
  }
}

extension MutantReport {
  /// The same for programs: one JSON object, which decodes to the result again.
  public static func json(of run: MutantRunResult) -> String { JSONReport.text(of: run) }

  /// Reads what `json` wrote; nil where the file is missing or holds something else.
  public static func read(path: String) -> MutantRunResult? {
    let data = try? Data(contentsOf: URL(fileURLWithPath: path))
    return data.flatMap { try? JSONDecoder().decode(MutantRunResult.self, from: $0) }
  }
}
