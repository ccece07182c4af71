import Foundation
import Reports

/// Standard output and standard error, and what they are connected to.
enum Console {
  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Colour only on a terminal, and not where NO_COLOR is set (no-color.org).
  static var style: TerminalStyle {
    let environment = ProcessInfo.processInfo.environment
    let isDumb = environment["TERM"] == "dumb"
    return TerminalStyle(usesColor: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && !isDumb)
  }

  /// The width of the terminal in columns, 80 where it does not say.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes a line to standard output at once.
  static func say(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Writes text to standard output at once, without a line feed.
  static func put(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// Writes a line to standard error.
  static func complain(_ text: String) { write("wsrig: \(text)\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 { bytes = bytes.dropFirst(count) } else if errno != EINTR { return }
    }
  }
}
