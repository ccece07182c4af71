import Foundation
import Results

/// JSON as the reports write it.
public enum JSONReport {
  /// Encodes a value with sorted keys and indentation, ending in a line feed.
  public static func text(of value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    guard let data = try? encoder.encode(value) else {
      preconditionFailure("a report holds only values that JSON can express")
    }
    return String(decoding: data, as: UTF8.self) + "\n"
  }

  /// The text of `results.json`, keys sorted, ending in a line feed.
  public static func results(of run: RunResult) -> String { text(of: ResultsDocument(run)) }
}
