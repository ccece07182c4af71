import Foundation
import PosixIO

/// Folders that the user named to be written into.
enum NamedFolder {
  /// Makes the folder, with those that it lies in, where it does not exist.
  /// - Parameter option: the option that named it, for the error.
  /// - Throws: `ConfigurationError` where it cannot be made.
  static func make(_ folder: URL, option: String) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw ConfigurationError(
        "Cannot make the folder '\(folder.path)': \(reason(folder, error)); check \(option).")
    }
  }

  /// What stands in the way. The system says of a folder where nothing can be made, as in /proc, that "the file" does not exist.
  private static func reason(_ folder: URL, _ error: any Error) -> String {
    var place = folder
    var isFolder: ObjCBool = false
    while !FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), place.path != "/" {
      place.deleteLastPathComponent()
    }
    guard isFolder.boolValue else { return "'\(place.path)' is no folder" }
    guard (error as? CocoaError)?.code == .fileNoSuchFile else { return error.underlyingReason }
    return "nothing can be made in '\(place.path)'"
  }
}
