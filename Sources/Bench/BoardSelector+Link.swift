import BoardLink
import Foundation
import Logging
import PosixIO

extension BoardSelector {
  /// The link to the board that it names.
  /// - Parameters:
  ///   - serial: what tells simulated boards of one run apart.
  /// - Throws: `ConfigurationError` where something of this computer's is missing for it.
  public func link(
    _ simulation: RunConfiguration.Simulation, fixtures: Fixtures, serial: Int = 1, on loop: EventLoop,
    logger: Logger
  ) throws -> any Link {
    do {
      switch self {
      case .terminal(let path): return TTYLink(path: path, on: loop)
      case .usb(let name): return USBLink(name: name, on: loop)
      case .tcp(let host, let port): return NetworkLink(host: host, port: port, controlsLine: false, on: loop)
      case .rfc2217(let host, let port):
        return NetworkLink(host: host, port: port, controlsLine: true, on: loop)
      case .python(let path):
        return PythonBoardLink(
          self, interpreter: try fixtures.python(path: path).path, boardFolder: fixtures.pythonBoard.path,
          on: loop)
      case .reference:
        throw ConfigurationError(
          "The reference client is no board that one could talk to; choose another --board.")
      case .simulated:
        var simulated = try SimulatedBoardConfiguration(simulation, fixtures: fixtures)
        simulated.uniqueID = SimulatedBoardConfiguration.uniqueID(serial)
        return simulation.paced(try SimulatedBoardLink(simulated, on: loop, logger: logger), on: loop)
      }
    } catch let error as BoardFailure {
      throw ConfigurationError("\(error)")
    }
  }
}

extension RunConfiguration.Simulation {
  /// The link, as slow as the simulation says.
  fileprivate func paced(_ link: SimulatedBoardLink, on loop: EventLoop) -> any Link {
    guard bytesPerSecond != nil || hardResetSeconds != nil else { return link }
    return PacedLink(
      link, on: loop, bytesPerSecond: bytesPerSecond, hardResetTime: .seconds(hardResetSeconds ?? 0))
  }
}

extension SimulatedBoardConfiguration {
  /// The unique id of the simulated board with that number in its run: "SIM" and the number.
  fileprivate static func uniqueID(_ serial: Int) -> String {
    let digits = String(serial, radix: 16)
    return "53494d" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
  }
}
