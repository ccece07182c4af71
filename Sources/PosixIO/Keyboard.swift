import CLinux
import Glibc

/// Standard input, key by key: where it is a terminal it is made raw, so that Ctrl-C and the like are bytes, until ``end()``.
public struct Keyboard: Sendable {
  /// What is typed.
  public let channel: ByteChannel
  /// The terminal's settings as they were; nil where standard input is none.
  private let former: Settings?

  /// Settings of a terminal. `@unchecked Sendable`: a plain C structure, which nobody changes.
  private struct Settings: @unchecked Sendable {
    var path: String
    var value: termios
  }

  /// Begins to read.
  /// - Throws: `PosixError` where the terminal cannot be opened or set.
  public static func begin(on loop: EventLoop) throws(PosixError) -> Keyboard {
    guard isatty(STDIN_FILENO) == 1 else {
      return Keyboard(
        channel: ByteChannel(
          adopting: try OwnedDescriptor(duplicating: STDIN_FILENO), endpoint: "standard input", on: loop),
        former: nil)
    }
    var name = [CChar](repeating: 0, count: 256)
    guard ttyname_r(STDIN_FILENO, &name, name.count) == 0 else { throw .last(.open, "the terminal") }
    let path = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    var settings = termios()
    guard tcgetattr(STDIN_FILENO, &settings) == 0 else { throw .last(.configureTerminal, path) }
    // Opened anew, because who shares the descriptor would find it non-blocking.
    let descriptor = try OwnedDescriptor.open(path: path, flags: O_RDWR | O_NOCTTY | O_NONBLOCK)
    try makeRaw(descriptor.raw, path, keepsInterrupt: false)
    return Keyboard(
      channel: ByteChannel(adopting: descriptor, endpoint: path, on: loop),
      former: Settings(path: path, value: settings))
  }

  /// Ends reading, and gives the terminal its former settings back.
  public func end() {
    channel.close()
    if var settings = former?.value { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }
  }
}
