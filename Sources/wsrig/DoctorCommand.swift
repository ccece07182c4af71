import ArgumentParser
import Bench
import Foundation
import Reports
import Results

/// `wsrig doctor`: what is in the way of a run, and how to mend it.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Looks at each part of the bench and says how to mend what is not as it should be.",
    discussion: """
      A line for each part: interpreter, OpenSSL, libusb, udev rule, boards on USB, loopback, wsrig.toml, and for each board that \
      --board or wsrig.toml names its server's port and the board itself, which is got ready as for a run and plays a case. The \
      simulated board always is one of them.

      With --first-board, measures on the board what could only be assumed of it, writes it into the file of --profile, which \
      --sim-profile imitates, and says of every claim about hardware whether it is confirmed, refuted or untested.

      EXIT STATUS:
        0    nothing is in the way of a run
        2    usage, or a file that cannot be read or written
        3    something is, or with --first-board the board was missing
        130  interrupted
      """)

  @Option(
    help: ArgumentHelp(
      "Looks at this board, as for wsrig run; may be given several times. By default those of wsrig.toml.",
      valueName: "board"))
  var board: [String] = []

  @Option(
    help: ArgumentHelp(
      "The bench file; by default wsrig.toml in the working folder, if it is there.", valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp(
      "The server's address, as for wsrig run. (default: what wsrig.toml says, otherwise 127.0.0.1)",
      valueName: "address"))
  var host: String?

  @Flag(help: "Installs the udev rule that lets users drive boards on USB; it takes root.")
  var installUdev = false

  @Option(
    help: ArgumentHelp(
      "The folder of udev's rules. (default: \(UdevRule.usualFolder))", valueName: "folder"))
  var udevFolder: String?

  @Flag(help: "Measures a board, and writes its profile.")
  var firstBoard = false

  @Option(
    help: ArgumentHelp(
      "With --first-board: the file for the profile. (default: board-profile.json)", valueName: "file"))
  var profile: String?

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  func validate() throws {
    if firstBoard, installUdev {
      throw ValidationError("--first-board and --install-udev are two jobs; choose one.")
    }
    try BoardOptions.check(host: host)
    if !firstBoard, profile != nil { throw ValidationError("--profile goes with --first-board.") }
    if installUdev, host != nil { throw ValidationError("--host does not go with --install-udev.") }
  }

  func run() async throws {
    let fixtures = try Fixtures(path: simulation.fixtures)
    if installUdev {
      for line in try await UdevRule(fixtures).install(folder: udevFolder) { Console.say(line) }
      return
    }
    var doctor = Doctor(fixtures: fixtures)
    doctor.config = config
    doctor.boards = board
    doctor.host = host
    doctor.simulation = try simulation.simulation
    doctor.udevFolder = udevFolder
    if firstBoard { try await measure(doctor) } else { try await examine(doctor) }
  }

  private func examine(_ doctor: Doctor) async throws {
    let report = DoctorReport(style: Console.style)
    let (isFit, wasInterrupted) = try await Interruption.watching {
      let wrong = Tally()
      try await doctor.examine { finding in
        if finding.state == .wrong { wrong.add() }
        Console.say(report.line(finding.part, finding.state.rawValue, finding.seen, mend: finding.mend))
      }
      return wrong.count == 0
    }
    throw ExitRequest(status: wasInterrupted ? .interrupted : isFit ? .success : .inconclusive)
  }

  private func measure(_ doctor: Doctor) async throws {
    let path = profile ?? "board-profile.json"
    try TextFile.check(path, option: "--profile")
    let boards = try BenchBoard.chosen(by: board, host: host, port: nil, file: try BenchFile.find(config))
    guard boards.count == 1 else {
      throw ConfigurationError(
        "--first-board measures one board, and \(boards.map(\.id).joined(separator: ", ")) are several; name one with --board."
      )
    }
    let (measured, _) = try await Interruption.watching {
      try await FirstBoard(doctor, board: boards[0]).measure { Console.say("measuring \($0)") }
    }
    try TextFile.write(JSONReport.text(of: measured), to: path, option: "--profile")
    Console.say("")
    if !measured.board.kind.isHardware {
      Console.say("\(measured.board.machine): no hardware was measured, so every claim is still untested")
    }
    for claim in measured.claims {
      let word = claim.outcome.padding(toLength: 9, withPad: " ", startingAt: 0)
      Console.say("\(word)  \(claim.claim)\((claim.figure ?? claim.reason).map { " (\($0))" } ?? "")")
    }
    Console.say("Profile: \(path)")
  }
}
