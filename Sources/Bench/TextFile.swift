import Foundation

/// Files that the user named to be written.
public enum TextFile {
  /// Writes the text.
  /// - Parameter option: the option that named the file, for the error.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public static func write(_ text: String, to path: String, option: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      throw ConfigurationError("Cannot write '\(path)': \(error.underlyingReason); check \(option).")
    }
  }
}
