import Foundation
import Glibc
import Synchronization

/// A lock on a file (`flock`), held until it goes out of scope. The kernel frees it when its process
/// ends, however that ends, so it never has to be cleaned up after a crash. Every user may take it.
public struct FileLock: ~Copyable, Sendable {
  /// Who else may hold the lock meanwhile.
  public enum Sharing: Sendable {
    /// Nobody.
    case exclusive
    /// Whoever takes it shared as well.
    case shared

    fileprivate var operation: Int32 { self == .exclusive ? LOCK_EX : LOCK_SH }
  }

  /// The lock file's path.
  public let path: String
  private let descriptor: OwnedDescriptor

  /// Takes the lock.
  ///
  /// - Parameter note: is written into the file, for whoever finds it taken; of those who share it the last one's stays.
  /// - Returns: nil if another process, or another lock of this process, holds it.
  /// - Throws: `PosixError` if the file cannot be opened.
  public init?(path: String, note: String, _ sharing: Sharing = .exclusive) throws(PosixError) {
    descriptor = try Self.open(path)
    self.path = path
    guard flock(descriptor.raw, sharing.operation | LOCK_NB) == 0 else { return nil }
    Self.write(note, to: descriptor.raw)
  }

  /// The processes that hold the lock, as far as the kernel tells (`/proc/locks`).
  public static func holders(path: String) -> [Int32] {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard let inode = attributes?[.systemFileNumber] as? Int,
      let table = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)
    else { return [] }
    // 1: FLOCK  ADVISORY  READ 1234 00:2f:5678 0 EOF; an arrow behind the number is somebody who waits.
    return table.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count > 5, words[1] == "FLOCK", words[5].hasSuffix(":\(inode)") else { return nil }
      return Int32(words[4])
    }
  }

  /// Waits until the lock is free, and takes it.
  ///
  /// The kernel has no wait for a lock with a deadline, and tells nobody when one is freed: a thread waits. One whose lock comes
  /// too late gives it back at once.
  /// - Returns: nil at the deadline.
  /// - Throws: `PosixError` if the file cannot be opened; `CancellationError`.
  public static func wait(
    path: String, note: String, _ sharing: Sharing = .exclusive, deadline: Deadline, on loop: EventLoop
  ) async throws -> FileLock? {
    let waiting = WaitingLock(try open(path))
    startThread(named: "ws-lock") { waiting.wait(sharing.operation, loop) }
    let isOurs = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        loop.submit { waiting.begin(continuation, deadline, on: loop) }
      }
    } onCancel: {
      loop.submit { waiting.finish(.failure(CancellationError())) }
    }
    guard isOurs, let descriptor = waiting.take() else { return nil }
    write(note, to: descriptor.raw)
    return FileLock(path: path, holding: descriptor)
  }

  private init(path: String, holding descriptor: consuming OwnedDescriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Makes a folder in which every user may have lock files, unless it is there.
  /// - Throws: `PosixError` where it cannot be made, is no folder, or is another user's alone.
  public static func makeFolder(_ path: String) throws(PosixError) {
    if mkdir(path, mode_t(everybodys)) == 0 {
      // The process's mask has taken away what others may do.
      _ = chmod(path, mode_t(everybodys))
      return
    }
    guard errno == EEXIST else { throw .last(.makeFolder, path) }
    var status = stat()
    // A link would lead to wherever its maker wants.
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw PosixError(.makeFolder, path, ErrorNumber(rawValue: ENOTDIR))
    }
    // Without the sticky bit its owner's friends could put other files in the place of locks.
    guard isEverybodys(path) || status.st_uid == geteuid() else {
      throw PosixError(.makeFolder, path, ErrorNumber(rawValue: EACCES))
    }
  }

  /// Whether a folder is one in which every user may make files, and nobody may remove those of others.
  public static func isEverybodys(_ folder: String) -> Bool {
    var status = stat()
    return stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      && status.st_mode & mode_t(everybodys) == mode_t(everybodys)
  }

  /// As that of the folder for temporary files: the sticky bit, and all rights.
  private static let everybodys = 0o1777

  /// Opens the file, and makes it only where it is not there: in a folder of everybody's the kernel refuses `O_CREAT` for a file of
  /// another user's (`fs.protected_regular`).
  private static func open(_ path: String) throws(PosixError) -> OwnedDescriptor {
    let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
    while true {
      let found = retryOnInterrupt { Glibc.open(path, flags) }
      if found >= 0 { return try checked(OwnedDescriptor(adopting: found), path) }
      guard errno == ENOENT else { throw .last(.open, path) }
      let made = retryOnInterrupt { Glibc.open(path, flags | O_CREAT | O_EXCL, 0o666) }
      if made >= 0 {
        // The process's mask has taken away what others may do.
        _ = fchmod(made, 0o666)
        return OwnedDescriptor(adopting: made)
      }
      // Another process may have made it meanwhile.
      guard errno == EEXIST else { throw .last(.open, path) }
    }
  }

  /// Refuses what is no file of its own: a hard link would have another file overwritten.
  private static func checked(
    _ file: consuming OwnedDescriptor, _ path: String
  ) throws(PosixError) -> OwnedDescriptor {
    var status = stat()
    guard fstat(file.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 1 else {
      throw PosixError(
        .open, path, ErrorNumber(rawValue: EINVAL), detail: "it is no file of its own; remove it")
    }
    return file
  }

  private static func write(_ note: String, to raw: Int32) {
    let bytes = [UInt8](note.utf8)
    _ = ftruncate(raw, 0)
    _ = pwrite(raw, bytes, bytes.count, 0)
  }
}

/// One wait for a lock. `@unchecked Sendable`: the continuation and the timer are touched on the loop's thread only, the descriptor by
/// the thread that waits until it has the lock, and by whoever takes it then.
private final class WaitingLock: @unchecked Sendable {
  private let descriptor: Mutex<Int32>
  private var continuation: CheckedContinuation<Bool, any Error>?
  private var timer: LoopTimer?
  private var isOver = false
  private var hasLock = false

  init(_ descriptor: consuming OwnedDescriptor) {
    // The number is this object's own from here on: no other owner closes it.
    self.descriptor = Mutex(dup(descriptor.raw))
  }

  func wait(_ operation: Int32, _ loop: EventLoop) {
    let raw = descriptor.withLock { $0 }
    let result = retryOnInterrupt { flock(raw, operation) }
    loop.submit { self.waited(result == 0) }
  }

  func begin(_ continuation: CheckedContinuation<Bool, any Error>, _ deadline: Deadline, on loop: EventLoop) {
    guard !isOver else { return continuation.resume(returning: false) }
    self.continuation = continuation
    if hasLock { return finish(.success(true)) }
    timer = LoopTimer(on: loop) { [unowned self] in finish(.success(false)) }
    timer?.set(deadline)
  }

  func finish(_ result: Result<Bool, any Error>) {
    guard let continuation else {
      isOver = isOver || !hasLock
      return
    }
    self.continuation = nil
    timer?.cancel()
    isOver = true
    continuation.resume(with: result)
  }

  private func waited(_ succeeded: Bool) {
    if isOver { return close() }
    hasLock = succeeded
    if continuation != nil { finish(.success(succeeded)) }
  }

  /// The descriptor, once.
  func take() -> OwnedDescriptor? {
    descriptor.withLock { raw in
      defer { raw = -1 }
      return raw >= 0 ? OwnedDescriptor(adopting: raw) : nil
    }
  }

  private func close() { _ = take() }
}
