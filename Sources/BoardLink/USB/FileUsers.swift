import Foundation

/// Finds out which other processes have a file open, as far as this user may know (`/proc/PID/fd`).
enum FileUsers {
  /// The first of them, such as `process 4711 (mpremote)`; nil where none is seen.
  static func other(of path: String) -> String? {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    for process in processes.compactMap({ Int32($0) }).sorted() where process != getpid() {
      if isOpen(path, in: process) { return "process \(process) (\(name(of: process)))" }
    }
    return nil
  }

  private static func isOpen(_ path: String, in process: Int32) -> Bool {
    let folder = "/proc/\(process)/fd"
    let numbers = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return numbers.contains {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == path
    }
  }

  private static func name(of process: Int32) -> String {
    let text = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
    return text?.trimmingCharacters(in: .newlines) ?? "unknown"
  }
}
