import Latency
import Scenarios
import Verdicts

/// A run as its `results.json` tells of it: what later runs are compared with.
public struct RecordedRun: Sendable, Hashable, Decodable {
  /// The tool's version.
  public var tool: String
  /// The seed.
  public var seed: UInt64
  /// The board.
  public var board: BoardRecord
  /// The client under test.
  public var client: ClientIdentity
  /// The start, as ISO 8601 in UTC.
  public var startedAt: String
  /// The cases, in the order in which they ran.
  public var cases: [RecordedCase]
  /// Rules that were broken over the run as a whole.
  public var violations: [Violation]
  /// The latency of all echoes.
  public var latency: LatencySummary
  /// Why the run ended before its last case; nil where it did not.
  public var endedEarly: EndedEarly?
  /// The ids of cases that had failed before and did not get to run.
  public var unsettled: [String]?
  /// True where each of several boards went through all cases.
  public var each: Bool?

  /// Creates a run.
  public init(
    tool: String, seed: UInt64, board: BoardRecord, client: ClientIdentity, startedAt: String,
    cases: [RecordedCase], violations: [Violation] = [], latency: LatencySummary = LatencySummary(),
    endedEarly: EndedEarly? = nil, unsettled: [String]? = nil
  ) {
    self.tool = tool
    self.seed = seed
    self.board = board
    self.client = client
    self.startedAt = startedAt
    self.cases = cases
    self.violations = violations
    self.latency = latency
    self.endedEarly = endedEarly
    self.unsettled = unsettled
  }

  /// The cases, with their boards only where each of several boards went through all of them: where boards shared the cases, it is
  /// chance which one had a case.
  var boardsToldApart: [RecordedCase] { each == true ? cases : cases.withoutBoards }
}

/// A case of a run, as far as other runs are compared with it.
public struct RecordedCase: Sendable, Hashable, Decodable {
  /// The case's id.
  public var id: String
  /// Its verdict.
  public var verdict: Verdict
  /// Why, where it did not pass.
  public var reason: String?
  /// Every rule that the device broke.
  public var violations: [Violation]
  /// Where device and reference differ.
  public var differences: [Difference]
  /// Whether the reference itself broke a rule.
  public var referenceFailed: Bool
  /// The id of the board that it ran on; nil where the run had one board.
  public var board: String?

  /// Creates a case.
  public init(
    id: String, verdict: Verdict, reason: String? = nil, violations: [Violation] = [],
    differences: [Difference] = [], referenceFailed: Bool = false
  ) {
    self.id = id
    self.verdict = verdict
    self.reason = reason
    self.violations = violations
    self.differences = differences
    self.referenceFailed = referenceFailed
  }

  /// What of a result is recorded.
  public init(_ result: CaseResult) {
    self.init(
      id: result.case.id, verdict: result.judgement.verdict, reason: result.judgement.reason,
      violations: result.judgement.violations, differences: result.judgement.differences,
      referenceFailed: result.judgement.referenceFailed)
    board = result.board
  }

  /// The names of the rules broken, without those that are no MUST.
  public var brokenRules: Set<String> { violations.brokenRules }
}

extension RecordedCase {
  /// The same on that board.
  func on(_ board: String?) -> RecordedCase {
    var copy = self
    copy.board = board
    return copy
  }
}

extension [RecordedCase] {
  /// The same as if the run had one board.
  var withoutBoards: [RecordedCase] { map { $0.on(nil) } }
}

extension Violation {
  /// The same, broken over the run of one of several boards.
  func said(of board: String) -> Violation {
    var copy = self
    copy.sentence = Self.beginning(board) + sentence
    return copy
  }

  /// Whether it was broken over that board's run.
  func isSaid(of board: String) -> Bool { sentence.hasPrefix(Self.beginning(board)) }

  private static func beginning(_ board: String) -> String { "On \(board): " }
}

extension [Violation] {
  /// The names of the rules that are a MUST.
  var brokenRules: Set<String> { Set(filter { $0.requirement == .must }.map(\.rule)) }
}
