import Foundation
import PosixIO

/// Keeps a board for one process: two rigs on one board would break each other's runs.
///
/// A lock file per board in the user's runtime folder; the kernel frees it with its process.
public struct BoardLock: ~Copyable, Sendable {
  private let lock: FileLock

  /// Takes the lock of a board.
  ///
  /// - Parameter folder: where the lock files are; nil takes the user's runtime folder.
  /// - Throws: `BoardFailure` with `.busy` naming the holder, or `.notOpened` if no lock file can be made.
  public init(_ selector: BoardSelector, folder: String? = nil) throws {
    let folder = folder ?? Self.runtimeFolder
    let path = folder + "/" + Self.fileName(selector)
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let note = "\(ProcessInfo.processInfo.processIdentifier)"
      guard let lock = try FileLock(path: path, note: note) else {
        let holder = try? String(contentsOfFile: path, encoding: .utf8)
        let name = holder.map { "process \($0) (\(ProcessInfo.processInfo.processName) or alike)" }
        throw BoardFailure(board: selector.description, .busy(holder: name ?? "another process"))
      }
      self.lock = lock
    } catch let failure as BoardFailure {
      throw failure
    } catch {
      throw BoardFailure(board: selector.description, .notOpened("its lock file \(path): \(error)"))
    }
  }

  /// The folder for lock files: `XDG_RUNTIME_DIR`, or one of the user's own under the temporary folder.
  private static var runtimeFolder: String {
    if let folder = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"], !folder.isEmpty {
      return folder + "/wsrig"
    }
    return NSTemporaryDirectory() + "wsrig-\(NSUserName())"
  }

  /// Devices are locked by what their path leads to, so that two names of one port are one lock.
  private static func fileName(_ selector: BoardSelector) -> String {
    var name = selector.description
    if case .terminal(let path) = selector {
      name = "tty:" + URL(filePath: path).resolvingSymlinksInPath().path
    }
    return name.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined() + ".lock"
  }
}
