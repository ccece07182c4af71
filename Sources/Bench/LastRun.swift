import Foundation
import Results
import Verdicts

/// What a run left in its report folder, as far as the next run goes by it.
public struct LastRun: Sendable {
  /// The folder that holds the latest run's reports.
  public static let latest = "reports/latest"

  /// The seed of the run.
  public let seed: UInt64
  /// The ids of the cases that failed or were inconclusive, and of those that had been so before and did not get to run.
  public let attentionIDs: Set<String>
  /// Whether every case of its plan ran.
  public let isWhole: Bool

  private struct Document: Decodable {
    struct Row: Decodable {
      var id: String
      var verdict: Verdict
    }

    var seed: UInt64
    var cases: [Row]
    var endedEarly: EndedEarly?
    var unsettled: [String]?
  }

  /// Reads `results.json` of a report folder.
  /// - Throws: `ConfigurationError` where it cannot be read or is no such file.
  public init(folder: String) throws {
    let run: Document
    do {
      run = try ResultsFile.read(folder + "/" + ResultsFile.name)
    } catch {
      throw ConfigurationError(
        "Cannot tell what failed in the last run: \(error); run without --failed first, or name another folder with --report."
      )
    }
    seed = run.seed
    let failed = run.cases.filter { [.failed, .inconclusive].contains($0.verdict) }.map(\.id)
    attentionIDs = Set(failed).union(run.unsettled ?? [])
    isWhole = run.endedEarly == nil
  }
}
