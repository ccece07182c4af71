import Foundation
import PosixIO
import RawREPL
import Synchronization

/// The raw bytes of a board's link, both ways, for a whole run, in a text file.
///
/// Each line holds the seconds since the log began, `>` (to the board), `<` (from the board) or `#` (a note), and
/// the bytes as a Python `bytes` literal, so that nothing is lost and everything can be read.
public final class SerialLog: Sendable {
  /// Which way bytes went.
  public enum Direction: String, Sendable {
    /// From the host to the board.
    case toBoard = ">"
    /// From the board to the host.
    case fromBoard = "<"
  }

  /// The file.
  public let path: String
  private let start: MonotonicInstant
  private let file: Mutex<FileHandle>

  /// Creates the file, replacing an older one.
  ///
  /// - Throws: the file system's error if it cannot be written.
  public init(path: String) throws {
    self.path = path
    try Data().write(to: URL(filePath: path))
    let handle = try FileHandle(forUpdating: URL(filePath: path))
    file = Mutex(handle)
    start = .now()
  }

  /// Adds bytes that have just passed.
  public func record(_ direction: Direction, _ bytes: [UInt8]) {
    append(direction.rawValue, PythonLiteral.bytes(bytes).source)
  }

  /// Adds a note of the rig, such as a rung of the recovery ladder.
  public func note(_ text: String) { append("#", text) }

  /// Where the log stands now, to cut out later what a case added. In bytes.
  public var position: UInt64 { file.withLock { (try? $0.seekToEnd()) ?? 0 } }

  /// What was added since `position`; beyond `limitBytes` the middle is left out and its size named.
  public func excerpt(since position: UInt64, limitBytes: Int = 256 * 1024) -> String {
    let data = file.withLock { file -> Data in
      do {
        try file.seek(toOffset: position)
        return try file.readToEnd() ?? Data()
      } catch {
        return Data("# the log could not be read: \(error)\n".utf8)
      }
    }
    guard data.count > limitBytes else { return String(decoding: data, as: UTF8.self) }
    let half = limitBytes / 2
    let gap = "\n# \(data.count - 2 * half) bytes of this log are left out here\n"
    return String(decoding: data.prefix(half), as: UTF8.self) + gap
      + String(decoding: data.suffix(half), as: UTF8.self)
  }

  private func append(_ mark: String, _ text: String) {
    let microseconds = (MonotonicInstant.now() - start).wholeNanoseconds / 1000
    let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
    let line = "\(microseconds / 1_000_000).\(fraction) \(mark) \(text)\n"
    file.withLock { file in
      // A full disk must not end the run: the log is a help, not a result.
      _ = try? file.seekToEnd()
      try? file.write(contentsOf: Data(line.utf8))
    }
  }
}
