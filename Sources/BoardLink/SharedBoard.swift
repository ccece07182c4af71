import Logging
import PosixIO

/// Offers a simulated board to other programs: a pseudo-terminal whose path they open like a board's serial port.
///
/// The board's own terminal stays between the link and the interpreter, so that the path outlives every reset.
public actor SharedBoard {
  /// What other programs open, such as `/dev/pts/3`.
  public nonisolated let path: String

  private let link: SimulatedBoardLink
  private let terminal: PseudoTerminal
  private let logger: Logger
  private let onRestart: @Sendable (BoardFailure) -> Void

  /// A board that nobody waits for loses output after this, as a real one does.
  private static let patience = Duration.milliseconds(500)

  /// Creates the terminal.
  ///
  /// - Parameter onRestart: is told why the board starts anew, before it does.
  /// - Throws: `PosixError` if the system has none left.
  public init(
    _ link: SimulatedBoardLink, logger: Logger,
    onRestart: @escaping @Sendable (BoardFailure) -> Void = { _ in }
  ) throws(PosixError) {
    self.link = link
    self.logger = logger
    self.onRestart = onRestart
    terminal = try PseudoTerminal(on: link.loop)
    path = terminal.path
  }

  /// Carries bytes both ways until the task is cancelled. A board that resets itself or crashes is started anew.
  ///
  /// - Throws: `BoardFailure` if the board cannot be started.
  public func run() async throws {
    do {
      try await carry()
    } catch {
      // Otherwise the interpreter, and with it the link and its flash, would outlive the process's last task.
      await link.close()
      throw error
    }
  }

  private func carry() async throws {
    try await link.open(deadline: .after(BoardTimeouts.simulated.hardReset))
    let (link, channel, logger, onRestart) = (link, terminal.controller, logger, onRestart)
    defer { channel.close() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await Self.carryToProgram(link, channel, logger, onRestart) }
      group.addTask { try await Self.carryToBoard(link, channel) }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private static func carryToProgram(
    _ link: SimulatedBoardLink, _ channel: ByteChannel, _ logger: Logger,
    _ onRestart: @Sendable (BoardFailure) -> Void
  ) async throws {
    while true {
      do {
        let bytes = try await link.read(deadline: .never)
        try await channel.write(bytes, deadline: .after(patience))
      } catch let failure as BoardFailure {
        onRestart(failure)
        logger.notice("the simulated board starts anew", metadata: ["cause": "\(failure)"])
        try await link.hardReset(deadline: .after(BoardTimeouts.simulated.hardReset))
      } catch let error as PosixError where error.number == .timedOut {
        logger.debug("output of the simulated board was dropped, because nobody reads it")
      }
    }
  }

  private static func carryToBoard(_ link: SimulatedBoardLink, _ channel: ByteChannel) async throws {
    while true {
      let bytes = try await channel.read(deadline: .never)
      do {
        try await link.write(bytes, deadline: .after(patience))
      } catch is BoardFailure {
        // The board is restarting, which the other direction sees to; what was typed meanwhile is lost.
      }
    }
  }
}
