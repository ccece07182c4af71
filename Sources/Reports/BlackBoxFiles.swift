import Results
import Scenarios
import Traces
import Verdicts

/// What is saved of trouble of the bench: a folder for each, of bounded size.
enum BlackBoxFiles {
  /// No file of a black box is longer, in characters; the end counts, and what is left out before is named.
  static let longestFile = 128 * 1024

  /// The files of a case's black boxes, as far as the result still has what they hold.
  static func files(of result: CaseResult) -> RunReport.Files {
    zip(result.blackBoxes, result.troubles).flatMap { box, trouble -> RunReport.Files in
      var files: [(ReportNames.BlackBoxFile, String)] = [
        (.trouble, text(of: trouble, in: result)), (.serialLog, end(of: trouble.serialLog)),
      ]
      if let trace = trouble.trace {
        files.append((.wire, end(of: WireLog.text(of: trace))))
        files.append((.client, end(of: ClientLog.text(of: trace.client))))
      }
      return files.map { ("\(box.path)/\($0.0.rawValue)", $0.1) }
    }
  }

  private static func text(of trouble: BenchTrouble, in result: CaseResult) -> String {
    let verdict = result.judgement.verdict.rawValue
    let attempt = trouble.attempt == 0 ? "before the first case" : "attempt \(trouble.attempt)"
    let events = result.boardEvents.map { event in
      "  \(event.atSeconds.rounded(toPlaces: 3)) s  \(event.name) "
        + "\(event.succeeded ? "succeeded" : "failed") after \(event.durationSeconds.rounded(toPlaces: 3)) s: "
        + event.detail.withoutControls
    }
    let lines = [
      "\(result.case.id), \(attempt): \(trouble.kind.words)", "", trouble.reason.withoutControls, "",
      "the case came to: \(verdict) after \(result.attempts.counted("attempt"))", "",
      "recovery of the board, seconds from the start of the run",
    ]
    return (lines + (events.isEmpty ? ["  none"] : events)).joined(separator: "\n") + "\n"
  }

  private static func end(of text: String) -> String {
    let surplus = text.utf8.count - longestFile
    guard surplus > 0 else { return text }
    return "# \(surplus) bytes before are left out here\n"
      + String(decoding: text.utf8.dropFirst(surplus), as: UTF8.self)
  }
}
