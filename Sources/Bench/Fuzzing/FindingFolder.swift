import Foundation
import PosixIO
import Results
import Scenarios
import Steps
import Verdicts

/// Where the findings of a fuzzing run go: a folder for each, with what shows it again.
public struct FindingFolder: Sendable {
  private let folder: URL
  private let saved: URL?
  private let client: ClientBundle
  private let fixtures: Fixtures
  private let seed: UInt64

  /// - Parameters:
  ///   - path: the folder.
  ///   - isSaved: whether the scenarios are kept as regressions, too.
  ///   - client: the client that the findings are about.
  ///   - seed: the seed of the run, which the names of regressions have.
  public init(path: String, isSaved: Bool, client: ClientBundle, fixtures: Fixtures, seed: UInt64) {
    folder = URL(fileURLWithPath: path, isDirectory: true)
    saved = isSaved ? fixtures.scenarios : nil
    self.client = client
    self.fixtures = fixtures
    self.seed = seed
  }

  /// Makes the folder, so that a mistake is told before any time was spent.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public func check() throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      guard FileManager.default.isWritableFile(atPath: folder.path) else {
        throw CocoaError(.fileWriteNoPermission)
      }
    } catch {
      throw ConfigurationError(
        "Cannot write findings into '\(folder.path)': \(error.underlyingReason); check --findings.")
    }
  }

  /// Writes all that shows a group of findings again.
  /// - Returns: the scenario file, as the user may name it.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public func write(_ group: FindingGroup, number: Int) throws -> String {
    let name = group.name(number: number)
    let place = folder.appendingPathComponent(name, isDirectory: true)
    let scenario = ScenarioFile.text(of: group.described(as: "fuzz.\(name)"))
    var files = [("scenario.json", scenario), ("explanation.txt", group.explanation)]
    if let reproduction = try Reproduction(group, client: client, fixtures: fixtures) {
      files += [("client.py", reproduction.client), ("server.py", reproduction.server)]
    }
    do {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for (file, text) in files { try Data(text.utf8).write(to: place.appendingPathComponent(file)) }
      if let saved {
        let file = "\(name)-seed-\(seed)"
        let regression = ScenarioFile.text(of: group.described(as: "fuzz.\(file)"))
        try Data(regression.utf8).write(to: saved.appendingPathComponent("\(file).json"))
      }
    } catch {
      throw ConfigurationError("Cannot write into '\(place.path)': \(error.underlyingReason).")
    }
    return place.appendingPathComponent("scenario.json").relativePath
  }
}

extension FindingGroup {
  /// The smallest case, with what was found in it in words. What is expected is what follows from the server's bytes.
  fileprivate func described(as id: String) -> Case {
    var testCase = smallest.withDerivedExpectations
    testCase.scenario.id = id
    testCase.scenario.description = smallest.scenario.description
    let words = "\(broken.violation.rule) \(broken.place)".filter { !$0.isNewline }
    testCase.scenario.expectation = "Keeps the rule that a client broke: \(words)."
    testCase.scenario.requirement = broken.violation.requirement
    testCase.scenario.deliveries = Set([Delivery.whole, smallest.delivery]).sorted {
      $0.rawValue < $1.rawValue
    }
    return testCase
  }

  /// One line: the rule, how strongly it binds, and what the client did.
  fileprivate var explanation: String {
    let violation = broken.violation
    let section = violation.rfc.isEmpty ? "the rig's own" : violation.rfc
    let sentence = violation.sentence.filter { !$0.isNewline }
    return "\(violation.rule) (\(violation.requirement.rawValue), \(section)), \(broken.place): \(sentence)\n"
  }
}
