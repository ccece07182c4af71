import ArgumentParser
import Bench

/// `wsrig board-cycles`: connects to a board, runs a program on it and resets it, again and again, in one process: for
/// `scripts/board-cycles`, which looks at what the process keeps. Not shown in the help.
struct CyclesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "board-cycles", abstract: "Connects, runs and resets a board again and again.",
    shouldDisplay: false)

  @Option(parsing: .unconditional, help: "How many cycles.")
  var cycles = 1000

  @Option(
    parsing: .unconditional,
    help: "After so many cycles a line is printed, and a line of input is waited for.")
  var every = 100

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  func run() async throws {
    let board = try BoardCycle(simulation.simulation, fixtures: Fixtures(path: simulation.fixtures))
    for cycle in 1...max(1, cycles) {
      do {
        try await board.run()
      } catch {
        throw MissingBoard("Cycle \(cycle) failed: \(error).")
      }
      if cycle.isMultiple(of: max(1, every)) || cycle == cycles {
        Console.say("cycle \(cycle)")
        _ = readLine()
      }
    }
  }
}
