import Foundation
import Results

/// `latency.json` as earlier latency runs left it.
public enum LatencyBaselineFile {
  /// The file's name in a report folder.
  public static let name = "latency.json"

  /// Reads it.
  /// - Parameters:
  ///   - path: the file, or the report folder that holds it.
  ///   - role: what it is read for, in the words of an error.
  /// - Throws: `ConfigurationError` where it cannot be read or is no such file.
  public static func read(_ path: String, as role: String = "baseline") throws -> LatencyBaseline {
    do {
      return try ResultsFile.read(ResultsFile.file(path, name: name))
    } catch {
      throw ConfigurationError(
        "Cannot use the \(role): \(error); name the \(name) of an earlier latency run, or its folder.")
    }
  }

  /// Whether that is what a path leads to: the file itself under any name, or a folder with one.
  public static func isAt(_ path: String) -> Bool {
    let file = ResultsFile.file(path, name: name)
    guard file == path else { return FileManager.default.fileExists(atPath: file) }
    let read: LatencyBaseline? = try? ResultsFile.read(path)
    return read != nil || URL(fileURLWithPath: path).lastPathComponent == name
  }
}
