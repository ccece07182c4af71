import Results
import Scenarios
import Steps

/// A case in words, for someone who wants to know what it is about: what, why, and how to run it.
public enum Explanation {
  /// A deliberately broken client that the case is there to catch.
  public struct Mistake: Sendable, Hashable {
    /// The mutant's name.
    public var name: String
    /// What it does wrong, in one sentence.
    public var sentence: String

    /// Names a mistake.
    public init(name: String, sentence: String) {
      self.name = name
      self.sentence = sentence
    }
  }

  /// The explanation, ending in a line feed.
  /// - Parameters:
  ///   - demands: What RFC 6455 demands and the case tests.
  ///   - mistakes: What clients are known to get wrong here.
  ///   - program: The tool as the user calls it.
  public static func text(
    of testCase: Case, demands: [RuleIndex.Entry] = [], mistakes: [Mistake], program: String
  ) -> String {
    let scenario = testCase.scenario
    var lines = [
      "\(testCase.id)  (\(scenario.chapterTitle))", "",
      "server    \(scenario.description)", "expected  \(scenario.expectation)",
      "rule      \(level(of: scenario)), \(section(of: scenario))",
    ]
    if let dispute = scenario.dispute { lines.append("disputed  \(dispute)") }
    if !scenario.tags.isEmpty { lines.append("tags      \(scenario.tags.joined(separator: ", "))") }
    lines += section(
      "What it tests of RFC 6455", demands.map { "\($0.id) \($0.keyword.rawValue): \($0.paraphrase)" })
    lines += section("What clients get wrong", wrong(in: scenario, mistakes))
    lines += section("What the server does", server(scenario.server))
    lines += section("What the client side does", client(scenario.client))
    lines += section("How it runs", running(testCase, program))
    return lines.joined(separator: "\n") + "\n"
  }

  private static func section(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : ["", title] + lines.map { "  \($0)" }
  }

  /// What is asked for beyond the RFC is not to be taken for its words.
  private static func level(of scenario: Scenario) -> String {
    let level = scenario.requirement
    return level.rawValue + (level == .quality ? " (ours: what a good client does beyond the RFC)" : "")
  }

  /// The catalogue cites sections of RFC 6455 by number alone, those of another RFC by its name and number.
  private static func section(of scenario: Scenario) -> String {
    let words = scenario.rfc.split(separator: " ")
    guard words.count > 1, let number = words.last else { return "RFC 6455 section \(scenario.rfc)" }
    return "\(words.dropLast().joined(separator: " ")) section \(number)"
  }

  private static func wrong(in scenario: Scenario, _ mistakes: [Mistake]) -> [String] {
    var lines = mistakes.map { "\($0.name): \($0.sentence)" }
    let expected = scenario.expected
    if expected.opening == .refused {
      lines.append("A client that takes this answer reports a connection that was never established.")
    }
    if expected.failure == true {
      lines.append("A client that overlooks it goes on, and gives itself away by what it does next.")
    }
    if expected.failFast {
      lines.append("A client that looks only at whole messages notices too late.")
    }
    if let codes = expected.closeCodes, !codes.isEmpty {
      lines.append("Another close code than \(codes.map(String.init).joined(separator: ", ")) is noted.")
    }
    return lines
  }

  private static func server(_ script: ServerScript) -> [String] {
    (script.tls.map { [$0.words] } ?? [])
      + script.connections.flatMap { connection in
        (script.connections.count == 1 ? [] : ["connection \(connection.name):"])
          + numbered(connection.steps.map(\.words), last: connection.ending.words)
      }
  }

  private static func client(_ script: ClientScript) -> [String] {
    script.tasks.flatMap { task in
      (script.tasks.count == 1 ? [] : ["task \(task.name):"]) + numbered(task.steps.map(\.words))
    }
  }

  /// Nobody reads a thousand steps, which are much the same anyway; `export` has them all.
  private static let stepsShown = (most: 60, first: 8, last: 4)

  private static func numbered(_ sentences: [String], last: String? = nil) -> [String] {
    let width = String(sentences.count).count
    let indent = String(repeating: " ", count: width + 2)
    var lines = sentences.enumerated().map { "\(String($0 + 1).leftPadded(to: width)). \($1)" }
    if lines.count > stepsShown.most {
      let hidden = stepsShown.first..<lines.count - stepsShown.last
      lines.replaceSubrange(hidden, with: ["\(indent)and so on, \(hidden.count) more steps, until"])
    }
    return lines + [last].compactMap(\.self).map { indent + $0 }
  }

  private static func running(_ testCase: Case, _ program: String) -> [String] {
    let scenario = testCase.scenario
    // The id alone would also pick what the seed adds to it.
    let whole = testCase.delivery == .whole ? ["--deliveries", "whole"] : []
    let long =
      scenario.isLong ? ["when        it is long: only where it is asked for, by its id or --tag long"] : []
    return long + [
      "delivery    \(testCase.delivery.rawValue), of \(scenario.deliveries.map(\.rawValue).joined(separator: ", "))",
      "isolation   \(scenario.isolation.rawValue)",
      tls(testCase),
      "run it      \(command([program, "run"] + whole + ["--only", testCase.id]))",
      "as a file   \(command([program, "export", testCase.id, "--output", "case.json"]))",
    ]
  }

  private static func tls(_ testCase: Case) -> String {
    let scenario = testCase.scenario
    if testCase.isOverTLS { return "TLS         put over it by @tls" }
    if scenario.speaksTLS { return "TLS         always" }
    return "TLS         " + (scenario.obstacleToTLS.map { "never: \($0)" } ?? "with \(testCase.overTLS.id)")
  }

  private static func command(_ words: [String]) -> String {
    words.map(\.shellQuoted).joined(separator: " ")
  }
}
