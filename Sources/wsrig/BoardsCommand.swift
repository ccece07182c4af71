import ArgumentParser
import Bench
import BoardLink
import Logging
import PosixIO

/// `wsrig boards`: what is attached; with `--simulate` a simulated board for other programs.
struct BoardsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boards",
    abstract: "Lists the boards that are attached, or keeps a simulated one running.",
    discussion: """
      With --simulate, prints the path of a terminal device behind which a simulated board runs until interrupted; mpremote and \
      other programs can open it:
        mpremote connect PATH exec "import os; print(os.uname())"
      """, subcommands: [ConsoleCommand.self])

  @Flag(help: "Runs a simulated board and prints its path.")
  var simulate = false

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  func run() async throws {
    if simulate { try await runSimulatedBoard() } else { list() }
  }

  private func list() {
    let boards = BoardDiscovery.attachedBoards()
    for board in boards { Console.say(Self.line(board)) }
    if boards.isEmpty { Console.say("no board is attached (USB 2e8a:0005)") }
    Console.say("sim        the simulated board: MicroPython on this computer, always there")
    Console.say(
      "python     CPython on this computer in the place of a board, for WebSocket clients for Python")
    Console.say("reference  no board, but the reference client: checks the rig itself")
  }

  /// A board in one line: what to write for it, what it calls itself, where it is.
  static func line(_ board: BoardDescription) -> String {
    let name = board.isBootloader ? "in its bootloader" : board.productName
    let other = board.serialNumber == nil ? nil : board.usbPosition.map { "usb:\($0)" }
    let terminal = board.terminalPath.map { "tty:\($0)" }
    return [board.selector.description, name, other, terminal].compactMap(\.self).joined(separator: "  ")
  }

  private func runSimulatedBoard() async throws {
    let fixtures = try Fixtures(path: simulation.fixtures)
    let loop = try EventLoop(name: "board").start()
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    var configuration = try SimulatedBoardConfiguration(try simulation.simulation, fixtures: fixtures)
    configuration.runsMain = true
    let board: SharedBoard
    do {
      let link = try SimulatedBoardLink(configuration, on: loop, logger: logger)
      board = try SharedBoard(link, logger: logger) { Console.say("the simulated board starts anew: \($0)") }
    } catch let error as PosixError {
      throw ConfigurationError("\(error)")
    }
    let carrying = Task { try await board.run() }
    let signals = try TerminationSignal.stream(on: .shared)
    let watch = Task {
      for await _ in signals { return carrying.cancel() }
    }
    defer { watch.cancel() }
    Console.say("simulated board on \(board.path)")
    do {
      try await carrying.value
    } catch is CancellationError {
      return
    } catch let failure as BoardFailure {
      throw MissingBoard("\(failure)")
    }
  }
}
