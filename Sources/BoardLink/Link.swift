import PosixIO

/// Moves bytes to and from a board, and resets it from outside where it can.
///
/// A link knows nothing of the REPL. One reader and one writer at a time; every wait has a deadline.
/// All functions throw `BoardFailure`, or `CancellationError` when their task is cancelled.
public protocol Link: AnyObject, Sendable {
  /// The board's name.
  var selector: BoardSelector { get }

  /// Opens the link. The board may still be starting up afterwards.
  func open(deadline: Deadline) async throws

  /// Waits for bytes from the board, at least one.
  ///
  /// Throws a failure with `.timedOut` at the deadline, with `.linkEnded` once the board is gone and all it sent
  /// has been read.
  func read(deadline: Deadline) async throws -> [UInt8]

  /// Writes all bytes.
  func write(_ bytes: [UInt8], deadline: Deadline) async throws

  /// Restarts the board as switching it off and on would, as far as the link can, and opens the link anew.
  func hardReset(deadline: Deadline) async throws

  /// Takes the power away from the board's port, gives it back, and opens the link anew: what helps a board that is dead.
  ///
  /// Throws `PortPowerObstacle` where the link cannot.
  func cyclePower(deadline: Deadline) async throws

  /// Closes the link and frees what it holds. A closed link can be opened again.
  func close() async
}

extension Link {
  /// Most links lead to no port of this computer's.
  public func cyclePower(deadline: Deadline) async throws {
    throw PortPowerObstacle("\(selector) is on no USB port of this computer")
  }

  func failure(_ cause: BoardFailure.Cause) -> BoardFailure {
    BoardFailure(board: selector.description, cause)
  }
}

/// What is known of a board without talking to it.
public struct BoardDescription: Sendable, Hashable {
  /// How to reach it.
  public var selector: BoardSelector
  /// The USB serial number, 16 hexadecimal digits on a Pico.
  public var serialNumber: String?
  /// The USB position as the kernel writes it, such as `1-2.3`.
  public var usbPosition: String?
  /// What the firmware calls itself on USB, such as "Board in FS mode".
  public var productName: String?
  /// The terminal device, such as `/dev/ttyACM0`.
  public var terminalPath: String?
  /// It waits in its bootloader instead of running MicroPython.
  public var isBootloader: Bool

  /// Describes a board.
  public init(
    selector: BoardSelector, serialNumber: String? = nil, usbPosition: String? = nil,
    productName: String? = nil, terminalPath: String? = nil, isBootloader: Bool = false
  ) {
    self.selector = selector
    self.serialNumber = serialNumber
    self.usbPosition = usbPosition
    self.productName = productName
    self.terminalPath = terminalPath
    self.isBootloader = isBootloader
  }
}

/// What a running board says of itself.
public struct BoardIdentity: Sendable, Hashable {
  /// The hardware, such as "Raspberry Pi Pico 2 W with RP2350".
  public var machine: String
  /// The Python that it runs, such as "MicroPython".
  public var implementation: String
  /// Its version, such as "1.26.0".
  public var version: String
  /// The build, such as "v1.26.0 on 2025-08-09".
  public var build: String
  /// The unique id in hexadecimal digits; empty if the port has none.
  public var uniqueID: String
  /// Free heap after a soft reset and a collection, in bytes.
  public var freeHeapBytes: Int
  /// `sys.platform`, such as "rp2"; nil where the port has none.
  public var platform: String?
  /// The five parts of `os.uname()`, with blanks between; nil where the port has none.
  public var uname: String?
  /// Which of ``modulesAskedFor`` can be imported; nil where that was not asked, as of CPython.
  public var modules: [String]?
  /// The library that speaks TLS, such as "Mbed TLS 3.6.2", where the firmware tells it.
  public var tlsLibrary: String?

  /// The modules of the firmware that a client may need.
  public static let modulesAskedFor = [
    "asyncio", "binascii", "bluetooth", "deflate", "hashlib", "network", "os", "random", "select", "socket",
    "ssl", "struct", "tls",
  ]

  /// It runs on a computer, whatever leads to it: the simulated board says so of itself, and the unix port has a computer's platform.
  public var isSimulated: Bool {
    machine.contains("(simulated)") || ["linux", "darwin", "win32"].contains(platform)
  }
}
