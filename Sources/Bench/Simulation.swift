import BoardLink
import Foundation

extension SimulatedBoardConfiguration {
  /// The simulated board as the user described it, with the Python side that the fixtures hold.
  /// - Throws: `ConfigurationError` where the interpreter is missing.
  public init(_ simulation: RunConfiguration.Simulation, fixtures: Fixtures) throws {
    let path = try fixtures.interpreter(path: simulation.interpreter).path
    do {
      self.init(
        interpreter: try MicroPythonInterpreter(path: path), boardFolder: fixtures.simulatedBoard.path)
    } catch {
      throw ConfigurationError("\(error)")
    }
    heapBytes = simulation.heapBytes
    imitatesLwIP = simulation.imitatesLwIP
    sockets = simulation.sockets
  }
}
