import Foundation
import Rainbow
import Results
import Scenarios
import Steps
import Verdicts

/// A fuzzing run as text for a person.
public struct FuzzReport: Sendable {
  /// The colours.
  public var style: TerminalStyle
  private let program: String
  private let replayOptions: [String]

  /// Creates a report.
  /// - Parameters:
  ///   - program: how the user calls the tool.
  ///   - replayOptions: what it takes to see a finding again, such as the client, as it is written on the command line.
  public init(style: TerminalStyle, program: String = "wsrig", replayOptions: [String] = []) {
    self.style = style
    self.program = program
    self.replayOptions = replayOptions
  }

  /// The first line of a run.
  public func header(of run: FuzzResult) -> String {
    let client = "client \(run.client.path) (adapter \(run.client.adapter))"
    return style.bold([run.tool, run.board.displayName, client, "seed \(run.seed)"].joined(separator: " · "))
  }

  /// How far a run is, on one line.
  public func line(for status: FuzzStatus) -> String {
    // What matters most first: a narrow terminal shows the beginning.
    var parts = [
      "\(Int(status.seconds)) s", status.groupCount == 0 ? "nothing found" : "\(status.groupCount) found",
      status.caseCount.counted("case"), "\(Int(status.pace.rounded())) executions/s",
      "chapters \(status.chapters.count) of \(Chapter.allCases.count)", "grammar \(status.grammarCount)",
    ]
    if let lines = status.lines { parts.append("lines \(lines.reached) of \(lines.total)") }
    if status.corpusCount > 0 { parts.append("corpus \(status.corpusCount)") }
    return parts.joined(separator: " · ")
  }

  /// A group of findings: the rule and its place, what happened, and the smallest case.
  /// - Parameter file: where its scenario file is; nil where it was not written.
  /// - Returns: ends with the command that shows it again.
  public func lines(for group: FindingGroup, number: Int, file: String?) -> String {
    let violation = group.broken.violation
    let section = violation.rfc.isEmpty ? "" : ", \(Self.cited(violation.rfc))"
    let heading =
      "\(number). \(style.colored(violation.requirement.rawValue, violation.requirement == .must ? .red : .yellow)) "
      + "\(style.bold(violation.rule)) \(group.broken.place)\(section)"
    let details = [
      violation.sentence.withoutControls,
      "came back \(group.repeats.hits) of \(group.repeats.of) times, first in \(group.firstCase), smallest with "
        + group.stepCount.counted("server step"),
    ]
    let command = file.map { ([program, "replay", $0] + replayOptions).map(\.shellQuoted) }
    return ([heading] + (details + (command.map { [$0.joined(separator: " ")] } ?? [])).map { "   \($0)" })
      .joined(separator: "\n")
  }

  private static func cited(_ section: String) -> String {
    section.hasPrefix("RFC") ? section : "RFC 6455 \(section)"
  }

  /// Where the reference breaks a rule, the rig is wrong.
  public func lines(forReference group: FindingGroup) -> String {
    style.colored("The reference itself broke \(group.id) in \(group.firstCase): ", .magenta)
      + group.broken.violation.sentence.withoutControls
  }

  /// The end of a run: what was found and how much was tried.
  public func summary(of run: FuzzResult, wasInterrupted: Bool) -> String {
    var lines: [String] = []
    for violation in run.violations {
      lines.append("\(violation.rule): \(violation.sentence.withoutControls)")
    }
    let status = run.status
    var counts = [
      "\(status.caseCount.counted("case")) in \(Int(status.seconds.rounded())) s",
      "\(status.executionCount.counted("execution")), \(Int(status.pace.rounded())) a second",
      "\(status.chapters.count) of \(Chapter.allCases.count) chapters",
      status.grammarCount.counted("sentence") + " of the grammar",
    ]
    if let reached = status.lines {
      counts.append("\(reached.reached) of \(reached.total) lines of the client")
    }
    if status.replayCount > 0 {
      counts.append("\(status.replayCount.counted("case")) of the corpus gone through again")
    }
    lines.append(counts.joined(separator: " · "))
    if status.flakyCount > 0 {
      let first = run.flaky.prefix(3).map { "\($0.broken.group.withoutControls) in \($0.testCase)" }
      lines.append(
        "\(status.flakyCount.counted("finding")) did not come back when repeated, and count for nothing"
          + (first.isEmpty ? "" : ": " + first.joined(separator: "; ")))
    }
    for (reason, count) in run.obstacles.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(5) {
      lines.append(
        style.dim("\(count.counted("case")) said nothing about the client: \(reason.withoutControls)"))
    }
    lines += troubles(of: run)
    // What all keys together show is a finding without a group.
    let found = (run.groups.count + run.violations.count).counted("group") + " of findings"
    let steps =
      run.medianStepCount.map { ", a smallest case has \($0.counted("server step")) (median)" } ?? ""
    lines.append(
      (wasInterrupted ? "interrupted · " : "")
        + (!run.hasFindings ? style.colored("nothing found", .green) : style.colored(found, .red) + steps))
    return lines.joined(separator: "\n")
  }
}

