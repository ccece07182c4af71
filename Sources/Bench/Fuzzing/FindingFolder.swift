import Foundation
import PosixIO
import Results
import Scenarios
import Steps
import Verdicts
import WebSocketProtocol

/// Where the findings of a fuzzing run go: a folder for each, with what shows it again.
public struct FindingFolder: Sendable {
  private let folder: URL
  private let saved: URL?
  private let client: ClientBundle
  private let fixtures: Fixtures
  private let seed: UInt64

  /// All that a group's folder may have.
  private static let fileNames = ["scenario.json", "explanation.txt", "client.py", "server.py"]

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
    try NamedFolder.make(folder, option: "--findings")
    guard FileManager.default.isWritableFile(atPath: folder.path) else {
      let reason = CocoaError(.fileWriteNoPermission).underlyingReason
      throw ConfigurationError("Cannot write findings into '\(folder.path)': \(reason); check --findings.")
    }
  }

  /// Takes away what an earlier run left there: to be called when this one really begins.
  /// - Throws: `ConfigurationError` where that is forbidden.
  public func clear() throws {
    do {
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where Self.isGroup(name) {
        try Self.clear(folder.appendingPathComponent(name, isDirectory: true))
      }
    } catch {
      throw ConfigurationError(
        "Cannot take earlier findings away from '\(folder.path)': \(error.underlyingReason); check --findings."
      )
    }
  }

  /// Whether a group of findings may have that name, of the client or of the reference.
  private static func isGroup(_ name: String) -> Bool {
    guard let match = name.wholeMatch(of: /(reference-)?(.+?)(-[0-9]+)?/) else { return false }
    return Rule.names.contains(String(match.output.2))
  }

  /// Takes away what is ours in a group's folder, and the folder itself where nothing is left in it. One without a scenario is none of
  /// ours, whatever its name.
  private static func clear(_ place: URL) throws {
    let files = FileManager.default
    func path(_ name: String) -> String { place.appendingPathComponent(name).path }
    guard files.fileExists(atPath: path("scenario.json")) else { return }
    for name in fileNames where files.fileExists(atPath: path(name)) {
      try files.removeItem(atPath: path(name))
    }
    if try files.contentsOfDirectory(atPath: place.path).isEmpty { try files.removeItem(at: place) }
  }

  /// Writes all that shows a group of findings again.
  /// - Returns: the scenario file, and that of the regression where it is kept as one, as the user may name them.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public func write(_ group: FindingGroup, number: Int) throws -> (scenario: String, regression: String?) {
    let name = group.name(number: number)
    let written = try write(try files(of: group, named: name), into: name)
    do { return (written, try saved.map { try save(group, in: $0) }) } catch {
      throw ConfigurationError("Cannot write into '\(saved?.path ?? "")': \(error.underlyingReason).")
    }
  }

  /// Writes the case in which the reference broke a rule, an error of the rig, for those who mend it.
  /// - Returns: the scenario file, as the user may name it.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public func write(reference group: FindingGroup) throws -> String {
    let name = "reference-\(group.broken.violation.rule)"
    let scenario = ScenarioFile.text(of: group.described(as: "fuzz.\(name)"))
    return try write([("scenario.json", scenario), ("explanation.txt", group.explanation)], into: name)
  }

  private func write(_ files: [(name: String, text: String)], into name: String) throws -> String {
    let place = folder.appendingPathComponent(name, isDirectory: true)
    do {
      try Self.clear(place)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for (file, text) in files { try Data(text.utf8).write(to: place.appendingPathComponent(file)) }
    } catch {
      throw ConfigurationError("Cannot write into '\(place.path)': \(error.underlyingReason).")
    }
    return place.appendingPathComponent("scenario.json").relativePath
  }

  private func files(of group: FindingGroup, named name: String) throws -> [(name: String, text: String)] {
    let scenario = ScenarioFile.text(of: group.described(as: "fuzz.\(name)"))
    let first = [("scenario.json", scenario)]
    switch try Reproduction(group, client: client, fixtures: fixtures) {
    case .programs(let client, let server):
      return first + [("explanation.txt", group.explanation), ("client.py", client), ("server.py", server)]
    case .impossible(let reason):
      let sentence = "There are no client.py and server.py, which would show it without the rig: \(reason).\n"
      return first + [("explanation.txt", group.explanation + sentence)]
    }
  }

  /// Adds a group's scenario to the regressions: under a name that another scenario cannot have, and beside a file that somebody has
  /// changed since.
  private func save(_ group: FindingGroup, in folder: URL) throws -> String {
    let rule = group.broken.violation.rule
    let content = ScenarioFile.text(of: group.described(as: "fuzz.\(rule)"))
    let name = "\(rule)-seed-\(seed)-\(SHA1.hexadecimal(of: Array(content.utf8)).prefix(8))"
    var number = 0
    while true {
      number += 1
      let id = number == 1 ? name : "\(name)-\(number)"
      let text = Data(ScenarioFile.text(of: group.described(as: "fuzz.\(id)")).utf8)
      let file = folder.appendingPathComponent("\(id).json")
      if let there = FileManager.default.contents(atPath: file.path), there != text { continue }
      try text.write(to: file)
      return file.path
    }
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
    if Citation.isKnown(broken.violation.rfc) { testCase.scenario.rfc = broken.violation.rfc }
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
