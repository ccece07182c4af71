import Foundation

/// Files that the user named to be written.
public enum TextFile {
  /// Writes the text.
  /// - Parameter option: the option that named the file, for the error.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public static func write(_ text: String, to path: String, option: String) throws {
    let file = URL(fileURLWithPath: path)
    let folder = file.deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw ConfigurationError(
        "Cannot write '\(path)': the folder '\(folder.relativePath)' does not exist; make it, or check \(option)."
      )
    }
    do {
      try Data(text.utf8).write(to: file)
    } catch {
      throw ConfigurationError("Cannot write '\(path)': \(error.underlyingReason); check \(option).")
    }
  }
}