/// What keeps a run from saying all that it could.
extension FuzzReport {
  private func troubles(of run: FuzzResult) -> [String] {
    var lines = run.unconfirmed.map { finding in
      let sentence = finding.broken.violation.sentence.withoutControls
      return
        "seen and not repeated: \(finding.broken.group.withoutControls) in \(finding.testCase) (\(sentence))"
    }
    if run.lostAllBoards {
      lines.append("every board was given up before the end")
    } else if run.lostBoardCount > 0 {
      lines.append("\(run.lostBoardCount) of \(run.boardCount) boards were given up before the end")
    }
    if run.status.executionCount == 0 {
      lines.append("no case was put to the client")
    } else if run.saysLittle {
      let meaning = run.hasFindings ? "" : ", so that nothing found means little"
      lines.append("most cases said nothing about the client\(meaning)")
    }
    if let failure = run.corpusFailure { lines.append("ended early: \(failure)") }
    return lines.map { style.colored($0, .magenta) }
  }
}

/// The same for programs.
extension FuzzReport {
  private struct Document: Encodable {
    var tool: String
    var seed: UInt64
    var board: String
    var client: ClientIdentity
    var cases: Int
    var executions: Int
    var seconds: Double
    var chapters: [Int]
    var grammar: Int
    var linesReached: Int?
    var linesTotal: Int?
    var flaky: [Unrepeated]
    var obstacles: [String: Int]
    var groups: [Group]
    var referenceGroups: [Group]
    var unconfirmed: [Unrepeated]
    var lostBoards: Int
    var run: [Violation]
  }

  private struct Group: Encodable {
    var rule: String
    var place: String
    var requirement: Requirement
    var rfc: String
    var sentence: String
    var firstCase: String
    var hits: Int
    var repeats: Int
    var count: Int
    var serverSteps: Int
    var seconds: Double

    init(_ group: FindingGroup) {
      let violation = group.broken.violation
      (rule, place, requirement) = (violation.rule, group.broken.place, violation.requirement)
      (rfc, sentence, firstCase) = (violation.rfc, violation.sentence, group.firstCase)
      (hits, repeats) = group.repeats
      (count, serverSteps, seconds) = (group.count, group.stepCount, group.seconds)
    }
  }

  private struct Unrepeated: Encodable {
    var rule: String
    var place: String
    var sentence: String
    var firstCase: String

    init(_ finding: UnrepeatedFinding) {
      (rule, place) = (finding.broken.violation.rule, finding.broken.place)
      (sentence, firstCase) = (finding.broken.violation.sentence, finding.testCase)
    }
  }

  /// What was found as a JSON document.
  public static func json(of run: FuzzResult) -> String {
    let status = run.status
    return JSONReport.text(
      of: Document(
        tool: run.tool, seed: run.seed, board: run.board.selector, client: run.client,
        cases: status.caseCount,
        executions: status.executionCount, seconds: status.seconds,
        chapters: status.chapters.map(\.rawValue).sorted(), grammar: status.grammarCount,
        linesReached: status.lines?.reached, linesTotal: status.lines?.total,
        flaky: run.flaky.map(Unrepeated.init),
        obstacles: run.obstacles, groups: run.groups.map(Group.init),
        referenceGroups: run.referenceGroups.map(Group.init),
        unconfirmed: run.unconfirmed.map(Unrepeated.init),
        lostBoards: run.lostBoardCount, run: run.violations))
  }
}
