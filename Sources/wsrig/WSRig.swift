import ArgumentParser
import Bench
import Foundation
import PosixIO

/// The command line: parses, calls, prints. What is done lies in the modules below.
@main
struct WSRig: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wsrig",
    abstract: "A hardware-in-the-loop test rig for WebSocket clients that run on microcontrollers.",
    discussion: """
      Put a client through the conformance suite, on the simulated board or on one that is attached:
        wsrig run
        wsrig run --client path/to/client.py
        wsrig run --board tty:/dev/ttyACM0 --host 192.168.1.10
      Say what a case is about, and why it may fail:
        wsrig explain 7.code-1000
      Run one scenario again, as a failed case's report folder names it:
        wsrig replay reports/latest/cases/NAME/scenario.json
      Measure how long messages take there and back, and where the time goes:
        wsrig latency
      Find out what is in the way of a run:
        wsrig doctor
      Give any client a server to talk to:
        wsrig serve --port 9001

      \(ExitStatus.help)
      """,
    version: Tool.name,
    subcommands: [
      RunCommand.self, LatencyCommand.self, FuzzCommand.self, CompareCommand.self, ExplainCommand.self,
      ExportCommand.self, RulesCommand.self, ReplayCommand.self,
      ServeCommand.self, CertsCommand.self, AutobahnCommand.self, BoardsCommand.self,
      DoctorCommand.self, MutantsCommand.self, CyclesCommand.self,
    ])

  static func main() async {
    ProcessMemory.returnLargeBlocks()
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Foundation.exit(report(error).rawValue)
    }
  }

  /// Prints an error the way it deserves and says with what status to end.
  static func report(_ error: any Error) -> ExitStatus {
    if let status = error as? ExitRequest { return status.status }
    if let error = error as? ConfigurationError {
      Console.complain(error.description)
      return .usage
    }
    if let error = error as? MissingBoard {
      Console.complain(error.description)
      return .inconclusive
    }
    if error is CancellationError {
      Console.complain("interrupted before the first case")
      return .interrupted
    }
    let text = fullMessage(for: error)
    if exitCode(for: error) == .success {
      print(text)
      return .success
    }
    Console.complain(text)
    return .usage
  }
}

/// Ends the tool with a status after everything has been said.
struct ExitRequest: Error {
  var status: ExitStatus
}
