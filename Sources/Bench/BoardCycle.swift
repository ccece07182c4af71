import BoardLink
import Logging
import PosixIO
import RawREPL

/// One use of a simulated board from connecting to letting go, to be done again and again: nothing of it may stay behind.
public struct BoardCycle: Sendable {
  private let configuration: SimulatedBoardConfiguration
  private let loop: EventLoop

  /// Takes a description of the board.
  /// - Throws: `ConfigurationError` where the interpreter is missing.
  public init(_ simulation: RunConfiguration.Simulation, fixtures: Fixtures) throws {
    configuration = try SimulatedBoardConfiguration(simulation, fixtures: fixtures)
    loop = try EventLoop(name: "board").start()
  }

  /// Connects, runs a program, resets softly and hard, and lets go, with a link and a board of its own.
  /// - Throws: `BoardFailure`; `ConfigurationError` where the program printed something else.
  public func run() async throws {
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    let link = try SimulatedBoardLink(configuration, on: loop, logger: logger)
    let board = Board(link: link, on: loop, logger: logger)
    do {
      try await board.attach()
      let output = try await board.execute("print(6 * 7)", deadline: .after(.seconds(10)))
      guard output.text == "42\n" else {
        throw ConfigurationError("The board printed \(output.text.debugDescription) instead of 42.")
      }
      try await board.softReset()
      try await board.hardReset()
    } catch {
      await board.detach()
      throw error
    }
    await board.detach()
  }
}
