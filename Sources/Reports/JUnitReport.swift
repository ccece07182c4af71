import Results
import Scenarios
import Verdicts
import XMLCoder

/// `junit.xml`, as build servers read it: a suite for each chapter, or where each of several boards ran all cases, for each chapter on
/// each board; failed is a failure, inconclusive is an error, unsupported is
/// skipped, and so is a failure that the baseline accepts; the other verdicts pass and carry the verdict as a property.
public enum JUnitReport {
  /// The text of `junit.xml`.
  public static func text(of run: RunResult) -> String {
    let encoder = XMLEncoder()
    encoder.outputFormatting = [.prettyPrinted]
    let header = XMLHeader(version: 1.0, encoding: "UTF-8")
    guard let data = try? encoder.encode(Suite(run), withRootKey: "testsuites", header: header) else {
      preconditionFailure("a JUnit report holds only values that XML can express")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}

/// An element whose scalar properties are attributes, and whose others are elements.
private protocol JUnitElement: Encodable, DynamicNodeEncoding {
  /// The keys of child elements and of the element's own text.
  static var children: Set<String> { get }
}

extension JUnitElement {
  static func nodeEncoding(for key: any CodingKey) -> XMLEncoder.NodeEncoding {
    children.contains(key.stringValue) ? .element : .attribute
  }
}

/// The whole run, or a chapter of it: how many results ended how, in JUnit's words, and what belongs to it.
private struct Suite: JUnitElement {
  static let children: Set = ["properties", "testsuite", "testcase"]
  var name: String
  var tests: Int
  var failures: Int
  var errors: Int
  var skipped: Int
  var time: Double
  var properties: Properties?
  var testsuite: [Suite]?
  var testcase: [TestCase]?

  /// The run, with its suites.
  init(_ run: RunResult) {
    self.init("wsrig on \(run.boardNames)".forXML, run.cases, of: run, seconds: run.durationSeconds)
    testsuite =
      run.isOfEachBoard
      ? run.boards.compactMap(\.id).flatMap { id in run.chapters.map { Self.suite($0, onlyOf: id, of: run) } }
      : run.chapters.map { Suite($0.title, $0.results, of: run) }
  }

  private static func suite(
    _ chapter: (title: String, results: [CaseResult]), onlyOf board: String, of run: RunResult
  ) -> Suite {
    Suite("\(chapter.title) on \(board)".forXML, chapter.results.filter { $0.board == board }, of: run)
  }

  private init(_ title: String, _ results: [CaseResult], of run: RunResult) {
    self.init(title, results, of: run, seconds: results.map(\.durationSeconds).reduce(0, +))
    properties = Properties([
      ("board", run.boardNames), ("client", run.client.path), ("seed", String(run.seed)),
    ])
    testcase = results.map {
      TestCase($0, acceptance: run.acceptedFailure(of: $0), namesBoard: run.isOfEachBoard)
    }
  }

  private init(_ name: String, _ results: [CaseResult], of run: RunResult, seconds: Double) {
    func count(_ verdict: Verdict) -> Int { results.count { $0.judgement.verdict == verdict } }
    let accepted = results.count { run.acceptedFailure(of: $0) != nil }
    self.name = name
    tests = results.count
    failures = count(.failed) - accepted
    errors = count(.inconclusive)
    skipped = count(.unsupported) + accepted
    time = seconds.rounded(toPlaces: 3)
  }
}

private struct TestCase: JUnitElement {
  static let children: Set = ["properties", "failure", "error", "skipped"]
  var name: String
  var classname: String
  var time: Double
  var properties: Properties
  var failure: Problem?
  var error: Problem?
  var skipped: Problem?

  /// - Parameters:
  ///   - acceptance: why its failure is borne, where a baseline says so: then it is skipped.
  ///   - namesBoard: whether the board tells it from another case.
  init(_ result: CaseResult, acceptance: BaselineReport.Entry?, namesBoard: Bool) {
    let judgement = result.judgement
    let scenario = result.case.scenario
    name = result.case.id.forXML
    let board = namesBoard ? result.board.map { "\($0)." } : nil
    classname = "wsrig.\(board ?? "")\(scenario.chapterTitle)".forXML
    time = result.durationSeconds.rounded(toPlaces: 3)
    let further = [
      result.isolation.map { ("isolation", $0.rawValue) }, result.repeatSentence.map { ("repeats", $0) },
    ].compactMap(\.self)
    properties = Properties(
      [
        ("verdict", judgement.verdict.rawValue), ("rfc", scenario.rfc),
        ("requirement", scenario.requirement.rawValue),
        ("agreesWithReference", String(judgement.agreesWithReference)),
        ("referenceFailed", String(judgement.referenceFailed)),
      ] + further)
    let problem = Problem(judgement)
    failure = judgement.verdict == .failed && acceptance == nil ? problem : nil
    error = judgement.verdict == .inconclusive ? problem : nil
    skipped = judgement.verdict == .unsupported || acceptance != nil ? problem : nil
    if let acceptance { skipped?.message = "accepted: \(acceptance.words)".forXML }
  }
}

extension RunResult {
  /// Why the failure of a case is borne, where its baseline says so.
  fileprivate func acceptedFailure(of result: CaseResult) -> BaselineReport.Entry? {
    result.judgement.verdict == .failed ? baseline?.acceptance(of: result) : nil
  }
}

private struct Properties: JUnitElement {
  static let children: Set = ["property"]

  struct Property: JUnitElement {
    static let children: Set<String> = []
    var name: String
    var value: String
  }

  var property: [Property]

  init(_ pairs: [(String, String)]) {
    property = pairs.map { Property(name: $0.0, value: $0.1.forXML) }
  }
}

private struct Problem: JUnitElement {
  static let children: Set = [""]

  enum CodingKeys: String, CodingKey {
    case message
    case text = ""
  }

  var message: String
  var text: String

  init(_ judgement: Judgement) {
    message = (judgement.reason ?? judgement.verdict.rawValue).forXML
    text = judgement.violations.map(\.line).joined(separator: "\n").forXML
  }
}

extension Violation {
  /// The violation on one line: requirement, section, rule, sentence.
  var line: String {
    let section = rfc.isEmpty ? "" : " \(Citation.words(rfc))"
    return "\(requirement.rawValue)\(section) [\(rule)] \(sentence.withoutControls)"
  }
}

extension String {
  /// The text on one line and without control characters, each of which becomes U+FFFD: what a client or a board said must not
  /// steer the terminal that shows it.
  var withoutControls: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.value {
          case 0...0x1F, 0x7F...0x9F: "\u{FFFD}"
          default: scalar
          }
        }))
  }

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
