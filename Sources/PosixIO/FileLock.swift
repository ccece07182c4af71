import Glibc

/// An exclusive lock on a file (`flock`), held until it goes out of scope. The kernel frees it when its process
/// ends, however that ends, so it never has to be cleaned up after a crash.
public struct FileLock: ~Copyable, Sendable {
  /// The lock file's path.
  public let path: String
  private let descriptor: OwnedDescriptor

  /// Takes the lock and writes `note` into the file, for whoever finds it taken.
  ///
  /// - Returns: nil if another process, or another lock of this process, holds it.
  /// - Throws: `PosixError` if the file cannot be opened.
  public init?(path: String, note: String) throws(PosixError) {
    let raw = retryOnInterrupt { Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
    guard raw >= 0 else { throw .last(.open, path) }
    descriptor = OwnedDescriptor(adopting: raw)
    self.path = path
    guard flock(raw, LOCK_EX | LOCK_NB) == 0 else { return nil }
    let bytes = [UInt8](note.utf8)
    _ = ftruncate(raw, 0)
    _ = pwrite(raw, bytes, bytes.count, 0)
  }
}
