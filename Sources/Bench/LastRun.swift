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
  /// - Throws: `ConfigurationError` where it cannot be read, is no such file, or names no case to run again.
  public init(folder: String) throws {
    let file = URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent("results.json")
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: file))
    } catch let error as DecodingError {
      throw ConfigurationError(
        "Cannot tell what failed in the last run: '\(folder)/results.json' is no report of wsrig's "
          + "(\(error.place)); run without --failed first, or name another folder with --report.")
    } catch {
      throw ConfigurationError(
        "Cannot tell what failed in the last run: '\(folder)/results.json' cannot be read "
          + "(\(error.underlyingReason)); run without --failed first, or name another folder with --report.")
    }
    seed = document.seed
    let failed = document.cases.filter { [.failed, .inconclusive].contains($0.verdict) }.map(\.id)
    attentionIDs = Set(failed).union(document.unsettled ?? [])
    isWhole = document.endedEarly == nil
  }
}

extension DecodingError {
  /// What is wrong, in a few words.
  var place: String {
    switch self {
    case .keyNotFound(let key, _): "the key \(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.last.map { "\($0.stringValue) is not as it should be" } ?? "it is no valid JSON"
    @unknown default: "it cannot be decoded"
    }
  }
}
