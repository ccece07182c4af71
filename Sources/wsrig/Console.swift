import Foundation
import PosixIO
import Reports

/// Standard output and standard error, and what they are connected to.
enum Console {
  /// Whether standard output is a terminal.
  static var isTerminal: Bool { StandardStream.output.isTerminal }

  /// Colour only on a terminal, and not where NO_COLOR is set (no-color.org).
  static var style: TerminalStyle {
    let environment = ProcessInfo.processInfo.environment
    let isDumb = environment["TERM"] == "dumb"
    return TerminalStyle(usesColor: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && !isDumb)
  }

  /// The tool as the user called it: scripts/wsrig says by which name, since the binary itself lies in a build folder.
  static var program: String { ProcessInfo.processInfo.environment["WSRIG_COMMAND"] ?? "wsrig" }

  /// The width of the terminal in columns, 80 where it does not say.
  static var width: Int { StandardStream.output.columns ?? 80 }

  /// What takes the line away that is redrawn on a terminal.
  static let eraseLine = "\r\u{1B}[2K"

  /// Writes a line to standard output at once.
  static func say(_ text: String) { write(text + "\n", to: .output) }

  /// Writes text to standard output at once, without a line feed.
  static func put(_ text: String) { write(text, to: .output) }

  /// Writes bytes to standard output at once.
  static func put(_ bytes: [UInt8]) { _ = StandardStream.output.write(bytes) }

  /// Writes a line to standard error.
  static func complain(_ text: String) { write("wsrig: \(text)\n", to: .errors) }

  /// Where nobody reads any more, the work goes on: its reports and its exit status are still wanted.
  private static func write(_ text: String, to stream: StandardStream) { _ = stream.write(text.utf8) }
}
