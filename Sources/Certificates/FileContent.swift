import Glibc

/// Files with keys in them: read whole, and written so that nobody else ever sees them.
enum FileContent {
  /// All bytes of a file of at most 1 MiB.
  static func read(_ path: String) throws(CertificateError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(path, "open") }
    defer { close(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while all.count < 1 << 20 {
      let count = Glibc.read(file, &chunk, chunk.count)
      guard count >= 0 else { throw failure(path, "read") }
      if count == 0 { break }
      all += chunk.prefix(count)
    }
    return all
  }

  /// Whether others than the owner have any right to a file.
  static func isExposed(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o077 != 0
  }

  /// Writes a new file with mode 600, complete or not at all; false where there is one already.
  static func create(_ path: String, _ bytes: [UInt8]) throws(CertificateError) -> Bool {
    let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
    let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure(draft, "create") }
    defer { unlink(draft) }
    let written = write(file, bytes, bytes.count)
    let isSafe = written == bytes.count && fsync(file) == 0
    close(file)
    guard isSafe else { throw failure(draft, "write") }
    // A link appears with all its content, and never takes the place of what another process made meanwhile.
    if link(draft, path) == 0 { return true }
    guard errno == EEXIST else { throw failure(path, "create") }
    return false
  }

  /// Makes a folder, with those on the way, for its owner alone.
  static func createFolder(_ path: String) throws(CertificateError) {
    var place = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      place += "/\(part)"
      guard mkdir(place, 0o700) == 0 || errno == EEXIST || errno == EISDIR || errno == EROFS else {
        throw failure(place, "create the folder")
      }
    }
  }

  private static func failure(_ path: String, _ operation: String) -> CertificateError {
    .file(path: path, operation: operation, reason: String(cString: strerror(errno)))
  }
}
