import Results
import Verdicts

/// All files of a run's report folder.
public enum RunReport {
  /// The files by their path in the folder: `results.json`, `junit.xml`, `report.html`, and a folder `cases/NAME` for each case
  /// that failed, was inconclusive, or in which the reference failed.
  /// - Parameter folder: the folder as the user will name it, for the commands that replay a case.
  public static func files(of run: RunResult, folder: String) -> [(path: String, text: String)] {
    var files = [
      ("results.json", JSONReport.results(of: run)), ("junit.xml", JUnitReport.text(of: run)),
      ("report.html", HTMLReport.text(of: run, folder: folder)),
    ]
    for result in run.cases where result.needsAttention {
      files += CaseFolder.files(of: result, in: run, reportFolder: folder)
    }
    return files
  }
}
