import Foundation
import PosixIO

/// Files that the user named to be written.
public enum TextFile {
  /// Writes the text.
  /// - Parameter option: the option that named the file, for the error.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public static func write(_ text: String, to path: String, option: String) throws {
    try checkFolder(of: path, option: option)
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    } catch {
      throw ConfigurationError("Cannot write '\(path)': \(error.underlyingReason); check \(option).")
    }
  }

  /// Looks whether the text could be written, before it costs anything to make it; what the file holds stays as it is.
  /// - Parameter option: the option that named the file, for the error.
  /// - Throws: `ConfigurationError` where it could not.
  public static func check(_ path: String, option: String) throws {
    guard !path.isEmpty else {
      throw ConfigurationError("\(option) needs a file, and what it was given is empty.")
    }
    try checkFolder(of: path, option: option)
    let files = FileManager.default
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    var isFolder: ObjCBool = false
    let exists = files.fileExists(atPath: path, isDirectory: &isFolder)
    guard !isFolder.boolValue else {
      throw ConfigurationError("Cannot write '\(path)': it is a folder; check \(option).")
    }
    guard files.isWritableFile(atPath: exists ? path : folder.path) else {
      let what = exists ? "the file" : "the folder '\(folder.relativePath)'"
      throw ConfigurationError("Cannot write '\(path)': \(what) may not be written; check \(option).")
    }
  }

  private static func checkFolder(of path: String, option: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw ConfigurationError(
        "Cannot write '\(path)': the folder '\(folder.relativePath)' does not exist; make it, or check \(option)."
      )
    }
  }
}
