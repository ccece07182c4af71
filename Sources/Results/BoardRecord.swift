/// What a run's client ran on.
public enum BoardKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// A board: hardware, or what is told from it by nothing.
  case board
  /// The simulated board: MicroPython on this computer.
  case simulated
  /// CPython on this computer.
  case python
  /// No board: the reference client, in the process of the rig.
  case reference
  /// No board: a client elsewhere, driven by Autobahn's control protocol.
  case driver

  /// Whether hardware took part.
  public var isHardware: Bool { self == .board }
}

/// The board of a run.
public struct BoardRecord: Sendable, Hashable, Codable {
  /// What tells it from the other boards of its run; nil where the run has one board.
  public var id: String?
  /// The selector as the user wrote it: `sim`, `tty:/dev/ttyACM0`, `python`.
  public var selector: String
  /// What it is; nobody is to take anything else for a board.
  public var kind: BoardKind
  /// `sys.implementation._machine`, or what stands in its place.
  public var machine: String
  /// The firmware: `sys.version` or `os.uname().version`.
  public var firmware: String
  /// `sys.platform`, such as `rp2`; nil where the port has none.
  public var platform: String?
  /// `os.uname()` with blanks between its parts; nil where the port has none.
  public var uname: String?
  /// The modules of the firmware that a client may need, as far as it has them, sorted; nil where it was not asked.
  public var modules: [String]?
  /// The library that speaks TLS, with its version, where the firmware tells it.
  public var tlsLibrary: String?
  /// The unique id in hexadecimal digits, where the board tells it.
  public var uniqueID: String?
  /// Free heap in bytes after boot.
  public var heapFree: Int?
  /// Free heap in bytes with the agent and the client loaded: what a case has. Nil where there is no such limit.
  public var heapFreeLoaded: Int?
  /// What the client's adapter says that it can, by the words of `fixtures/board/README.md`, sorted; nil where no adapter is loaded.
  public var clientFeatures: [String]?
  /// The board's own address in its network, where it says so.
  public var address: String?
  /// How many TCP sockets it can have at a time; nil where that was not tried out.
  public var sockets: Int?
  /// Whether more than that may be possible: no attempt failed.
  public var hasMoreSockets: Bool?
  /// The state of its radio at the start, where the firmware tells it.
  public var radio: RadioRecord?
  /// The folder with the reports of its own run, from that of the results; nil where it has none.
  public var reportFolder: String?

  /// Creates an identity.
  public init(
    selector: String, kind: BoardKind, machine: String, firmware: String, uniqueID: String? = nil,
    heapFree: Int? = nil, heapFreeLoaded: Int? = nil, clientFeatures: [String]? = nil
  ) {
    self.selector = selector
    self.kind = kind
    self.machine = machine
    self.firmware = firmware
    self.uniqueID = uniqueID
    self.heapFree = heapFree
    self.heapFreeLoaded = heapFreeLoaded
    self.clientFeatures = clientFeatures
  }
}

/// The state of a board's radio.
public struct RadioRecord: Sendable, Hashable, Codable {
  /// The power mode as the firmware has it, such as 0xa11142 (hil.md d-8).
  public var powerMode: Int?
  /// The power mode that was set before, as the firmware has it; nil where none was.
  public var powerModeSet: Int?
  /// The strength of the access point's signal in dBm.
  public var rssi: Int?
  /// The channel.
  public var channel: Int?

  /// Whether it has the power mode that was set: the lowest four bits, the others being times that a firmware may round. Nil where none
  /// was set, or it does not tell.
  public var hasPowerModeSet: Bool? {
    guard let powerMode, let powerModeSet else { return nil }
    return powerMode & 0xf == powerModeSet & 0xf
  }

  /// Creates a record.
  public init(powerMode: Int? = nil, rssi: Int? = nil, channel: Int? = nil) {
    self.powerMode = powerMode
    self.rssi = rssi
    self.channel = channel
  }
}

/// Something that happened to the board, as the reports keep it.
public struct BoardEventRecord: Sendable, Hashable, Codable {
  /// The board's id; nil where the run has one board.
  public var board: String?
  /// What it was: `interrupt`, `re-enter raw REPL`, `soft reset`, `hard reset`, `quarantined`, ...
  public var kind: String
  /// When it began, in seconds from the start of the run.
  public var atSeconds: Double
  /// How long it took, in seconds.
  public var durationSeconds: Double
  /// Whether it did what it was for.
  public var succeeded: Bool
  /// More about it, in one sentence.
  public var detail: String

  /// Creates a record.
  public init(
    kind: String, atSeconds: Double, durationSeconds: Double, succeeded: Bool, detail: String
  ) {
    self.kind = kind
    self.atSeconds = atSeconds
    self.durationSeconds = durationSeconds
    self.succeeded = succeeded
    self.detail = detail
  }

  /// Whose it was, and what: the kind, behind the board's id where there is one.
  public var name: String { board.map { "\($0) \(kind)" } ?? kind }

  /// The same, of the board with that id.
  public func of(board: String?) -> BoardEventRecord {
    var copy = self
    copy.board = board
    return copy
  }
}
