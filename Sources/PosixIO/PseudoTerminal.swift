import CLinux
import Glibc

/// A pseudo-terminal: what is written to one side is read on the other, with a terminal between them.
///
/// The terminal is raw (no echo, no translation, byte by byte) but may keep ISIG with Ctrl-C as its only signal, so
/// that a program which has it as controlling terminal is interrupted by a 0x03 and by nothing else.
public struct PseudoTerminal: ~Copyable, Sendable {
  /// The controller's side: the one that stands where a serial cable would end.
  public let controller: ByteChannel
  /// The terminal's path, for a program to open.
  public let path: String
  /// The terminal's side, kept open so that the controller never reads an end of stream while no program has it.
  private(set) var terminal: OwnedDescriptor

  /// Creates one (`posix_openpt`); the controller's channel lives on `loop`.
  ///
  /// - Parameter keepsInterrupt: whether Ctrl-C is a signal, until a program decides otherwise.
  public init(on loop: EventLoop, keepsInterrupt: Bool = true) throws(PosixError) {
    let raw = clinux_open_terminal_controller()
    guard raw >= 0 else { throw .last(.createTerminal, "") }
    let controller = OwnedDescriptor(adopting: raw)
    var name = [CChar](repeating: 0, count: 128)
    guard grantpt(raw) == 0, unlockpt(raw) == 0, ptsname_r(raw, &name, name.count) == 0 else {
      throw .last(.createTerminal, "")
    }
    let path = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    let terminal = try OwnedDescriptor.open(path: path, flags: O_RDWR | O_NOCTTY)
    try makeRaw(terminal.raw, path, keepsInterrupt: keepsInterrupt)
    self.terminal = terminal
    self.path = path
    self.controller = ByteChannel(adopting: controller, endpoint: path, on: loop)
  }

  /// Closes the terminal's side: from now on the controller reads an end of stream once no program has it open.
  public mutating func closeTerminal() { terminal.close() }

  /// Gives the terminal's side to another owner, who closes it.
  public mutating func takeTerminal() throws(PosixError) -> TerminalSide {
    defer { terminal.close() }
    return TerminalSide(try OwnedDescriptor(duplicating: terminal.raw))
  }

  /// Closes both sides; programs that have the terminal read an end of stream and get SIGHUP.
  public mutating func close() {
    terminal.close()
    controller.close()
  }
}

/// The terminal's side of a pseudo-terminal, held open beside the program on it, so that what that leaves unread can be taken.
///
/// `@unchecked Sendable`: to be used on one loop's thread only, that of the controller's channel.
public final class TerminalSide: @unchecked Sendable {
  private var descriptor: OwnedDescriptor

  init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  /// Takes what was typed and no program has read. Only once the program has ended: reads no longer wait from then on.
  public func takeUnread() -> [UInt8] {
    guard descriptor.isOpen else { return [] }
    descriptor.setNonBlocking()
    var unread: [UInt8] = []
    while true {
      let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = max(0, retryOnInterrupt { Glibc.read(descriptor.raw, buffer.baseAddress, 4096) })
      }
      if bytes.isEmpty { return unread }
      unread += bytes
    }
  }

  /// Closes it: the controller reads an end of stream once no program has the terminal open.
  public func close() { descriptor.close() }
}

/// Switches a terminal to raw bytes. With `keepsInterrupt`, Ctrl-C still signals; quit and suspend never do.
func makeRaw(
  _ raw: Int32, _ path: String, keepsInterrupt: Bool, speed: speed_t? = nil
) throws(PosixError) {
  var settings = termios()
  guard tcgetattr(raw, &settings) == 0 else { throw .last(.configureTerminal, path) }
  cfmakeraw(&settings)
  if keepsInterrupt {
    settings.c_lflag |= tcflag_t(ISIG)
    // 0 is _POSIX_VDISABLE: no character has the function.
    withUnsafeMutableBytes(of: &settings.c_cc) { characters in
      characters[Int(VQUIT)] = 0
      characters[Int(VSUSP)] = 0
      characters[Int(VINTR)] = 3
    }
  }
  settings.c_cflag |= tcflag_t(CLOCAL | CREAD)
  settings.c_cflag &= ~tcflag_t(HUPCL)
  if let speed { cfsetspeed(&settings, speed) }
  guard tcsetattr(raw, TCSANOW, &settings) == 0 else { throw .last(.configureTerminal, path) }
}
