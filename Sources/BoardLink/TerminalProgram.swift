import PosixIO

/// A program on a pseudo-terminal of its own that stands where a board would be, from its start to its end.
struct TerminalProgram: Sendable {
  let child: ChildProcess
  let channel: BoardChannel
  /// The terminal beside the program; nil where the program alone holds it.
  let terminal: TerminalSide?

  /// Starts the program. Ctrl-C is a byte until the program says otherwise: as a signal it would end one that has just begun, or is about
  /// to end.
  /// - Parameters:
  ///   - keepsUnread: whether ``takeUnread()`` is to be called at the program's end, before which the channel does not read its end.
  /// - Throws: `BoardFailure` with `.notOpened` where it cannot be started.
  static func start(
    _ command: ChildCommand, as selector: BoardSelector, keepsUnread: Bool = false,
    on loop: EventLoop
  ) async throws -> TerminalProgram {
    do {
      var pair = try PseudoTerminal(on: loop, keepsInterrupt: false)
      let child = try await ChildProcess.start(command, terminal: pair, on: loop)
      // Once nobody but the program holds the terminal, its end is read after the last byte it wrote.
      let terminal = keepsUnread ? try pair.takeTerminal() : nil
      pair.closeTerminal()
      return TerminalProgram(
        child: child, channel: BoardChannel(channel: pair.controller, selector: selector), terminal: terminal)
    } catch let error as PosixError {
      throw BoardFailure(board: selector.description, .notOpened(error.description))
    }
  }

  /// What was typed and the program, which has ended, has not read; from then on the channel reads its end. On the loop.
  func takeUnread() -> [UInt8] {
    defer { terminal?.close() }
    return terminal?.takeUnread() ?? []
  }

  /// Waits for the end of a program that has closed its terminal; nil where it does not end.
  func waitForEnd() async -> ChildEnd? {
    let end = try? await child.waitForEnd(deadline: .after(.seconds(2)))
    if end == nil { child.kill() }
    return end
  }

  /// Ends the program.
  func kill() async {
    channel.close()
    child.kill()
    _ = try? await child.waitForEnd(deadline: .after(.seconds(2)))
  }

  /// How the interpreter ended, in words; nil where it did not end.
  static func words(for end: ChildEnd?) -> String {
    switch end {
    case .exited(let status): "the interpreter ended with exit status \(status)"
    case .killed(let signal): "the interpreter was ended by signal \(signal)"
    case nil: "the interpreter closed its terminal and did not end"
    }
  }
}
