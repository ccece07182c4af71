import CLinux
import Glibc

/// Standard output or standard error of this process. From any thread; writes of several threads may mix.
public struct StandardStream: Sendable {
  /// Standard output.
  public static let output = StandardStream(descriptor: STDOUT_FILENO)
  /// Standard error.
  public static let errors = StandardStream(descriptor: STDERR_FILENO)

  // Not owned: it belongs to the process and stays open.
  private let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// What became of a write.
  public enum Outcome: Hashable, Sendable {
    /// All bytes were taken.
    case written
    /// Nobody reads the pipe any more.
    case readerGone
    /// The kernel refused, or the deadline passed (`.timedOut`); part of the bytes may have gone out.
    case failed(ErrorNumber)
  }

  /// Whether it is a terminal.
  public var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The width of the terminal in columns; nil where there is none, or it does not say.
  public var columns: Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes all of `bytes`, and waits where the reader is slow, as a descriptor that blocks does by itself. A reader that
  /// has gone is told by the outcome, not by the signal (SIGPIPE) that would end the process.
  public func write(_ bytes: some Sequence<UInt8>, deadline: Deadline = .never) -> Outcome {
    let bytes = Array(bytes)
    let signal = PipeSignal()
    defer { signal.restore() }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
        return retryOnInterrupt { Glibc.write(descriptor, rest.baseAddress, rest.count) }
      }
      if count >= 0 {
        written += count
        continue
      }
      let number = ErrorNumber.current
      switch number.rawValue {
      case EPIPE: return .readerGone
      // Whoever shares the terminal or pipe with us may have made it non-blocking for all.
      case EAGAIN: if !waitUntilWritable(deadline) { return .failed(.timedOut) }
      default: return .failed(number)
      }
    }
    return .written
  }

  private func waitUntilWritable(_ deadline: Deadline) -> Bool {
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      var milliseconds: Int32 = -1
      if let instant = deadline.instant {
        let left = (instant - .now()).wholeNanoseconds
        guard left > 0 else { return false }
        milliseconds = Int32(clamping: left / 1_000_000 + 1)
      }
      let count = poll(&entry, 1, milliseconds)
      if count > 0 || (count < 0 && errno != EINTR) { return true }
    }
  }
}

/// Keeps the SIGPIPE of our own write from the process: held back in this thread, and taken away if the write caused it.
private struct PipeSignal {
  private var before = sigset_t()
  private var wasPending = false

  init() {
    var pending = sigset_t()
    sigpending(&pending)
    wasPending = sigismember(&pending, SIGPIPE) == 1
    var own = Self.set
    pthread_sigmask(SIG_BLOCK, &own, &before)
  }

  func restore() {
    if !wasPending {
      var own = Self.set
      var none = timespec()
      while sigtimedwait(&own, nil, &none) < 0, errno == EINTR {}
    }
    var before = before
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  private static var set: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGPIPE)
    return set
  }
}
