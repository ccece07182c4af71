import Foundation
import Results
import Scenarios
import Verdicts

/// What `--baseline` names: the `results.json` of an earlier run, or a list of accepted deviations that people keep, described by
/// `fixtures/schema/deviations.schema.json`.
public enum BaselineFile {
  /// Reads either kind; of a folder its `results.json`.
  /// - Throws: `ConfigurationError` with file, key path and what is allowed there.
  public static func read(_ path: String) throws -> Baseline {
    let file = ResultsFile.file(path)
    do {
      if let deviations = try deviations(file) { return Baseline(name: path, deviations: deviations) }
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
  private static func deviations(_ path: String) throws(ScenarioFileError) -> [AcceptedDeviation]? {
    let reader = try JSONFile.reader(path: path)
    guard !reader.hasKey("schemaVersion") else { return nil }
    let object = try reader.object("client", "deviations")
    return try object.required("deviations", "a list of {cases, reason}").list(deviation)
  }

  private static func deviation(_ reader: JSONReader) throws(ScenarioFileError) -> AcceptedDeviation {
    let object = try reader.object("cases", "verdict", "rules", "reason", "link", "expires")
    let reason = try object.required("reason", "a sentence")
    guard try !reason.string().isEmpty else { throw reason.mismatch("a sentence") }
    var deviation = AcceptedDeviation(
      cases: Glob(try object.required("cases", "a pattern of case ids, or run").string()),
      reason: try reason.string(), link: try object.optional("link")?.string())
    if let verdict = object.optional("verdict") { deviation.verdict = try self.verdict(verdict) }
    if let rules = object.optional("rules") { deviation.rules = Set(try rules.list(string)) }
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

  private static func string(_ reader: JSONReader) throws(ScenarioFileError) -> String {
    try reader.string()
  }
}
