import PosixIO

/// Something that happened to a board outside of a case: kept in the report beside the case it interrupted.
public struct BoardEvent: Sendable, Equatable {
  /// What was done. From `interrupt` to `quarantine` these are the rungs of the recovery ladder, in order.
  public enum Kind: String, Sendable, CaseIterable {
    /// The link was opened and the board brought to its raw prompt.
    case attach
    /// Ctrl-C.
    case interrupt
    /// The raw prompt was looked for from an unknown state.
    case reenterRawREPL
    /// New heap, sockets closed.
    case softReset
    /// The board was restarted, the simulated board's interpreter started anew.
    case hardReset
    /// The power of the board's USB port was switched off and on; what stands in the way of that is the detail.
    case portPower
    /// The board was given up.
    case quarantine
    /// A board that was given up came back and is used again.
    case comeBack

    /// It was made to join the WLAN.
    case joinWLAN
    /// Its clock was set.
    case setClock
    /// How many sockets it can have was tried out.
    case probeSockets
    /// It connected to the server by itself.
    case reachServer
    /// Agent, adapter and client were loaded.
    case loadClient

    /// Whether it was done to a board in trouble; otherwise it is a step of getting it ready.
    public var isRecovery: Bool {
      switch self {
      case .interrupt, .reenterRawREPL, .softReset, .hardReset, .portPower, .quarantine, .comeBack: true
      case .attach, .joinWLAN, .setClock, .probeSockets, .reachServer, .loadClient: false
      }
    }
  }

  /// What was done.
  public let kind: Kind
  /// When it began.
  public let instant: MonotonicInstant
  /// How long it took.
  public let duration: Duration
  /// Whether it did what it should.
  public let succeeded: Bool
  /// The reason, in one sentence: what made it necessary, or why it failed.
  public let detail: String
}

/// Where a board stands. The comment of each state lists what may follow.
public enum BoardState: Sendable, Equatable {
  /// No link. Next: `attached`.
  case detached
  /// The link is open, the board's state unknown. Next: `rawREPL`, `detached`, `broken`.
  case attached
  /// The friendly prompt. Next: `rawREPL`, `detached`.
  case friendly
  /// The raw prompt, a clean heap. Next: `running`, `agentLoaded`, `friendly`, `attached`.
  case rawREPL
  /// The raw prompt, with our modules loaded. Next: `running`, `rawREPL` after a soft reset.
  case agentLoaded
  /// A program runs. Next: the state before, or `attached` after a failure.
  case running
  /// Given up, with the first cause. Next: `detached`.
  case broken(BoardFailure)
}

/// How long a board may take. Deadlines are computed from these at each step.
public struct BoardTimeouts: Sendable, Hashable {
  /// From Ctrl-C to the prompt.
  public var interrupt: Duration
  /// One attempt to find the prompt; there are three.
  public var prompt: Duration
  /// From Ctrl-D to the prompt.
  public var softReset: Duration
  /// From the reset, or from the switching off of the power, to the prompt; re-enumeration included.
  public var hardReset: Duration
  /// A short exchange at the prompt.
  public var exchange: Duration
  /// From the moment at which a program has nothing more to do than to tell what it has to its end.
  public var answer: Duration

  /// For a real board: a soft reset takes about a second, a hard reset with USB enumeration some more.
  public static let attached = BoardTimeouts(
    interrupt: .seconds(2), prompt: .seconds(2), softReset: .seconds(8), hardReset: .seconds(20),
    exchange: .seconds(5), answer: .seconds(20))
  /// For the simulated board, which starts within 100 ms on an idle machine, and within seconds where compilers keep every
  /// core busy. What is longer than needed is waited for only where the interpreter is really stuck.
  public static let simulated = BoardTimeouts(
    interrupt: .seconds(1), prompt: .seconds(1), softReset: .seconds(12), hardReset: .seconds(15),
    exchange: .seconds(8), answer: .seconds(8))
}
