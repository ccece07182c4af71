import ArgumentParser
import Bench
import BoardLink

/// Which boards, how they reach the server, and how the simulated one is made.
struct BoardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The board: sim (the simulated board), python or python:PATH (CPython on this computer), reference (no board: the reference "
        + "client, to check the rig), usb, usb:SERIAL or usb:BUS-PORT (a board on USB), tty:PATH, tcp:HOST:PORT or rfc2217:HOST:PORT (a "
        + "server's port), a name of wsrig.toml, or all. Given several times, the boards share the cases. By default the one of "
        + "wsrig.toml, otherwise sim.",
      valueName: "board"))
  var board: [String] = []

  @Option(
    help: ArgumentHelp(
      "The address that the server listens on and the board reaches it by; a real board needs this computer's own. (default: what "
        + "wsrig.toml says, otherwise 127.0.0.1)",
      valueName: "address"))
  var host: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The server's port; 0 lets the kernel choose. (default: 0)", valueName: "port"))
  var port: UInt16?

  @Option(
    help: ArgumentHelp(
      "The bench file, which describes boards, WLAN, limits and client; by default wsrig.toml in the working folder, if it is there. "
        + "Options win over it.", valueName: "file"))
  var config: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long to wait for a board that another run uses, and for one to come back that was given up in mid-run. (default: 0)",
      valueName: "seconds"))
  var boardWait: Seconds?

  @Option(
    help: ArgumentHelp(
      "What is made to go wrong between rig and simulated board, to see that the rig copes (fixtures/schema/faults.schema.json).",
      valueName: "file"))
  var simFaults: String?

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  func validate() throws { try Self.check(host: host) }

  /// - Throws: `ValidationError` where a host is given and empty.
  static func check(host: String?) throws {
    guard host != "" else {
      throw ValidationError(
        "--host is empty; allowed here: an address of this computer, or a name that has one.")
    }
  }

  /// The options as they are written on the command line, defaults left out; a choice of several boards is left to each case.
  var words: [String] {
    (board.count == 1 && board != ["all"] && board != ["sim"] ? ["--board", board[0]] : [])
      + (host.map { ["--host", $0] } ?? []) + (config.map { ["--config", $0] } ?? [])
      + (simFaults.map { ["--sim-faults", $0] } ?? []) + simulation.words
  }

  /// The bench: the file, and the boards that were chosen.
  /// - Throws: `ConfigurationError` where the file or the choice is wrong; `MissingBoard`.
  func bench() throws -> (file: BenchFile?, boards: [BenchBoard]) {
    let file = try BenchFile.find(config)
    return (file, try BenchBoard.chosen(by: board, host: host, port: port, file: file))
  }
}

/// How the simulated board is made.
struct SimulationOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The heap, in bytes or with K or M behind the number. (default: 400K, or what the profile says)",
      valueName: "size"))
  var simHeap: ByteCount?

  @Option(
    help: ArgumentHelp(
      "Imitates a board that was measured: heap, sockets, pace of the serial line, hard resets; a profile of wsrig doctor --first-board.",
      valueName: "file"))
  var simProfile: String?

  @Option(help: "Whether lwIP's limits are imitated: 6,400-byte buffers, five sockets, short reads.")
  var simLwip = Switch.on

  @Option(
    help: ArgumentHelp(
      "The MicroPython interpreter; by default the one that scripts/setup installs.", valueName: "path"))
  var micropython: String?

  @Option(
    help: ArgumentHelp("The rig's fixtures folder; by default found above the executable.", valueName: "path")
  )
  var fixtures: String?

  func validate() throws {
    let range = (64 << 10)...(64 << 20)
    guard simHeap.map({ range.contains($0.bytes) }) ?? true else {
      throw ValidationError("--sim-heap must lie between 64K and 64M: a Pico 2 W has about 400K.")
    }
  }

  /// On or off.
  enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }

  /// The options as they are written on the command line, defaults left out.
  var words: [String] {
    (simHeap.map { ["--sim-heap", "\($0.bytes)"] } ?? []) + (simProfile.map { ["--sim-profile", $0] } ?? [])
      + (simLwip == .on ? [] : ["--sim-lwip", "off"]) + (micropython.map { ["--micropython", $0] } ?? [])
      + (fixtures.map { ["--fixtures", $0] } ?? [])
  }

  /// The simulated board.
  /// - Throws: `ConfigurationError` where the profile cannot be used.
  var simulation: RunConfiguration.Simulation {
    get throws {
      var simulation = RunConfiguration.Simulation(interpreter: micropython, imitatesLwIP: simLwip == .on)
      if let simProfile { simulation = try BoardProfile(path: simProfile).imitation(of: simulation) }
      if let simHeap { simulation.heapBytes = simHeap.bytes }
      return simulation
    }
  }
}

/// The client under test.
struct ClientOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The client: a module file, a package folder, a folder of modules, or a mip package. By default the rig's own; with --board "
        + "python an installed module by name, by default the one that the adapter imports.",
      valueName: "path"))
  var client: String?

  @Option(
    help: ArgumentHelp(
      "The adapter: a built-in one by name, or a file. By default async_websocketclient, with --board python websockets.",
      valueName: "name or path"))
  var adapter: String?
}

extension ClientOptions {
  /// The options as they are written on the command line, defaults left out.
  var words: [String] {
    (client.map { ["--client", $0] } ?? []) + (adapter.map { ["--adapter", $0] } ?? [])
  }

  /// The files of the client for all of these boards.
  /// - Parameter file: names the client for boards with MicroPython, where no option does.
  /// - Throws: `ConfigurationError` where they cannot be had, or are given where none is wanted.
  func bundle(for boards: [BenchBoard], fixtures: Fixtures, file: BenchFile?) throws -> ClientBundle {
    guard Set(boards.map(\.kind)).count == 1, let first = boards.first else {
      throw ConfigurationError(
        "A run puts one client through its cases, and \(boards.map(\.word).joined(separator: ", ")) are for clients of different kinds; "
          + "name boards of one kind.")
    }
    return try bundle(for: first.selector, fixtures: fixtures, file: first.kind == .microPython ? file : nil)
  }

  /// The files of the client.
  func bundle(for board: BoardSelector, fixtures: Fixtures, file: BenchFile? = nil) throws -> ClientBundle {
    guard board == .reference else {
      let ofFile = file.map(\.path) ?? BenchFile.name
      // An adapter of the file's belongs to its client.
      return try ClientBundle(
        client: client ?? file?.client, adapter: adapter ?? (client == nil ? file?.adapter : nil),
        board: board, fixtures: fixtures,
        places: (
          client == nil && file?.client != nil ? "client in \(ofFile)" : "--client",
          adapter == nil && client == nil && file?.adapter != nil ? "adapter in \(ofFile)" : "--adapter"
        ))
    }
    guard client == nil, adapter == nil else {
      throw ConfigurationError(
        "--client and --adapter name a client for a board, and with --board reference the reference client takes its place; "
          + "leave one out.")
    }
    return .reference
  }
}

extension BenchBoard {
  /// What kind of client plays there.
  fileprivate enum Kind { case microPython, python, reference }

  fileprivate var kind: Kind {
    switch selector {
    case .reference: .reference
    case .python: .python
    default: .microPython
    }
  }
}
