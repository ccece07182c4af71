import Glibc

/// A file to which the secrets of TLS connections are added, in the format that Wireshark reads (`SSLKEYLOGFILE`).
///
/// Whoever has it can read those connections: it is made for its owner alone.
public final class TLSKeyLog: Sendable {
  /// The file.
  public let path: String
  private let file: OwnedDescriptor

  /// Opens the file for adding, and makes it with mode 600 where there is none.
  public init(path: String) throws(PosixError) {
    let raw = retryOnInterrupt { Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
    guard raw >= 0 else { throw .last(.open, path) }
    file = OwnedDescriptor(adopting: raw)
    self.path = path
  }

  /// Adds a line in one write, so that lines of several threads do not mix. A full disk costs the line and nothing else.
  func add(_ line: UnsafePointer<CChar>) {
    let count = strlen(line)
    var text = [UInt8](UnsafeRawBufferPointer(start: line, count: count))
    text.append(UInt8(ascii: "\n"))
    _ = retryOnInterrupt { Glibc.write(file.raw, text, text.count) }
  }
}
