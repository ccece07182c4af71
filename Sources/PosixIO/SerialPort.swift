import CLinux
import Glibc

/// Opens serial ports and other terminals.
public enum SerialPort {
  /// Opens a terminal by path as raw bytes, 8 data bits, no flow control, with DTR and RTS set (a USB CDC board
  /// only talks to a host that sets DTR), and takes it for this process alone (`TIOCEXCL`).
  ///
  /// - Parameter speed: bits per second for ports that have a real line; USB CDC and pseudo-terminals ignore it.
  ///   A speed that termios does not know is refused with EINVAL.
  public static func open(
    path: String, speed: Int = 115_200, on loop: EventLoop
  ) throws(PosixError) -> ByteChannel {
    guard let code = speeds[speed] else {
      throw PosixError(
        .configureTerminal, path, ErrorNumber(rawValue: EINVAL), detail: "no such speed: \(speed)")
    }
    let descriptor = try OwnedDescriptor.open(path: path, flags: O_RDWR | O_NOCTTY | O_NONBLOCK)
    guard isatty(descriptor.raw) == 1 else {
      throw PosixError(.open, path, ErrorNumber(rawValue: ENOTTY), detail: "it is not a terminal")
    }
    try makeRaw(descriptor.raw, path, keepsInterrupt: false, speed: code)
    // Pseudo-terminals have neither modem lines nor a queue of another user: failures there are of no account.
    _ = clinux_set_exclusive(descriptor.raw)
    _ = clinux_set_modem_lines(descriptor.raw, Int32(TIOCM_DTR | TIOCM_RTS))
    return ByteChannel(adopting: descriptor, endpoint: path, on: loop)
  }

  private static let speeds: [Int: speed_t] = [
    9600: speed_t(B9600), 19200: speed_t(B19200), 38400: speed_t(B38400), 57600: speed_t(B57600),
    115_200: speed_t(B115200), 230_400: speed_t(B230400), 460_800: speed_t(B460800),
    921_600: speed_t(B921600),
    1_000_000: speed_t(B1000000), 2_000_000: speed_t(B2000000), 3_000_000: speed_t(B3000000),
  ]
}

extension ByteChannel {
  /// Drops what has arrived but was not read, and what was written but not sent (`tcflush`). Terminals only.
  public func discardBuffers() {
    withRawDescriptor { tcflush($0, TCIOFLUSH) }
  }
}
