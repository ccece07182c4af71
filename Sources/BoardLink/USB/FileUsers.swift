import Foundation

/// Finds out which other processes have a file open, as far as this user may know (`/proc/PID/fd`).
enum FileUsers {
  /// The first of them, such as `process 4711 (mpremote)`; nil where none is seen. Who has the other side of a pseudo-terminal is no
  /// user of it, but the board itself.
  static func other(of path: String) -> String? {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    for process in processes.compactMap({ Int32($0) }).sorted() where process != getpid() {
      if isOpen(path, in: process), !isBehind(path, process) {
        return "process \(process) (\(name(of: process)))"
      }
    }
    return nil
  }

  private static func isOpen(_ path: String, in process: Int32) -> Bool {
    openFiles(of: process).contains { file in
      // In another container the same name may be another terminal.
      file.path == path && isOne(path, "/proc/\(process)/fd/\(file.number)")
    }
  }

  private static func isOne(_ path: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(path, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino
  }

  /// Whether a process has the controller of this pseudo-terminal, as the kernel numbers them.
  private static func isBehind(_ path: String, _ process: Int32) -> Bool {
    guard path.hasPrefix("/dev/pts/") else { return false }
    let index = "tty-index:\t\(path.dropFirst("/dev/pts/".count))"
    return openFiles(of: process).contains { file in
      guard file.path.hasSuffix("/ptmx") else { return false }
      let facts = try? String(contentsOfFile: "/proc/\(process)/fdinfo/\(file.number)", encoding: .utf8)
      return facts?.split(separator: "\n").contains { $0 == index } ?? false
    }
  }

  private static func openFiles(of process: Int32) -> [(number: String, path: String)] {
    let folder = "/proc/\(process)/fd"
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return numbers.compactMap { number in
      let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(number)")
      return path.map { (number, $0) }
    }
  }

  private static func name(of process: Int32) -> String {
    let text = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
    return text?.trimmingCharacters(in: .newlines) ?? "unknown"
  }
}
