import Results
import Verdicts

/// All files of a run's report folder.
public enum RunReport {
  private typealias Files = [(path: String, text: String)]

  /// The files by their path in the folder: `results.json`, `junit.xml`, `report.html`, and a folder `cases/NAME` for each case
  /// that failed, was inconclusive, or in which the reference failed. Their texts are made one after the other, as they are asked
  /// for: those of a run with hundreds of failed cases are not to be held all at once.
  /// - Parameter folder: the folder as the user will name it, for the commands that replay a case.
  public static func files(of run: RunResult, folder: String) -> some Sequence<(path: String, text: String)> {
    let documents: [() -> Files] = [
      { [("results.json", JSONReport.results(of: run))] },
      { [("junit.xml", JUnitReport.text(of: run))] },
      { [("report.html", HTMLReport.text(of: run, folder: folder))] },
    ]
    let cases = run.cases.filter(\.needsAttention).map { result -> () -> Files in
      { CaseFolder.files(of: result, in: run, reportFolder: folder) }
    }
    return (documents + cases).lazy.flatMap { $0() }
  }
}
