import Foundation
import PosixIO

/// Keeps a bench quiet for who measures on it: runs on its boards go on beside each other, a measurement of time does not, for they have
/// radio, cables and the computer in common.
///
/// One lock file for the computer's whole bench, besides that of each board; the kernel frees it with its process.
public struct BenchLock: ~Copyable, Sendable {
  /// Who works on the bench, and does not let another do so.
  public struct Busy: Error, Sendable, CustomStringConvertible {
    /// The holders, each with its process and command line.
    public let holders: String
    /// Whether whoever wanted it wanted it alone.
    public let isWantedAlone: Bool

    /// One sentence without full stop.
    public var description: String {
      isWantedAlone
        ? "a measurement wants the bench for itself, and it is in use by \(holders)"
        : "the bench is in use by \(holders), which measures and has it for itself"
    }
  }

  private let lock: FileLock

  private init(_ lock: consuming FileLock) { self.lock = lock }

  /// Takes the lock; where it is held in a way that excludes this, that is waited for until the deadline.
  ///
  /// - Parameters:
  ///   - sharing: `.exclusive` for a measurement, `.shared` for everything else.
  ///   - folder: where the lock file is; nil takes the folder of all users.
  ///   - whenBusy: is told in words, before the wait begins.
  /// - Throws: ``Busy``; `BoardFailure` with `.notOpened` if no lock file can be made; `CancellationError`.
  public static func take(
    _ sharing: FileLock.Sharing, deadline: Deadline?, on loop: EventLoop, folder: String? = nil,
    whenBusy: @Sendable (String) -> Void = { _ in }
  ) async throws -> BenchLock {
    let path = try LockFolder.made(folder, for: "of this bench") + "/bench.lock"
    let note = BoardHolder.current.note
    do {
      if let lock = try FileLock(path: path, note: note, sharing) { return BenchLock(lock) }
      let busy = busy(sharing, path)
      guard let deadline else { throw busy }
      whenBusy(busy.description)
      let lock = try await FileLock.wait(path: path, note: note, sharing, deadline: deadline, on: loop)
      guard let lock else { throw busy }
      return BenchLock(lock)
    } catch let error as PosixError {
      throw BoardFailure(board: "of this bench", .notOpened("its lock file \(path): \(error)"))
    }
  }

  private static func busy(_ sharing: FileLock.Sharing, _ path: String) -> Busy {
    let holders = FileLock.holders(path: path).map(BoardHolder.words(for:))
    return Busy(
      holders: holders.isEmpty ? BoardHolder.words(at: path) : holders.joined(separator: " and "),
      isWantedAlone: sharing == .exclusive)
  }
}

extension BoardHolder {
  /// A process that runs, in words.
  fileprivate static func words(for process: Int32) -> String {
    let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
    let words = String(decoding: line, as: UTF8.self).split(separator: "\0").map(String.init)
    guard let program = words.first else { return "process \(process)" }
    let name = URL(filePath: program).lastPathComponent
    return "process \(process) (\(([name] + words.dropFirst()).joined(separator: " ")))"
  }
}
