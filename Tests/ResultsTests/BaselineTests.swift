import Results
import Scenarios
import Testing
import Verdicts

@Suite("A run beside its baseline")
struct BaselineTests {
  private let today: CalendarDay

  init() throws { today = try #require(CalendarDay("2026-11-26")) }

  private func row(_ id: String, _ verdict: Verdict, breaking rules: String...) -> RecordedCase {
    RecordedCase(
      id: id, verdict: verdict, reason: "\(id) is \(verdict.rawValue).", violations: rules.map(violation))
  }

  private func violation(_ rule: String) -> Violation {
    Violation(rule: rule, rfc: "5.1", requirement: .must, connection: "", sentence: "It broke \(rule).")
  }

  private func report(
    _ deviations: [AcceptedDeviation], _ cases: [RecordedCase], _ violations: [Violation] = []
  ) -> BaselineReport {
    Baseline(name: "known.json", deviations: deviations).report(
      on: cases, violations: violations, today: today)
  }

  @Test("what fails and is not listed is new; what is listed is accepted, with reason and link")
  func newAndKnown() {
    let known = AcceptedDeviation(cases: Glob("5.*"), reason: "It cannot.", link: "its tracker, 12")
    let report = report([known], [row("5.a", .failed, breaking: "r"), row("6.b", .failed, breaking: "r")])
    #expect(report.regressions.map(\.case) == ["6.b"])
    #expect(report.accepted == [.init(case: "5.a", sentence: "It cannot.", link: "its tracker, 12")])
    #expect(report.mended.isEmpty)
  }

  @Test("a known failure that breaks one more MUST is new")
  func anotherRule() {
    let known = AcceptedDeviation(cases: Glob("5.a"), rules: ["one"], reason: "It cannot.")
    #expect(report([known], [row("5.a", .failed, breaking: "one")]).regressions.isEmpty)
    let both = report([known], [row("5.a", .failed, breaking: "one", "two")])
    #expect(
      both.regressions.map(\.sentence) == ["It was known to fail, and now breaks two too. 5.a is failed."])
    #expect(both.mended.isEmpty)
  }

