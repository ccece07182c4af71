import ArgumentParser
import Bench
import BoardLink
import Logging
import PosixIO

/// `wsrig boards console`: a person at a board's friendly prompt.
struct ConsoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "Opens the friendly prompt of a board, over the link that runs use. Ctrl-] leaves.",
    discussion: """
      Where standard input ends, as that of a pipe does, what the board says is still shown up to its next prompt, for at most 10 s.

      EXIT STATUS:
        0    left by Ctrl-], or standard input has ended
        2    usage, configuration
        3    the board is missing or was lost
        130  ended by SIGINT, SIGTERM or SIGHUP; terminal and board are as they were
      """)

  @OptionGroup(title: "Board") var choice: SingleBoardOptions

  func run() async throws {
    let board = try choice.chosen()
    let fixtures = try Fixtures(path: choice.simulation.fixtures)
    let loop = try EventLoop(name: "console").start()
    let link = try board.selector.link(
      try choice.simulation.simulation, fixtures: fixtures, on: loop,
      logger: Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() }))
    do {
      let (ending, _) = try await Interruption.watching {
        try await converse(over: link, with: board.selector, on: loop)
      }
      guard case .lost(let failure) = ending else { return }
      throw MissingBoard("The console has ended: \(failure).")
    } catch is CancellationError {
      throw ExitRequest(status: .interrupted)
    } catch let failure as BoardFailure {
      throw failure.ending(board.selector)
    } catch let error as PosixError {
      throw ConfigurationError("The console could not be opened: \(error).")
    }
  }

  private func converse(
    over link: any Link, with board: BoardSelector, on loop: EventLoop
  ) async throws -> BoardConsole.Ending {
    try await board.whileLocked {
      let console = BoardConsole(link)
      try await console.open()
      Console.complain("\(board): Ctrl-] leaves")
      let keyboard: Keyboard
      do {
        keyboard = try Keyboard.begin(on: loop)
      } catch {
        await link.close()
        throw error
      }
      defer { keyboard.end() }
      return try await console.run(
        type: { try await keyboard.channel.read(deadline: .never) }, show: { Console.put($0) })
    }
  }
}

/// Which one board.
struct SingleBoardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The board, as for wsrig run; by default the one of wsrig.toml, otherwise sim.", valueName: "board"))
  var board: String?

  @Option(
    help: ArgumentHelp(
      "The bench file; by default wsrig.toml in the working folder, if it is there.", valueName: "file"))
  var config: String?

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  /// The board.
  /// - Throws: `ConfigurationError` where the choice is none of one board; `MissingBoard`.
  func chosen() throws -> BenchBoard {
    let boards = try BenchBoard.chosen(
      by: board.map { [$0] } ?? [], host: nil, port: nil, file: try BenchFile.find(config))
    guard boards.count == 1 else {
      throw ConfigurationError(
        "This takes one board, and \(boards.map(\.id).joined(separator: ", ")) are several; name one with --board."
      )
    }
    return boards[0]
  }
}
