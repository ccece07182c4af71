import Scenarios
import Steps
import Traces
import Verdicts

/// Findings with the same cause, as far as that can be seen from outside: the same rule, broken at the same place.
public struct FindingGroup: Sendable {
  /// The rule and what happened in the smallest case.
  public var broken: BrokenRule
  /// The smallest case that shows it.
  public var smallest: Case
  /// The device's trace in that case.
  public var trace: AttemptTrace?
  /// The id of the case that showed it first.
  public var firstCase: String
  /// In how many of how many repeats of that case, or of a smaller one, it came back.
  public var repeats: (hits: Int, of: Int)
  /// In how many executions it was seen, repeats and shrinking left out.
  public var count = 1
  /// After so many seconds of the run it was believed; then its case was made smaller.
  public var seconds = 0.0

  /// Creates a group.
  public init(
    _ broken: BrokenRule, smallest: Case, trace: AttemptTrace?, firstCase: String,
    repeats: (hits: Int, of: Int)
  ) {
    self.broken = broken
    self.smallest = smallest
    self.trace = trace
    self.firstCase = firstCase
    self.repeats = repeats
  }

  /// What tells it from other groups.
  public var id: String { broken.group }

  /// How many steps the server takes in the smallest case.
  public var stepCount: Int { smallest.serverStepCount }

  /// A name for files: the rule, and what makes it unique in the run.
  public func name(number: Int) -> String { "\(broken.violation.rule)-\(number)" }
}

/// A finding that counts for nothing, as nobody saw it again.
public struct UnrepeatedFinding: Sendable {
  /// The rule and what happened.
  public var broken: BrokenRule
  /// The id of the case that showed it.
  public var testCase: String

  /// Creates one.
  public init(_ broken: BrokenRule, in testCase: String) {
    self.broken = broken
    self.testCase = testCase
  }
}

/// How far a fuzzing run has come.
public struct FuzzStatus: Sendable, Hashable {
  /// How many cases were put to the client, repeats and shrinking left out.
  public var caseCount = 0
  /// How many attempts that took, all of them counted.
  public var executionCount = 0
  /// How many different sentences of the grammar of frames the client was put.
  public var grammarCount = 0
  /// The chapters of the catalogue that its behaviours touched.
  public var chapters: Set<Chapter> = []
  /// How many lines of the client ran, of how many; nil where that is not measured.
  public var lines: LineCount?
  /// How many cases of the corpus were gone through again.
  public var replayCount = 0
  /// How many cases the corpus has.
  public var corpusCount = 0
  /// How many groups of findings there are.
  public var groupCount = 0
  /// How many findings did not come back when they were repeated.
  public var flakyCount = 0
  /// How many cases said nothing about the client: the bench failed, or the client lacks what they need.
  public var obstacleCount = 0
  /// For how long the run has been going on, in seconds.
  public var seconds = 0.0

  /// Begins at nothing.
  public init() {}

  /// Executions a second.
  public var pace: Double { seconds > 0 ? Double(executionCount) / seconds : 0 }

  /// Lines of the client that ran, and that there are.
  public struct LineCount: Sendable, Hashable {
    /// How many ran.
    public var reached: Int
    /// How many there are.
    public var total: Int

    /// Creates a count.
    public init(reached: Int, total: Int) {
      self.reached = reached
      self.total = total
    }
  }
}

/// Everything that is known of a fuzzing run when it has ended.
public struct FuzzResult: Sendable {
  /// The tool's version.
  public var tool: String
  /// The seed of the run.
  public var seed: UInt64
  /// The first board; the others are like it.
  public var board: BoardRecord
  /// The client under test.
  public var client: ClientIdentity
  /// How far it came.
  public var status = FuzzStatus()
  /// What was found, in that order.
  public var groups: [FindingGroup] = []
  /// Where the reference itself broke a rule: an error of the rig.
  public var referenceGroups: [FindingGroup] = []
  /// What the masking keys and the keys of opening handshakes show over all cases together.
  public var violations: [Violation] = []
  /// Why cases said nothing about the client: each reason with its number of cases.
  public var obstacles: [String: Int] = [:]
  /// What was seen and could not be repeated any more: the bench failed, or the run was interrupted or ended at the first finding.
  public var unconfirmed: [UnrepeatedFinding] = []
  /// What did not come back when it was repeated, each group once, by its first case.
  public var flaky: [UnrepeatedFinding] = []
  /// How many boards there were.
  public var boardCount = 1
  /// How many of them were given up before the run's end.
  public var lostBoardCount = 0
  /// Why the corpus took no more, which ended the run; nil where it did.
  public var corpusFailure: String?

  /// Creates a result without findings.
  public init(tool: String, seed: UInt64, board: BoardRecord, client: ClientIdentity) {
    self.tool = tool
    self.seed = seed
    self.board = board
    self.client = client
  }

  /// Whether every board was given up before the run's end.
  public var lostAllBoards: Bool { lostBoardCount == boardCount }

  /// Whether most cases, or all, said nothing about the client, so that nothing found means nothing.
  public var saysLittle: Bool { status.executionCount == 0 || status.obstacleCount * 2 > status.caseCount }

  /// Whether anything was found.
  public var hasFindings: Bool { !groups.isEmpty || !violations.isEmpty }

  /// The median of the steps that servers take in the smallest cases; nil where there is none.
  public var medianStepCount: Int? {
    let counts = groups.map(\.stepCount).sorted()
    return counts.isEmpty ? nil : counts[counts.count / 2]
  }
}
