import Foundation
import PosixIO

/// Keeps a board for one process: two rigs on one board would break each other's runs.
///
/// A lock file per board in the user's runtime folder; the kernel frees it with its process, so that a dead holder is no obstacle.
/// Whatever name a board was called by, its lock is the same.
public struct BoardLock: ~Copyable, Sendable {
  private let lock: FileLock

  /// Takes the lock of a board.
  ///
  /// - Parameters:
  ///   - folder: where the lock files are; nil takes the user's runtime folder.
  ///   - sysfs: the kernel's folder with one entry per USB device.
  /// - Throws: `BoardFailure` with `.busy` naming the holder, or `.notOpened` if no lock file can be made.
  public init(
    _ selector: BoardSelector, folder: String? = nil, sysfs: String = BoardDiscovery.sysfs
  ) throws {
    let path = try Self.path(selector, folder, sysfs)
    let lock = try Self.translating(selector, path) { () throws(PosixError) -> FileLock? in
      try FileLock(path: path, note: BoardHolder.current.note)
    }
    guard let lock else {
      throw BoardFailure(board: selector.description, .busy(holder: BoardHolder.words(at: path)))
    }
    self.lock = lock
  }

  private init(_ lock: consuming FileLock) { self.lock = lock }

  /// Takes the lock of a board, and waits for it where another process has it.
  ///
  /// - Parameters:
  ///   - whenBusy: is told the holder before the wait begins.
  /// - Throws: as `init`, `.busy` only at the deadline; `CancellationError`.
  public static func wait(
    for selector: BoardSelector, deadline: Deadline, on loop: EventLoop, folder: String? = nil,
    sysfs: String = BoardDiscovery.sysfs, whenBusy: @Sendable (String) -> Void
  ) async throws -> BoardLock {
    do {
      return try BoardLock(selector, folder: folder, sysfs: sysfs)
    } catch let failure as BoardFailure {
      guard case .busy(let holder) = failure.cause else { throw failure }
      whenBusy(holder)
    }
    let path = try path(selector, folder, sysfs)
    let lock = try await FileLock.wait(
      path: path, note: BoardHolder.current.note, deadline: deadline, on: loop)
    guard let lock else {
      throw BoardFailure(board: selector.description, .busy(holder: BoardHolder.words(at: path)))
    }
    return BoardLock(lock)
  }

  private static func path(_ selector: BoardSelector, _ folder: String?, _ sysfs: String) throws -> String {
    try LockFolder.made(folder, for: selector.description) + "/"
      + fileName(PhysicalBoard(selector, sysfs: sysfs))
  }

  private static func translating<Result: ~Copyable>(
    _ selector: BoardSelector, _ path: String, _ body: () throws(PosixError) -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      throw BoardFailure(board: selector.description, .notOpened("its lock file \(path): \(error)"))
    }
  }

  private static func fileName(_ board: PhysicalBoard) -> String {
    board.key.map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined() + ".lock"
  }
}

/// Where lock files are.
enum LockFolder {
  /// `XDG_RUNTIME_DIR`, or a folder of the user's own under the temporary one.
  static var usual: String {
    if let folder = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"], !folder.isEmpty {
      return folder + "/wsrig"
    }
    return NSTemporaryDirectory() + "wsrig-\(NSUserName())"
  }

  /// The folder, which is there then.
  /// - Parameters:
  ///   - folder: nil takes the usual one.
  ///   - board: whose lock it is for, for the error.
  /// - Throws: `BoardFailure` with `.notOpened` where it cannot be made.
  static func made(_ folder: String?, for board: String) throws -> String {
    let path = folder ?? usual
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw BoardFailure(
        board: board,
        .notOpened(
          "the folder of its lock file, \(path), cannot be made (\(error.underlyingReason)); check XDG_RUNTIME_DIR, which says where it is"
        ))
    }
    return path
  }
}

/// Who holds a board: what a lock file says.
struct BoardHolder: Sendable, Hashable {
  /// The process id.
  var process: Int32
  /// The command line.
  var command: String
  /// Since when, in UTC.
  var since: String

  /// This process.
  static var current: BoardHolder {
    let words = ProcessInfo.processInfo.arguments
    let name = URL(filePath: words.first ?? "wsrig").lastPathComponent
    return BoardHolder(
      process: ProcessInfo.processInfo.processIdentifier,
      command: ([name] + words.dropFirst()).joined(separator: " "), since: Date.now.ISO8601Format())
  }

  /// The text of a lock file: three lines.
  var note: String { "\(process)\n\(command.replacing("\n", with: " "))\n\(since)\n" }

  /// The holder by its lock file, in words.
  static func words(at path: String) -> String {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let lines = text.split(separator: "\n").map(String.init)
    guard lines.count == 3 else { return "another process" }
    return "process \(lines[0]) (\(lines[1])) since \(lines[2])"
  }
}
