import Foundation
import Results
import Scenarios

/// The committed list of scenarios that no mutant fails, with the reasons; `MutantMatrix` holds it against what was run.
public enum UnprovedList {
  /// Its name, beside the mutants.
  public static let fileName = "unproved.json"

  /// Reads the list of a folder; one that has none needs none.
  /// - Throws: `ConfigurationError` for what is wrong with the file.
  public static func read(in folder: URL) throws -> [UnprovedScenarios] {
    let path = folder.appendingPathComponent(fileName).path
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    do {
      return try JSONFile.reader(path: path).list(entry)
    } catch {
      throw ConfigurationError("\(error)")
    }
  }

  private static func entry(_ reader: JSONReader) throws(ScenarioFileError) -> UnprovedScenarios {
    let object = try reader.object("scenarios", "reason")
    return UnprovedScenarios(
      scenarios: Glob(try object.required("scenarios", "a scenario's id or a pattern").string()),
      reason: try object.required("reason", "a sentence").string())
  }
}
