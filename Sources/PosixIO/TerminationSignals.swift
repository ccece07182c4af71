import CLinux
import Glibc

/// The requests to end that a process gets: Ctrl-C in its terminal, the end of that terminal, or `kill`.
public enum TerminationSignal: Int32, Sendable, CaseIterable {
  /// SIGHUP: the terminal was closed.
  case hangUp = 1
  /// SIGINT.
  case interrupt = 2
  /// SIGTERM.
  case terminate = 15

  /// Takes over these signals for the process and reports each. When the stream's reader goes away, the signals end
  /// the process again as usual. At most one stream at a time.
  ///
  /// The handler only writes a byte into a pipe, so it works whatever thread the kernel picks.
  public static func stream(on loop: EventLoop) throws(PosixError) -> AsyncStream<TerminationSignal> {
    let pipe = try Pipe()
    let writeEnd = fcntl(pipe.writeEnd.raw, F_DUPFD_CLOEXEC, 3)
    let readEnd = OwnedDescriptor(adopting: fcntl(pipe.readEnd.raw, F_DUPFD_CLOEXEC, 3))
    let channel = ByteChannel(adopting: readEnd, endpoint: "signals", on: loop)
    return AsyncStream { continuation in
      channel.receive { event in
        guard case .bytes(let numbers) = event else { return continuation.finish() }
        for number in numbers {
          if let signal = TerminationSignal(rawValue: Int32(number)) { continuation.yield(signal) }
        }
      }
      for signal in allCases { _ = clinux_route_signal(signal.rawValue, writeEnd) }
      continuation.onTermination = { _ in
        for signal in allCases { _ = clinux_restore_signal(signal.rawValue) }
        channel.close()
        close(writeEnd)
      }
    }
  }
}
