import BoardLink
import Results

/// The board that the user named is not there, or does not answer as MicroPython: exit status 3.
public struct MissingBoard: Error, Sendable, CustomStringConvertible {
  /// What was attempted, on what, what came instead, what to check.
  public var description: String
  /// The board's id where the run has several; otherwise nil.
  public var board: String?
  /// What happened to the board before.
  public var boardEvents: [BoardEventRecord] = []
  /// The bytes of its serial line, as the log shows them; empty where none is kept.
  public var serialLog = ""

  /// Creates an error.
  public init(_ sentence: String) { description = sentence }
}

extension MissingBoard {
  /// A board that could not be got ready.
  public init(_ failure: BoardFailure, _ selector: BoardSelector) {
    let advice = failure.givesAdvice ? "" : "; check \(selector.whatToCheck(after: failure))"
    self.init("The board \(selector) could not be got ready: \(failure.reason)\(advice).")
  }

  /// The same, with what is known of the board.
  func told(of setup: BenchSetup) async -> MissingBoard {
    var copy = self
    copy.board = setup.id
    copy.boardEvents = await setup.device.takeEvents().map { $0.of(board: setup.id) }
    copy.serialLog = setup.device.serialLog?.excerpt(since: 0) ?? ""
    return copy
  }
}

extension BoardFailure {
  /// What a command ends with that could not get this board ready: a choice that is none of one board is the user's to mend.
  public func ending(_ selector: BoardSelector) -> any Error {
    if case .ambiguous = cause { return ConfigurationError("\(self) by --board.") }
    return MissingBoard(self, selector)
  }

  /// Whether the reason says by itself what to do: it knows best, and advice is given once.
  fileprivate var givesAdvice: Bool { Self.givesAdvice(cause) }

  private static func givesAdvice(_ cause: Cause) -> Bool {
    switch cause {
    case .notOpened(let reason): ["; ", ": install ", ": copy "].contains { reason.contains($0) }
    case .unfit(let reason): reason.contains("; check ")
    case .quarantined(let first): givesAdvice(first)
    default: false
    }
  }
}

extension BoardSelector {
  /// What may be wrong with a board that could not be got ready.
  fileprivate func whatToCheck(after failure: BoardFailure) -> String {
    if failure.isBusy { return "what that program does there, and end it" }
    let isOpen = if case .notOpened = failure.cause { false } else { true }
    let line =
      switch self {
      case .tcp, .rfc2217: "--board and the server that offers the line"
      case .terminal, .usb: "--board and the cable"
      case .simulated: "--micropython"
      case .python, .reference: "--board"
      }
    guard isOpen else { return line }
    return line
      + (isPython ? ", and that it is CPython 3.11 or newer" : ", and that the board runs MicroPython")
  }
}
