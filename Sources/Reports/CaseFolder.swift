import Results
import Scenarios
import Traces
import Verdicts

/// The folder of a case that needs attention: everything to understand it and to run it again.
enum CaseFolder {
  /// The folder's path in the report folder: `cases/` and the case's id, other characters replaced.
  static func path(of result: CaseResult) -> String {
    let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@")
    return ReportNames.cases + "/" + String(result.case.id.map { allowed.contains($0) ? $0 : "_" })
  }

  private static func file(_ file: ReportNames.CaseFile, of result: CaseResult) -> String {
    "\(path(of: result))/\(file.rawValue)"
  }

  /// The command that runs the case again as it ran, from the folder in which the run was started.
  static func replayCommand(of result: CaseResult, in run: RunResult, reportFolder: String) -> String {
    let board = result.board.flatMap { run.boardWords[$0] }.map { ["--board", $0] } ?? []
    let words =
      [run.program, "replay", "\(reportFolder)/\(file(.scenario, of: result))"] + run.replayOptions + board
    return words.map(\.shellQuoted).joined(separator: " ")
  }

  /// The file that says in words what happened, with the command that runs the case again.
  static func summaryFile(
    of result: CaseResult, in run: RunResult, reportFolder: String
  ) -> (path: String, text: String) {
    (file(.summary, of: result), summary(of: result, in: run, reportFolder: reportFolder))
  }

  /// The files that say what went over which line, as far as the result still has it.
  static func traceFiles(of result: CaseResult) -> [(path: String, text: String)] {
    var files: [(ReportNames.CaseFile, String)] = [
      (.scenario, ScenarioFile.text(of: result.case)), (.serialLog, result.serialLog),
    ]
    if let device = result.device {
      files.append((.wire, WireLog.text(of: device)))
      files.append((.client, ClientLog.text(of: device.client)))
    }
    if let reference = result.reference {
      files.append((.referenceWire, WireLog.text(of: reference)))
      files.append((.referenceClient, ClientLog.text(of: reference.client)))
    }
    return files.map { (file($0.0, of: result), $0.1) }
  }

  private static func summary(
    of result: CaseResult, in run: RunResult, reportFolder: String
  ) -> String {
    let judgement = result.judgement
    var lines = [
      "\(result.case.id): \(judgement.verdict.rawValue)", "", "server    \(result.case.scenario.description)",
      "expected  \(result.case.scenario.expectation)",
    ]
    if let reason = judgement.reason { lines.append("seen      \(reason.withoutControls)") }
    lines += [
      "board     \(run.boardName(of: result))",
      "client    \(run.client.path) (adapter \(run.client.adapter))",
      "seed      \(run.seed)", "attempts  \(result.attempts)",
    ]
    if let isolation = result.isolation { lines.append("isolation \(isolation.rawValue)") }
    if let repeats = result.repeatSentence { lines.append("repeats   \(repeats)") }
    lines += [
      "replay    \(replayCommand(of: result, in: run, reportFolder: reportFolder))",
      "",
    ]
    if !judgement.violations.isEmpty {
      lines += ["broken by the device"] + judgement.violations.map { "  \($0.line)" } + [""]
    }
    if !judgement.referenceViolations.isEmpty {
      lines += ["broken by the reference"] + judgement.referenceViolations.map { "  \($0.line)" } + [""]
    }
    if !result.boardEvents.isEmpty {
      lines +=
        ["board events"] + result.boardEvents.map { "  \($0.name): \($0.detail.withoutControls)" } + [""]
    }
    return (lines + [FrameTable(result).text]).joined(separator: "\n") + "\n"
  }
}

extension String {
  /// The text as one word for a shell.
  var shellQuoted: String {
    let isPlain =
      !isEmpty && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:@=+,".contains($0)) }
    return isPlain ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
