import Foundation
import Steps

/// Scenario files: JSON made for people, described by `fixtures/schema/scenario.schema.json`. Export leaves out what is a
/// default and keeps the order of keys; what is exported is read back the same.
public enum ScenarioFile {
  /// The text of a file that holds the scenario.
  public static func text(of scenario: Scenario) -> String {
    JSONWriter.text(of: scenario.json(delivery: nil))
  }

  /// The text of a file that holds the case: the scenario, and how it was delivered.
  public static func text(of testCase: Case) -> String {
    JSONWriter.text(
      of:
        testCase.scenario.json(delivery: testCase.delivery, overTLS: testCase.isOverTLS))
  }

  /// Reads a file. Its delivery is `whole` unless it names another.
  ///
  /// - Throws: `ScenarioFileError` for a file that cannot be read, is no JSON, or breaks a rule of the format or of `Scenario.validate()`.
  public static func read(path: String) throws(ScenarioFileError) -> Case {
    try read(JSONFile.data(path: path), file: path)
  }

  /// Reads the content of a file; `file` is its name in errors.
  ///
  /// - Throws: `ScenarioFileError` for what is no JSON, or breaks a rule of the format or of `Scenario.validate()`.
  public static func read(_ data: Data, file: String) throws(ScenarioFileError) -> Case {
    let reader = try JSONFile.reader(of: data, file: file)
    let object = try reader.object(
      "schemaVersion", "id", "description", "expectation", "rfc", "requirement", "dispute", "tags", "server",
      "client", "expected", "deliveries", "isolation", "delivery",
      "overTLS")
    _ = try object.required("schemaVersion", "1").integer(1...1)
    var testCase = Case(scenario: try Scenario(json: object))
    if let value = object.optional("delivery") { testCase.delivery = try value.choice(Delivery.self) }
    if let value = object.optional("overTLS"), try value.bool() {
      let isSecured = testCase.scenario.speaksTLS
      testCase =
        isSecured
        ? Case(secured: testCase.scenario, delivery: testCase.delivery) : testCase.overTLS
    }
    if let problem = testCase.validate().first {
      throw ScenarioFileError(
        file: file, keyPath: problem.keyPath, problem: problem.problem, allowed: problem.allowed,
        suggestion: problem.suggestion)
    }
    return testCase
  }
}
