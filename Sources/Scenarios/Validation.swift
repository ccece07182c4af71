import Steps

/// A rule that a scenario breaks.
public struct ScenarioProblem: Sendable, Hashable, CustomStringConvertible {
  /// Where in the scenario, as in a scenario file.
  public var keyPath: String
  /// What is wrong, as the rest of a sentence that begins with the key path.
  public var problem: String
  /// What is allowed there.
  public var allowed: String
  /// The allowed name that is nearest to what came, where one is near.
  public var suggestion: String?

  /// One sentence.
  public var description: String {
    "\(keyPath) \(problem); allowed here: \(allowed)\(suggestion.map { " (did you mean \($0)?)" } ?? "")."
  }
}

extension Case {
  /// What is wrong with the case; empty when nothing is.
  public func validate() -> [ScenarioProblem] {
    var checker = ScenarioChecker(scenario)
    checker.check()
    if !scenario.deliveries.contains(delivery) {
      checker.report(
        "delivery", "is \"\(delivery.rawValue)\", which the scenario does not have",
        allowed: scenario.deliveries.map(\.rawValue).quotedList)
    }
    if isOverTLS, let obstacle = scenario.obstacleToTLS {
      checker.report("overTLS", "is true. \(obstacle) That", allowed: "false")
    }
    return checker.problems
  }
}

extension Scenario {
  /// What is wrong with the scenario; empty when nothing is. Files are refused for it, the built-in catalogue is tested by it.
  public func validate() -> [ScenarioProblem] { Case(scenario: self).validate() }
}

/// Checks what the types cannot: names that must exist, combinations that make no sense.
struct ScenarioChecker {
  let scenario: Scenario
  var problems: [ScenarioProblem] = []

  init(_ scenario: Scenario) { self.scenario = scenario }

  mutating func report(_ keyPath: String, _ problem: String, allowed: String, near: (String, [String])? = nil)
  {
    let suggestion = near.flatMap { Nearest.name(to: $0.0, in: $0.1) }
    problems.append(
      ScenarioProblem(keyPath: keyPath, problem: problem, allowed: allowed, suggestion: suggestion))
  }

  mutating func check() {
    checkHeading()
    checkServer()
    checkClient()
    checkExpected()
  }

  private mutating func checkHeading() {
    if !Self.isWellFormed(id: scenario.id) {
      report(
        "id", "is \"\(scenario.id)\"",
        allowed: "lower-case letters, digits and hyphens, in parts joined by dots, such as 2.ping-empty")
    }
    if scenario.description.isEmpty { report("description", "is empty", allowed: "one sentence") }
    for (key, text) in [
      ("description", scenario.description), ("expectation", scenario.expectation),
      ("dispute", scenario.dispute ?? ""),
    ] where text.contains(where: \.isNewline) {
      report(key, "holds a line end", allowed: "text on one line")
    }
    for (index, tag) in scenario.tags.enumerated() where !Self.isWellFormed(word: tag) {
      report(
        "tags[\(index)]", "is \(JSONValue.string(tag).summary)",
        allowed: "lower-case letters, digits and hyphens, such as fail-fast")
    }
    if !Citation.isKnown(scenario.rfc) {
      report(
        "rfc", "is \"\(scenario.rfc)\"",
        allowed: "a section of RFC 6455, such as \"5.5.2\", or of RFC 7692, such as \"RFC 7692 7.2.1\"")
    }
    if !scenario.deliveries.contains(.whole) {
      report("deliveries", "lacks \"whole\"", allowed: "a list that contains \"whole\"")
    }
    if Set(scenario.deliveries).count < scenario.deliveries.count {
      report("deliveries", "names a delivery twice", allowed: "each delivery once")
    }
  }

  static func isWellFormed(id: String) -> Bool {
    id.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isWellFormed(word: $0) }
  }

  private static func isWellFormed(word: some StringProtocol) -> Bool {
    let parts = word.split(separator: "-", omittingEmptySubsequences: false)
    return parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isIdentifierByte) }
  }

  private static func isIdentifierByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private mutating func checkExpected() {
    if scenario.expected.failFast && scenario.expected.failure == false {
      report("expected.failFast", "is true although failure is false", allowed: "false")
    }
    if scenario.expected.closeCodes == [] {
      report("expected.closeCodes", "is empty", allowed: "a list of at least one code, or no such key")
    }
  }

  /// Reports names that occur twice.
  mutating func checkUnique(_ names: [String], _ keyPath: (Int) -> String) {
    for (index, name) in names.enumerated() {
      if name.isEmpty { report(keyPath(index), "is empty", allowed: "a name") }
      if names[..<index].contains(name) {
        report(keyPath(index), "is \"\(name)\" a second time", allowed: "a name of its own")
      }
    }
  }
}
