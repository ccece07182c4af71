import Foundation
import Latency
import Results
import Scenarios
import Steps
import Traces
import Verdicts

/// `results.json`: the whole run for programs. Its schema is `fixtures/schema/results.schema.json`; whoever changes one changes the
/// other, and the version with it.
struct ResultsDocument: Encodable {
  static let currentVersion = 1

  var schemaVersion = Self.currentVersion
  var tool: String
  var seed: UInt64
  var board: BoardRecord
  var boards: [BoardRecord]?
  var each: Bool?
  var lostBoards: [String]?
  var client: ClientIdentity
  var limits: ResourceLimits
  var startedAt: String
  var durationSeconds: Double
  var endedEarly: EndedEarly?
  var unsettled: [String]?
  var summary: Summary
  var violations: [Violation]
  var keys: KeyRecord?
  var latency: LatencySummary
  var boardEvents: [BoardEventRecord]
  var blackBoxes: [BlackBox]?
  var strays: Int
  var cases: [CaseRow]
  var ruleCoverage: RuleCoverageRow?
  var baseline: BaselineReport?

  init(_ run: RunResult) {
    tool = run.tool
    seed = run.seed
    board = run.board
    boards = run.boards.isEmpty ? nil : run.boards
    each = run.isOfEachBoard ? true : nil
    lostBoards = run.lostBoards.isEmpty ? nil : run.lostBoards
    client = run.client
    limits = run.limits
    startedAt = Self.timestamp(run.startedAt)
    durationSeconds = run.durationSeconds.rounded(toPlaces: 3)
    endedEarly = run.endedEarly
    unsettled = run.unsettled.isEmpty ? nil : run.unsettled
    summary = Summary(run)
    violations = run.violations
    keys = run.keys
    latency = run.latency
    boardEvents = run.boardEvents
    blackBoxes = run.blackBoxes.isEmpty ? nil : run.blackBoxes
    strays = run.strays.count
    cases = run.cases.map(CaseRow.init)
    ruleCoverage = run.ruleCoverage.map(RuleCoverageRow.init)
    baseline = run.baseline
  }

  /// Seconds since 1970 as ISO 8601 in UTC.
  static func timestamp(_ seconds: Double) -> String { Date(timeIntervalSince1970: seconds).ISO8601Format() }

  /// How many cases ended how. `total` is the sum of the six verdicts; `planned` is more where the run ended early.
  struct Summary: Encodable {
    var total: Int
    var planned: Int
    var passed: Int
    var nonStrict: Int
    var informational: Int
    var failed: Int
    var unsupported: Int
    var inconclusive: Int
    var referenceFailed: Int

    init(_ run: RunResult) {
      total = run.cases.count
      planned = max(run.plannedCount, run.cases.count)
      passed = run.count(of: .passed)
      nonStrict = run.count(of: .nonStrict)
      informational = run.count(of: .informational)
      failed = run.count(of: .failed)
      unsupported = run.count(of: .unsupported)
      inconclusive = run.count(of: .inconclusive)
      referenceFailed = run.referenceFailedCount
    }
  }

  /// How many demands of RFC 6455 bind a client, have scenarios, were tested in the run and broken, and each of them.
  struct RuleCoverageRow: Encodable {
    struct Entry: Encodable {
      var section: String
      var ordinal: Int
      var keyword: RuleIndex.Keyword
      var ran: Int
      var passed: Int
      var failed: Int
      var reason: String?
    }

    var bindingClients: Int
    var withScenarios: Int
    var tested: Int
    var broken: Int
    var entries: [Entry]

    init(_ coverage: RuleCoverage) {
      bindingClients = coverage.count
      withScenarios = coverage.withScenarios
      tested = coverage.tested
      broken = coverage.broken
      entries = coverage.rows.map { row in
        Entry(
          section: row.entry.section, ordinal: row.entry.ordinal, keyword: row.entry.keyword, ran: row.ran,
          passed: row.passed, failed: row.failed, reason: row.entry.reason)
      }
    }
  }

  /// One case.
  struct CaseRow: Encodable {
    var id: String
    var board: String?
    var chapter: String
    var rfc: String
    var requirement: Requirement
    var description: String
    var expectation: String
    var delivery: Delivery.RawValue
    var tls: Bool
    var verdict: Verdict
    var reason: String?
    var agreesWithReference: Bool
    var referenceFailed: Bool
    var attempts: Int
    var durationSeconds: Double
    var differences: [Difference]
    var violations: [Violation]
    var referenceViolations: [Violation]
    var boardEvents: [BoardEventRecord]
    var heapFreeBefore: Int?
    var heapFreeAfter: Int?
    var largestFreeBlockBefore: Int?
    var largestFreeBlockAfter: Int?
    var partialWrites: Int?
    var longestHeartbeatGapMicroseconds: Int?
    var latency: [LatencySeries]
    var serverSHA1: String?
    var isolation: Isolation?
    var repeats: [Verdict]?
    var stability: Stability?
    var blackBoxes: [BlackBox]?

    init(_ result: CaseResult) {
      let scenario = result.case.scenario
      id = result.case.id
      board = result.board
      chapter = scenario.chapterTitle
      rfc = scenario.rfc
      requirement = scenario.requirement
      description = scenario.description
      expectation = scenario.expectation
      delivery = result.case.delivery.rawValue
      tls = scenario.speaksTLS
      verdict = result.judgement.verdict
      reason = result.judgement.reason
      agreesWithReference = result.judgement.agreesWithReference
      referenceFailed = result.judgement.referenceFailed
      attempts = result.attempts
      durationSeconds = result.durationSeconds.rounded(toPlaces: 6)
      differences = result.judgement.differences
      violations = result.judgement.violations
      referenceViolations = result.judgement.referenceViolations
      boardEvents = result.boardEvents
      heapFreeBefore = result.resources.heapFreeBefore
      heapFreeAfter = result.resources.heapFreeAfter
      largestFreeBlockBefore = result.resources.largestFreeBlockBefore
      largestFreeBlockAfter = result.resources.largestFreeBlockAfter
      partialWrites = result.resources.partialWrites
      longestHeartbeatGapMicroseconds = result.resources.longestHeartbeatGapMicroseconds
      latency = result.latency.series
      serverSHA1 = result.serverSHA1
      isolation = result.isolation
      repeats = result.repeats.isEmpty ? nil : result.repeats
      stability = result.stability
      blackBoxes = result.blackBoxes.isEmpty ? nil : result.blackBoxes
    }
  }
}

extension Double {
  func rounded(toPlaces places: Int) -> Double {
    let scale =
      Double(sign: .plus, exponent: 0, significand: 1) * (0..<places).reduce(1) { value, _ in value * 10 }
    return (self * scale).rounded() / scale
  }
}
