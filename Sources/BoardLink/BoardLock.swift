import Foundation
import PosixIO

/// Keeps a board for one process: two rigs on one board would break each other's runs.
///
/// A lock file per board in a folder that all users of the computer share; the kernel frees it with its process, so that a dead holder
/// is no obstacle. Whatever name a board was called by, and whoever calls, its lock is the same.
public struct BoardLock: ~Copyable, Sendable {
  private let lock: FileLock

  /// Takes the lock of a board.
  ///
  /// - Parameters:
  ///   - folder: where the lock files are; nil takes the folder of all users.
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
  /// The same for all users and in all environments: a run that a service starts and one from a shell are to meet. Where the system has
  /// no folder of everybody's for locks on devices, a service may have temporary files of its own, but nothing else is left.
  static var usual: String { FileLock.isEverybodys("/run/lock") ? "/run/lock/wsrig" : "/tmp/wsrig-locks" }

  /// The folder, which is there then.
  /// - Parameters:
  ///   - folder: nil takes the usual one.
  ///   - board: whose lock it is for, for the error.
  /// - Throws: `BoardFailure` with `.notOpened` where it cannot be made.
  static func made(_ folder: String?, for board: String) throws -> String {
    let path = folder ?? usual
    do {
      try FileLock.makeFolder(path)
    } catch {
      let parent = URL(filePath: path).deletingLastPathComponent().path
      throw BoardFailure(
        board: board,
        .notOpened("\(error), in which its lock file would be; check that all users may write to \(parent)"))
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
    // Everybody may write into the file, and a terminal shows it.
    let printable = lines.map { line in
      String(
        String.UnicodeScalarView(line.unicodeScalars.filter { $0.properties.generalCategory != .control }))
    }
    return "process \(printable[0]) (\(printable[1])) since \(printable[2])"
  }
}
