import Foundation
import Results
import Scenarios
import Verdicts

/// What `--baseline` names: the `results.json` of an earlier run, or a list of accepted deviations that people keep, described by
/// `fixtures/schema/deviations.schema.json`.
public enum BaselineFile {
  /// Reads either kind; of a folder its `results.json`.
  /// - Parameter ids: the ids of the run's cases, which a list may name beside those of the catalogue.
  /// - Throws: `ConfigurationError` with file, key path and what is allowed there.
  public static func read(_ path: String, forCases ids: [String] = []) throws -> Baseline {
    let file = ResultsFile.file(path)
    do {
      if let deviations = try deviations(file, ids) { return Baseline(name: path, deviations: deviations) }
    } catch {
      throw ConfigurationError("\(error)")
    }
    do {
      return Baseline(name: path, run: try ResultsFile.read(file))
    } catch {
      throw ConfigurationError(
        "Cannot use the baseline: \(error); allowed are the results.json of a run, and a list of deviations.")
    }
  }

  /// The deviations that the file lists; nil where it is the report of a run.
  private static func deviations(
    _ path: String, _ ids: [String]
  ) throws(ScenarioFileError) -> [AcceptedDeviation]? {
    let reader = try JSONFile.reader(path: path)
    guard !reader.hasKey("schemaVersion") else { return nil }
    let object = try reader.object("client", "deviations")
    return try object.required("deviations", "a list of {cases, reason}").list {
      (reader) throws(ScenarioFileError) in try deviation(reader, ids)
    }
  }

  private static func deviation(
    _ reader: JSONReader, _ ids: [String]
  ) throws(ScenarioFileError) -> AcceptedDeviation {
    let object = try reader.object("cases", "verdict", "rules", "reason", "link", "expires")
    let reason = try object.required("reason", "a sentence")
    guard try !reason.string().isEmpty else { throw reason.mismatch("a sentence") }
    var deviation = AcceptedDeviation(
      cases: try cases(try object.required("cases", "a pattern of case ids, or run"), ids),
      reason: try reason.string(), link: try object.optional("link")?.string())
    if let verdict = object.optional("verdict") { deviation.verdict = try self.verdict(verdict) }
    if let rules = object.optional("rules") {
      deviation.rules = Set(try rules.list(rule))
      // None would accept whatever is broken.
      if deviation.rules.isEmpty { throw rules.mismatch("at least one rule, or no such key") }
    }
    if let expires = object.optional("expires") { deviation.expires = try day(expires) }
    return deviation
  }

  private static func verdict(_ reader: JSONReader) throws(ScenarioFileError) -> Verdict {
    let allowed: [Verdict] = [.failed, .nonStrict, .informational]
    guard let verdict = Verdict(rawValue: try reader.string()), allowed.contains(verdict) else {
      throw reader.mismatch("one of \(allowed.map(\.rawValue).joined(separator: ", "))")
    }
    return verdict
  }

  private static func day(_ reader: JSONReader) throws(ScenarioFileError) -> CalendarDay {
    guard let day = CalendarDay(try reader.string()) else {
      throw reader.mismatch("the last day on which it is accepted, as YYYY-MM-DD")
    }
    return day
  }

  private static let known = Catalogue.all.map(\.id) + [AcceptedDeviation.overTheRun]

  /// A pattern that fits something: one with a slip of the pen would accept nothing, and say nothing either.
  private static func cases(_ reader: JSONReader, _ ids: [String]) throws(ScenarioFileError) -> Glob {
    let pattern = try reader.string()
    let scenario = Glob(String(pattern.prefix { $0 != "@" }))
    guard !known.contains(where: scenario.matches), !ids.contains(where: Glob(pattern).matches) else {
      return Glob(pattern)
    }
    throw reader.failure(
      "is \"\(pattern)\", which fits no case", allowed: "a pattern of case ids as --list shows them, or run",
      suggestion: scenario.nearest(in: known).first)
  }

  private static func rule(_ reader: JSONReader) throws(ScenarioFileError) -> String {
    let name = try reader.string()
    guard !Rule.names.contains(name) else { return name }
    throw reader.failure(
      "is \"\(name)\", which is no rule",
      allowed: "the name of a rule as a failed case's summary.txt shows it",
      suggestion: Nearest.name(to: name, in: Rule.names.sorted()))
  }
}
