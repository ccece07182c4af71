import Results
import Verdicts
import XMLCoder

/// `junit.xml`, as build servers read it: a suite for each chapter, failed is a failure, inconclusive is an error, unsupported is
/// skipped; the other verdicts pass and carry the verdict as a property.
public enum JUnitReport {
  /// The text of `junit.xml`.
  public static func text(of run: RunResult) -> String {
    let encoder = XMLEncoder()
    encoder.outputFormatting = [.prettyPrinted]
    let header = XMLHeader(version: 1.0, encoding: "UTF-8")
    guard let data = try? encoder.encode(Suites(run), withRootKey: "testsuites", header: header) else {
      preconditionFailure("a JUnit report holds only values that XML can express")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

private struct Suites: Encodable {
  @Attribute var name: String
  @Attribute var tests: Int
  @Attribute var failures: Int
  @Attribute var errors: Int
  @Attribute var skipped: Int
  @Attribute var time: Double
  @Element var testsuite: [Suite]

  init(_ run: RunResult) {
    let chapters = run.cases.reduce(into: [String]()) { titles, result in
      let title = result.case.scenario.chapterTitle
      if !titles.contains(title) { titles.append(title) }
    }
    _name = Attribute("wsrig on \(run.board.displayName)".forXML)
    _tests = Attribute(run.cases.count)
    _failures = Attribute(run.count(of: .failed))
    _errors = Attribute(run.count(of: .inconclusive))
    _skipped = Attribute(run.count(of: .unsupported))
    _time = Attribute(run.durationSeconds.rounded(toPlaces: 3))
    _testsuite = Element(
      chapters.map { title in Suite(title, run.cases.filter { $0.case.scenario.chapterTitle == title }, of: run) })
  }
}

private struct Suite: Encodable {
  @Attribute var name: String
  @Attribute var tests: Int
  @Attribute var failures: Int
  @Attribute var errors: Int
  @Attribute var skipped: Int
  @Attribute var time: Double
  @Element var properties: Properties
  @Element var testcase: [TestCase]

  init(_ title: String, _ results: [CaseResult], of run: RunResult) {
    func count(_ verdict: Verdict) -> Int { results.count { $0.judgement.verdict == verdict } }
    _name = Attribute(title)
    _tests = Attribute(results.count)
    _failures = Attribute(count(.failed))
    _errors = Attribute(count(.inconclusive))
    _skipped = Attribute(count(.unsupported))
    _time = Attribute(results.map(\.durationSeconds).reduce(0, +).rounded(toPlaces: 3))
    _properties = Element(
      Properties([
        ("board", run.board.displayName), ("client", run.client.path), ("seed", String(run.seed)),
      ]))
    _testcase = Element(results.map(TestCase.init))
  }
}

private struct TestCase: Encodable {
  @Attribute var name: String
  @Attribute var classname: String
  @Attribute var time: Double
  @Element var properties: Properties
  @Element var failure: Problem?
  @Element var error: Problem?
  @Element var skipped: Problem?

  init(_ result: CaseResult) {
    let judgement = result.judgement
    _name = Attribute(result.case.id.forXML)
    _classname = Attribute("wsrig.\(result.case.scenario.chapterTitle)".forXML)
    _time = Attribute(result.durationSeconds.rounded(toPlaces: 3))
    _properties = Element(
      Properties([
        ("verdict", judgement.verdict.rawValue), ("rfc", result.case.scenario.rfc),
        ("requirement", result.case.scenario.requirement.rawValue),
        ("agreesWithReference", String(judgement.agreesWithReference)),
        ("referenceFailed", String(judgement.referenceFailed)),
      ]))
    let problem = Problem(judgement)
    _failure = Element(judgement.verdict == .failed ? problem : nil)
    _error = Element(judgement.verdict == .inconclusive ? problem : nil)
    _skipped = Element(judgement.verdict == .unsupported ? problem : nil)
  }
}

private struct Properties: Encodable {
  struct Property: Encodable {
    @Attribute var name: String
    @Attribute var value: String
  }

  @Element var property: [Property]

  init(_ pairs: [(String, String)]) {
    _property = Element(
      pairs.map { Property(name: Attribute($0.0), value: Attribute($0.1.forXML)) })
  }
}

private struct Problem: Encodable {
  enum CodingKeys: String, CodingKey {
    case message
    case text = ""
  }

  @Attribute var message: String
  var text: String

  init(_ judgement: Judgement) {
    _message = Attribute((judgement.reason ?? judgement.verdict.rawValue).forXML)
    text = judgement.violations.map(\.line).joined(separator: "\n").forXML
  }
}

extension Violation {
  /// The violation on one line: requirement, section, rule, sentence.
  var line: String {
    let section = rfc.isEmpty ? "" : " RFC 6455 section \(rfc)"
    return "\(requirement.rawValue)\(section) [\(rule)] \(sentence)"
  }
}

extension String {
  /// The text without the characters that XML 1.0 forbids; each becomes U+FFFD. Boards print control bytes.
  var forXML: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.value {
          case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: scalar
          default: "\u{FFFD}"
          }
        }))
  }
}

extension BoardIdentity {
  /// The board's name as every report shows it; nobody is to take a simulated board for a real one.
  var displayName: String {
    let id = uniqueID.map { " \($0)" } ?? ""
    return isSimulated ? "simulated board (\(machine))" : "\(machine)\(id) on \(selector)"
  }
}
