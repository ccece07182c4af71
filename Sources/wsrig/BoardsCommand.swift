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
      """)

  @Flag(help: "Runs a simulated board and prints its path.")
  var simulate = false

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  func run() async throws {
    if simulate { try await runSimulatedBoard() } else { list() }
  }

  private func list() {
    let boards = BoardDiscovery.attachedBoards()
    for board in boards {
      let serial = board.serialNumber.map { "  serial \($0)" } ?? ""
      let position = board.usbPosition.map { "  USB \($0)" } ?? ""
      let state = board.isBootloader ? "in its bootloader" : board.selector.description
      Console.say("\(state)\(serial)\(position)")
    }
    if boards.isEmpty { Console.say("no board is attached (USB 2e8a:0005)") }
    Console.say("sim        the simulated board: MicroPython on this computer, always there")
    Console.say(
      "python     CPython on this computer in the place of a board, for WebSocket clients for Python")
    Console.say("reference  no board, but the reference client: checks the rig itself")
  }

  private func runSimulatedBoard() async throws {
    let fixtures = try Fixtures(path: simulation.fixtures)
    let loop = try EventLoop(name: "board").start()
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    var configuration = try SimulatedBoardConfiguration(simulation.simulation, fixtures: fixtures)
    configuration.runsMain = true
    let board: SharedBoard
    do {
      board = try SharedBoard(try SimulatedBoardLink(configuration, on: loop, logger: logger), logger: logger)
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