  @Test(
    "a deviation is accepted on its last day and new on the next", arguments: ["2026-11-26", "2026-11-25"])
  func expiry(_ text: String) throws {
    let day: CalendarDay = try #require(CalendarDay(text))
    let known = AcceptedDeviation(cases: Glob("5.a"), reason: "It cannot.", expires: day)
    let report = report([known], [row("5.a", .failed, breaking: "r")])
    let isAccepted = text == "2026-11-26"
    #expect(report.accepted.count == (isAccepted ? 1 : 0))
    #expect(
      report.regressions.map(\.sentence) == (isAccepted ? [] : ["Accepted until 2026-11-25 only: It cannot."])
    )
  }

  @Test("what no longer happens is told, but only of cases that ran and told something")
  func mended() {
    let deviations = ["5.a", "6.*", "7.*", "8.x"].map {
      AcceptedDeviation(cases: Glob($0), reason: "It cannot.")
    }
    let report = report(
      deviations,
      [
        row("5.a", .passed), row("6.a", .passed), row("6.b", .failed, breaking: "r"),
        row("7.a", .inconclusive),
      ])
    #expect(report.mended.map(\.case) == ["5.a"])
  }

  @Test(
    "a weaker verdict that is listed is accepted; a failure in its place is new, and one that is not listed decides nothing"
  )
  func nonStrict() {
    let known = AcceptedDeviation(cases: Glob("5.a"), verdict: .nonStrict, reason: "It cannot.")
    #expect(report([known], [row("5.a", .nonStrict)]).accepted.count == 1)
    #expect(report([known], [row("5.a", .failed, breaking: "r")]).regressions.map(\.case) == ["5.a"])
    #expect(report([], [row("6.a", .nonStrict)]) == BaselineReport(baseline: "known.json"))
  }

  @Test("what the run as a whole breaks is new, or accepted under the name run")
  func overTheRun() {
    let known = AcceptedDeviation(
      cases: Glob("run"), rules: ["keys-random"], reason: "Its generator is weak.")
    #expect(report([], [], [violation("keys-random")]).regressions.map(\.case) == ["run"])
    #expect(report([known], [], [violation("keys-random")]).accepted.map(\.case) == ["run"])
    #expect(report([known], [row("5.a", .passed)]).mended.map(\.case) == ["run"])
  }

  @Test("an earlier run as the baseline accepts what failed in it, by the same rules and those alone")
  func earlierRun() {
    let old = recorded([row("5.a", .failed, breaking: "one"), row("5.b", .passed), row("5.c", .nonStrict)])
    let baseline = Baseline(name: "old", run: old)
    let same = baseline.report(on: old.cases, today: today)
    #expect(same.regressions.isEmpty && same.accepted.map(\.case) == ["5.a"])
    let new = [
      row("5.a", .failed, breaking: "two"), row("5.b", .failed, breaking: "one"), row("5.d", .failed),
    ]
    #expect(baseline.report(on: new, today: today).regressions.map(\.case) == ["5.a", "5.b", "5.d"])
  }

  /// A run of each of several boards, whose cases all have one id.
  private func each(
    _ verdicts: KeyValuePairs<String, Verdict>, _ violations: [Violation] = [], id: String = "5.a"
  ) -> RecordedRun {
    var run = recorded(
      verdicts.map { board, verdict in
        var row = row(id, verdict, breaking: "r")
        row.board = board
        return row
      })
    run.violations = violations
    run.each = true
    return run
  }

  @Test("with --each a baseline ignored the board: what had failed on one was accepted on another")
  func boards() {
    let old = each(["x": .failed, "y": .passed])
    let baseline = Baseline(name: "old", run: old)
    let same = baseline.report(on: old, today: today)
    #expect(same.regressions.isEmpty && same.accepted.map(\.name) == ["5.a on x"] && same.mended.isEmpty)
    let report = baseline.report(on: each(["x": .passed, "y": .failed]), today: today)
    #expect(report.regressions.map(\.name) == ["5.a on y"] && report.accepted.isEmpty)
    #expect(report.mended.map(\.name) == ["5.a on x"])
    // A board that the old run did not have is accepted nothing.
    #expect(baseline.report(on: each(["z": .failed]), today: today).regressions.map(\.name) == ["5.a on z"])
  }

  @Test("of boards with --each the only one that is left was accepted what others had failed")
  func boardThatIsLeft() {
    let baseline = Baseline(name: "old", run: each(["x": .failed, "y": .passed]))
    #expect(baseline.boardToTellApart("y", false) == "y" && baseline.boardToTellApart("z", false) == nil)
    #expect(Baseline(name: "list", deviations: []).boardToTellApart("y", true) == "y")
    let report = baseline.report(on: each(["y": .failed]), today: today)
    #expect(report.regressions.map(\.name) == ["5.a on y"])
  }

  @Test("with --each what one board broke over the run was accepted on another")
  func boardsOverTheRun() {
    func violations(_ board: String) -> [Violation] {
      var violation = violation("keys-random")
      violation.sentence = "On \(board): \(violation.sentence)"
      return [violation]
    }
    let old = each(["x": .passed, "y": .passed], violations("x"))
    let baseline = Baseline(name: "old", run: old)
    #expect(baseline.report(on: old, today: today).accepted.map(\.name) == ["run on x"])
    let report = baseline.report(on: each(["x": .passed, "y": .passed], violations("y")), today: today)
    #expect(report.regressions.map(\.name) == ["run on y"] && report.mended.map(\.name) == ["run on x"])
  }

  @Test("where boards share the cases, or there is one, the board of the old run decides nothing")
  func sharedBoards() {
    var shared = each(["x": .failed])
    shared.each = nil
    let other = each(["y": .failed])
    for (old, new) in [(shared, other), (other, shared)] {
      #expect(Baseline(name: "old", run: old).report(on: new, today: today).regressions.isEmpty)
    }
  }

  @Test("the run of one of several boards goes by what its own board had", arguments: ["x", "y"])
  func ownRun(_ board: String) {
    var run = RunResult(
      tool: "", seed: 1, board: BoardRecord(selector: "sim", kind: .simulated, machine: "", firmware: ""),
      client: ClientIdentity(path: "", adapter: "", files: [:]), startedAt: 0)
    let testCase = Case(scenario: Catalogue.all[0])
    run.cases = [CaseResult(notRun: testCase, .failed, because: "It failed.")]
    run.plannedCount = 1
    run.cases[0].judgement.violations = [violation("r")]
    let baseline = Baseline(name: "old", run: each(["x": .failed, "y": .passed], id: testCase.id))
    run.baseline = baseline.report(on: run, ofBoard: board, today: today)
    #expect(run.outcome == (board == "x" ? .allWell : .caseFailed))
    #expect((run.baseline?.acceptance(of: run.cases[0]) != nil) == (board == "x"))
  }

  @Test("a run is not failed by what its baseline has", arguments: [true, false])
  func outcome(isKnown: Bool) {
    var run = RunResult(
      tool: "", seed: 1, board: BoardRecord(selector: "sim", kind: .simulated, machine: "", firmware: ""),
      client: ClientIdentity(path: "", adapter: "", files: [:]), startedAt: 0)
    run.violations = [violation("keys-random")]
    let known = AcceptedDeviation(cases: Glob("run"), reason: "Its generator is weak.")
    run.baseline = report(isKnown ? [known] : [], [], run.violations)
    #expect(run.outcome == (isKnown ? .allWell : .caseFailed))
  }

  @Test(
    "days that the calendar does not have are none",
    arguments: ["2026-02-30", "26-1-1", "tomorrow", "2026-11-26T00"])
  func noDay(_ text: String) { #expect(CalendarDay(text) == nil) }
}

func recorded(_ cases: [RecordedCase]) -> RecordedRun {
  RecordedRun(
    tool: "wsrig 0.1.0", seed: 1,
    board: BoardRecord(selector: "sim", kind: .simulated, machine: "", firmware: ""),
    client: ClientIdentity(path: "", adapter: "", files: [:]), startedAt: "2026-11-26T00:00:00Z", cases: cases
  )
}
