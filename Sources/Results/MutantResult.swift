import Scenarios
import Verdicts

/// Everything that is known of a run of mutants: Bench makes it, the reports show it, and one that was interrupted is taken up again
/// where it ended.
public struct MutantRunResult: Sendable, Hashable, Codable {
  /// The tool's version, for example `wsrig 0.1.0`.
  public var tool: String
  /// The seed of the run.
  public var seed: UInt64
  /// Whether every mutant went through every case; otherwise a mutant's first kill was its last case.
  public var isMatrix: Bool
  /// Whether that were the cases of the mutant's own chapters only.
  public var ownChapters: Bool
  /// A digest of all that decides a verdict beside the mutant: the tool, the agent, the adapter, the cases, the seed. Results of two
  /// runs belong together where it is the same.
  public var fingerprint: String
  /// The cases of the run by id, in the catalogue's order, with the verdict on the client without a defect.
  public var baseline: [BaselineVerdict]
  /// How many mutants there are; fewer results are there where the run was interrupted.
  public var plannedCount: Int
  /// The mutants by id.
  public var mutants: [MutantResult] = []
  /// How long it took, in seconds.
  public var durationSeconds: Double = 0

  /// Creates a result without mutants.
  public init(
    tool: String, seed: UInt64, isMatrix: Bool, ownChapters: Bool, fingerprint: String,
    baseline: [BaselineVerdict],
    plannedCount: Int
  ) {
    self.tool = tool
    self.seed = seed
    self.isMatrix = isMatrix
    self.ownChapters = ownChapters
    self.fingerprint = fingerprint
    self.baseline = baseline
    self.plannedCount = plannedCount
  }

  /// The mutants with this outcome.
  public func mutants(_ outcome: MutantResult.Outcome) -> [MutantResult] {
    mutants.filter { $0.outcome == outcome }
  }
}

/// The verdict of a case on the client without a defect.
public struct BaselineVerdict: Sendable, Hashable, Codable {
  /// The case's id.
  public var `case`: String
  /// The id of its scenario.
  public var scenario: String
  /// The verdict.
  public var verdict: Verdict

  /// Takes it from a case's result.
  public init(_ result: CaseResult) {
    `case` = result.case.id
    scenario = result.case.scenario.id
    verdict = result.judgement.verdict
  }
}

/// What became of one mutant.
public struct MutantResult: Sendable, Hashable, Codable {
  /// What is known of the catalogue by it.
  public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
    /// A case found it.
    case killed
    /// No case found it.
    case survived
    /// The interpreter could not load it: no client that could be put to a test.
    case unusable
    /// The bench failed before a case found it.
    case inconclusive
  }

  /// The mutant's id.
  public var id: String
  /// A digest of its source, 40 hexadecimal digits.
  public var source: String
  /// What is wrong with it, in one sentence.
  public var defect: String
  /// The chapters that it is about.
  public var chapters: [Int]
  /// The rows of the bug tables where the defect was seen; empty where it is imagined.
  public var seen: [String]
  /// What became of it.
  public var outcome: Outcome
  /// Why, where no case says it.
  public var reason: String?
  /// The cases that found it, in the order in which they ran; only the first where the run ended with it.
  public var kills: [MutantKill]
  /// Whether every case that is declared for it has run and told something, or a declared one has found it.
  public var knowsDeclared: Bool
  /// How many cases it went through.
  public var caseCount: Int
  /// How long it took, in seconds.
  public var durationSeconds: Double

  /// Creates a result.
  public init(
    id: String, source: String, defect: String, chapters: [Int], seen: [String], outcome: Outcome,
    reason: String? = nil, kills: [MutantKill] = [], knowsDeclared: Bool = false, caseCount: Int = 0,
    durationSeconds: Double = 0
  ) {
    self.id = id
    self.source = source
    self.defect = defect
    self.chapters = chapters
    self.seen = seen
    self.outcome = outcome
    self.reason = reason
    self.kills = kills
    self.knowsDeclared = knowsDeclared
    self.caseCount = caseCount
    self.durationSeconds = durationSeconds
  }

  /// Whether a case that is declared for it found it.
  public var isKilledAsDeclared: Bool { kills.contains(where: \.isDeclared) }

  /// Whether it was found, but by none of the cases that are declared for it: then the declaration is wrong.
  public var isDeclaredInVain: Bool { outcome == .killed && knowsDeclared && !isKilledAsDeclared }
}

/// A case that found a mutant: its verdict is worse than that on the client without the defect.
public struct MutantKill: Sendable, Hashable, Codable {
  /// The case's id.
  public var `case`: String
  /// The id of its scenario.
  public var scenario: String
  /// The verdict on the mutant.
  public var verdict: Verdict
  /// The first rule that the mutant broke there.
  public var rule: String
  /// What it did, in one sentence.
  public var sentence: String
  /// Whether the case is declared for the mutant; otherwise it is one of the sample.
  public var isDeclared: Bool

  /// The kill that a case is; nil where its verdict is no worse than `baseline`, that on the client without the defect, or where
  /// one of the two says nothing about its client.
  public init?(_ result: CaseResult, baseline: Verdict?, isDeclared: Bool) {
    let judgement = result.judgement
    guard let baseline, judgement.verdict.isWorse(than: baseline) else { return nil }
    self.isDeclared = isDeclared
    `case` = result.case.id
    scenario = result.case.scenario.id
    verdict = judgement.verdict
    rule = judgement.violations.first?.rule ?? ""
    sentence = judgement.violations.first?.sentence ?? judgement.reason ?? ""
  }
}

extension Verdict {
  /// Whether a client with this verdict is worse off than one with the other. To lack what is optional is not worse, and what the
  /// bench spoiled says nothing. To choose otherwise than expected where the RFC leaves it open is no fault, but the one thing that
  /// a scenario about such a place can notice.
  func isWorse(than other: Verdict) -> Bool {
    guard let badness, let before = other.badness else { return false }
    return badness > before
  }

  private var badness: Int? {
    switch self {
    case .passed, .unsupported: 0
    case .informational: 1
    case .nonStrict: 2
    case .failed: 3
    case .inconclusive: nil
    }
  }
}
