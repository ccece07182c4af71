import Results
import Verdicts

/// All files of a run's report folder.
public enum RunReport {
  /// Files with their path in the folder.
  public typealias Files = [(path: String, text: String)]

  /// The files by their path in the folder: `results.json`, `junit.xml`, `report.html`, and a folder `cases/NAME` for each case
  /// that failed, was inconclusive, or in which the reference failed. Their texts are made one after the other, as they are asked
  /// for: those of a run with hundreds of failed cases are not to be held all at once.
  /// - Parameters:
  ///   - folder: the folder as the user will name it, for the commands that replay a case.
  ///   - hasTraces: whether the results still have their traces; where not, ``traceFiles(of:)`` made files of them before.
  public static func files(
    of run: RunResult, folder: String, hasTraces: Bool = true
  ) -> some Sequence<(path: String, text: String)> {
    let documents: [() -> Files] = [
      { [(ReportNames.results, JSONReport.results(of: run))] },
      { [(ReportNames.junit, JUnitReport.text(of: run))] },
      { [(ReportNames.page, HTMLReport.text(of: run, folder: folder))] },
    ]
    let cases = run.cases.filter(\.needsAttention).map { result -> () -> Files in
      {
        [CaseFolder.summaryFile(of: result, in: run, reportFolder: folder)]
          + (hasTraces ? CaseFolder.traceFiles(of: result) : [])
      }
    }
    return (documents + cases).lazy.flatMap { $0() }
  }

  /// The files for programs of a run that several boards' runs were joined to; each board's own folder has all others.
  public static func files(ofJoined run: RunResult) -> Files {
    [(ReportNames.results, JSONReport.results(of: run)), (ReportNames.junit, JUnitReport.text(of: run))]
  }

  /// What is known of a case that deserves a closer look as soon as it has ended, and of trouble of the bench; nothing of others. Written then, its traces need
  /// not be held until the run is over.
  public static func traceFiles(of result: CaseResult) -> Files {
    (result.needsAttention ? CaseFolder.traceFiles(of: result) : []) + BlackBoxFiles.files(of: result)
  }

  /// What is known of trouble of the bench in a case that is not in the result.
  public static func blackBoxFiles(of result: CaseResult) -> Files { BlackBoxFiles.files(of: result) }
}
