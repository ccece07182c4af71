import CLinux
import Glibc

/// The one owner of an open file descriptor: closed when it goes out of scope.
///
/// The raw number can come in (`init(adopting:)`) but never leaves this module.
public struct OwnedDescriptor: ~Copyable, Sendable {
  /// The descriptor, -1 once closed.
  private(set) var raw: Int32

  /// Takes over an open descriptor: nobody else may close it.
  public init(adopting raw: Int32) { self.raw = raw }

  /// Makes another descriptor for what `raw` stands for (`fcntl`), not inherited by children; `raw` stays its owner's.
  public init(duplicating raw: Int32) throws(PosixError) {
    let copy = fcntl(raw, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .last(.open, "another descriptor") }
    self.raw = copy
  }

  /// Whether it has not been closed yet.
  public var isOpen: Bool { raw >= 0 }

  /// Closes now (`close`); further calls do nothing. Errors are of no use: the number is gone either way.
  public mutating func close() {
    guard raw >= 0 else { return }
    _ = Glibc.close(raw)
    raw = -1
  }

  /// Opens a file (`open`), not inherited by children.
  static func open(path: String, flags: Int32) throws(PosixError) -> OwnedDescriptor {
    let raw = retryOnInterrupt { Glibc.open(path, flags | O_CLOEXEC) }
    guard raw >= 0 else { throw .last(.open, path) }
    return OwnedDescriptor(adopting: raw)
  }

  /// Makes reads and writes return at once (`fcntl`).
  func setNonBlocking() {
    _ = fcntl(raw, F_SETFL, fcntl(raw, F_GETFL) | O_NONBLOCK)
  }

  /// Keeps the descriptor from programs started later (`fcntl`).
  func setCloseOnExec() {
    _ = fcntl(raw, F_SETFD, fcntl(raw, F_GETFD) | FD_CLOEXEC)
  }

  deinit {
    if raw >= 0 { _ = Glibc.close(raw) }
  }
}

/// The two ends of a pipe, both closed on exec.
struct Pipe: ~Copyable {
  var readEnd: OwnedDescriptor
  var writeEnd: OwnedDescriptor

  init() throws(PosixError) {
    var raw: [Int32] = [-1, -1]
    guard pipe2(&raw, O_CLOEXEC) == 0 else { throw .last(.createPipe, "") }
    readEnd = OwnedDescriptor(adopting: raw[0])
    writeEnd = OwnedDescriptor(adopting: raw[1])
  }
}
