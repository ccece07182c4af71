import Scenarios
import Verdicts

/// What is known of a client, so that only what is new decides how a run ends.
public struct Baseline: Sendable {
  /// The file that it comes from, as the user named it.
  public var name: String
  /// What is accepted; of several that fit a case one suffices.
  public var deviations: [AcceptedDeviation]

  /// The ids of the boards of which each went through all cases, whether or not something failed on it; none where they are not told
  /// apart.
  public var boards: Set<String> = []

  /// Creates a baseline.
  public init(name: String, deviations: [AcceptedDeviation]) {
    self.name = name
    self.deviations = deviations
  }

  /// An earlier run: what failed in it may fail again by the same rules. Where each of several boards went through all cases, what
  /// failed on one of them may fail on that one only.
  public init(name: String, run: RecordedRun) {
    let cases = run.boardsToldApart.filter { $0.verdict == .failed }.map { row in
      AcceptedDeviation(
        cases: Glob(row.id), rules: row.brokenRules, reason: row.reason ?? "It failed in \(name) too.",
        board: row.board)
    }
    let overTheRun = Self.rows(overTheRun: run.violations, beside: run.boardsToldApart)
      .filter { $0.verdict == .failed }.map { row in
        AcceptedDeviation(
          cases: Glob(row.id), rules: row.brokenRules, reason: "It was broken in \(name) too.",
          board: row.board)
      }
    self.init(name: name, deviations: cases + overTheRun)
    boards = Set(run.boardsToldApart.compactMap(\.board))
  }

  /// The id by which the only board of a run is told from others: where several boards have runs of their own, or where the baseline
  /// knows of it by that id, as after a run with `--each` of which one board is left.
  public func boardToTellApart(_ id: String, _ isOneOfSeveral: Bool) -> String? {
    isOneOfSeveral || boards.contains(id) ? id : nil
  }

  /// What is new in a run, what was known, and what no longer happens.
  /// - Parameters:
  ///   - result: the run.
  ///   - board: the id of the run's only board, where each of several boards has a run of its own; otherwise nil.
  ///   - today: the day by which deviations expire.
  public func report(
    on result: RunResult, ofBoard board: String? = nil, today: CalendarDay
  ) -> BaselineReport {
    let cases = result.cases.map { result in
      var row = RecordedCase(result)
      row.board = board ?? row.board
      return row
    }
    let isByBoard = board != nil || result.isOfEachBoard
    return report(
      on: isByBoard ? cases : cases.withoutBoards, violations: result.violations, today: today)
  }

  /// What is new in a recorded run, what was known, and what no longer happens.
  public func report(on run: RecordedRun, today: CalendarDay) -> BaselineReport {
    report(on: run.boardsToldApart, violations: run.violations, today: today)
  }

  /// What is new in a run, what was known, and what no longer happens.
  /// - Parameters:
  ///   - cases: with their boards only where each of several boards ran all cases.
  ///   - violations: rules broken over the run as a whole.
  ///   - today: the day by which deviations expire.
  public func report(
    on cases: [RecordedCase], violations: [Violation] = [], today: CalendarDay
  ) -> BaselineReport {
    let rows = cases + Self.rows(overTheRun: violations, beside: cases)
    var report = BaselineReport(baseline: name)
    for row in rows {
      switch standing(row, today) {
      case .new(let sentence):
        report.regressions.append(.init(case: row.id, sentence: sentence, board: row.board))
      case .accepted(let deviation):
        report.accepted.append(
          .init(case: row.id, sentence: deviation.reason, link: deviation.link, board: row.board))
      case .notable: break
      }
    }
    report.mended = deviations.filter { isMended($0, in: rows) }.map { deviation in
      .init(
        case: deviation.cases.pattern, sentence: deviation.reason, link: deviation.link,
        board: deviation.board)
    }
    return report
  }

  /// The run as a whole, on each board that its cases name: a row for each MUST that it broke there.
  private static func rows(
    overTheRun violations: [Violation], beside cases: [RecordedCase]
  ) -> [RecordedCase] {
    let boards = Set(cases.compactMap(\.board)).sorted()
    guard boards.count > 1 else { return rows(overTheRun: violations, on: boards.first) }
    return boards.flatMap { board in
      rows(overTheRun: violations.filter { $0.isSaid(of: board) }, on: board)
    }
  }

  private static func rows(overTheRun violations: [Violation], on board: String?) -> [RecordedCase] {
    let broken = violations.filter { $0.requirement == .must }
    let id = AcceptedDeviation.overTheRun
    let rows =
      broken.isEmpty
      ? [RecordedCase(id: id, verdict: .passed)]
      : broken.map { RecordedCase(id: id, verdict: .failed, reason: $0.sentence, violations: [$0]) }
    return rows.map { $0.on(board) }
  }

  private enum Standing {
    case new(String)
    case accepted(AcceptedDeviation)
    case notable
  }

  private func standing(_ row: RecordedCase, _ today: CalendarDay) -> Standing {
    let fitting = deviations.filter { $0.fits(row) && $0.verdict == row.verdict }
    let current = fitting.filter { !$0.isExpired(on: today) }
    if let deviation = current.first(where: { $0.covers(row.brokenRules) }) { return .accepted(deviation) }
    guard row.verdict == .failed else { return .notable }
    let reason = row.reason ?? "It failed."
    if let known = current.first {
      let others = row.brokenRules.subtracting(known.rules).sorted().joined(separator: ", ")
      return .new("It was known to fail, and now breaks \(others) too. \(reason)")
    }
    if let expired = fitting.first, let day = expired.expires {
      return .new("Accepted until \(day) only: \(expired.reason)")
    }
    return .new(reason)
  }

  /// Whether nothing is left of a deviation, though cases that it is about told something.
  private func isMended(_ deviation: AcceptedDeviation, in rows: [RecordedCase]) -> Bool {
    let telling = rows.filter { row in
      ![.inconclusive, .unsupported].contains(row.verdict) && deviation.fits(row)
    }
    return !telling.isEmpty
      && !telling.contains { $0.verdict == deviation.verdict && deviation.touches($0.brokenRules) }
  }
}
