import Glibc

/// A kernel error number.
public struct ErrorNumber: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// The value of `errno`.
  public let rawValue: Int32

  /// Wraps a value of `errno`.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The calling thread's `errno`, to be read right after the failing call.
  static var current: ErrorNumber { ErrorNumber(rawValue: errno) }

  /// A deadline passed before the event came.
  public static let timedOut = ErrorNumber(rawValue: ETIMEDOUT)
  /// Another socket listens on the port.
  public static let addressInUse = ErrorNumber(rawValue: EADDRINUSE)
  /// Nobody listens there.
  public static let connectionRefused = ErrorNumber(rawValue: ECONNREFUSED)
  /// The peer reset the connection.
  public static let connectionReset = ErrorNumber(rawValue: ECONNRESET)
  /// The peer no longer reads.
  public static let brokenPipe = ErrorNumber(rawValue: EPIPE)
  /// What came breaks the protocol above TCP; for TLS, ``ByteStream/tlsFailure`` says more.
  public static let protocolError = ErrorNumber(rawValue: EPROTO)
  /// The descriptor was closed here.
  public static let badDescriptor = ErrorNumber(rawValue: EBADF)
  /// No such file, device or name.
  public static let notFound = ErrorNumber(rawValue: ENOENT)
  /// The address family or address does not exist on this machine.
  public static let addressNotAvailable = ErrorNumber(rawValue: EADDRNOTAVAIL)
  /// The kernel lacks the address family.
  public static let addressFamilyNotSupported = ErrorNumber(rawValue: EAFNOSUPPORT)
  /// This user may not.
  public static let permissionDenied = ErrorNumber(rawValue: EACCES)
  /// Another process keeps it for itself.
  public static let busy = ErrorNumber(rawValue: EBUSY)
  /// The terminal's other side is gone.
  public static let inputOutput = ErrorNumber(rawValue: EIO)

  /// The C library's text for the number.
  public var description: String { String(cString: strerror(rawValue)) }
}

/// What was asked of the operating system when it failed.
public enum SystemOperation: String, Sendable {
  case createLoop = "create an event loop"
  case register = "watch"
  case createSocket = "create a socket for"
  case setOption = "set an option on"
  case bind = "listen on"
  case accept = "accept a connection on"
  case resolve = "look up"
  case connect = "connect to"
  case send = "send to"
  case receive = "receive from"
  case open = "open"
  case makeFolder = "make the folder"
  case read = "read from"
  case write = "write to"
  case close = "close"
  case configureTerminal = "set up the terminal"
  case createTerminal = "create a pseudo-terminal"
  case createPipe = "create a pipe"
  case spawn = "start"
  case wait = "wait for"
  case signal = "send a signal to"
}

/// A refusal of the operating system: what was attempted, on what, and the kernel's reason.
public struct PosixError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was attempted.
  public let operation: SystemOperation
  /// On what: an address, a path, a program.
  public let endpoint: String
  /// The kernel's reason; `.timedOut` when our own deadline passed.
  public let number: ErrorNumber
  /// A reason in words where `errno` has none (name lookups).
  public let detail: String?

  /// Describes one failure.
  public init(_ operation: SystemOperation, _ endpoint: String, _ number: ErrorNumber, detail: String? = nil)
  {
    self.operation = operation
    self.endpoint = endpoint
    self.number = number
    self.detail = detail
  }

  /// The failure of a call that has just set `errno`.
  static func last(_ operation: SystemOperation, _ endpoint: String) -> PosixError {
    PosixError(operation, endpoint, .current)
  }

  /// One sentence: what was attempted, on what, and why it failed.
  public var description: String {
    let name = endpoint.isEmpty ? "" : " \(endpoint)"
    return "could not \(operation.rawValue)\(name): \(reason)"
  }

  private var reason: String {
    switch (operation, number) {
    case _ where detail != nil: detail ?? ""
    case (.bind, .addressInUse): "another process already uses this port"
    case (.bind, .addressNotAvailable): "this machine has no such address"
    case (.connect, .connectionRefused): "nothing listens there"
    case (_, .timedOut): "the deadline passed"
    default: number.description
    }
  }
}

/// Calls the kernel again for as long as a signal interrupts it.
@inline(__always)
func retryOnInterrupt<Result: FixedWidthInteger & SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}
