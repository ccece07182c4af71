import ArgumentParser
import Bench
import BoardLink

/// Which board, and how the simulated one is made.
struct BoardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The board: sim (the simulated board), python or python:PATH (CPython on this computer), reference (no board: the reference "
        + "client, to check the rig), usb, usb:SERIAL or usb:BUS-PORT (a board on USB), tty:PATH, or tcp:HOST:PORT or rfc2217:HOST:PORT (a server's port).",
      valueName: "board"))
  var board = "sim"

  @Option(
    help: ArgumentHelp(
      "The address that the server listens on and the board reaches it by; a real board needs this computer's own.",
      valueName: "address"))
  var host = "127.0.0.1"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The server's port; 0 lets the kernel choose.", valueName: "port"))
  var port: UInt16 = 0

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  /// The options as they are written on the command line, defaults left out.
  var words: [String] {
    (board == "sim" ? [] : ["--board", board]) + (host == "127.0.0.1" ? [] : ["--host", host])
      + simulation.words
  }

  /// The board, parsed.
  /// - Throws: `ConfigurationError` where the text names none.
  func selector() throws -> BoardSelector {
    do {
      return try BoardSelector(board)
    } catch {
      throw ConfigurationError("\(error)")
    }
  }
}

/// How the simulated board is made.
struct SimulationOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The heap, in bytes or with K or M behind the number.", valueName: "size"))
  var simHeap = ByteCount(bytes: 400 * 1024)

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
    guard range.contains(simHeap.bytes) else {
      throw ValidationError("--sim-heap must lie between 64K and 64M: a Pico 2 W has about 400K.")
    }
  }

  /// On or off.
  enum Switch: String, ExpressibleByArgument, CaseIterable { case on, off }

  /// The options as they are written on the command line, defaults left out.
  var words: [String] {
    let usual = RunConfiguration.Simulation()
    return (simHeap.bytes == usual.heapBytes ? [] : ["--sim-heap", "\(simHeap.bytes)"])
      + (simLwip == .on ? [] : ["--sim-lwip", "off"]) + (micropython.map { ["--micropython", $0] } ?? [])
      + (fixtures.map { ["--fixtures", $0] } ?? [])
  }

  var simulation: RunConfiguration.Simulation {
    RunConfiguration.Simulation(
      interpreter: micropython, heapBytes: simHeap.bytes, imitatesLwIP: simLwip == .on)
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

  /// The files of the client.
  /// - Throws: `ConfigurationError` where they cannot be had, or are given where none is wanted.
  func bundle(for board: BoardSelector, fixtures: Fixtures) throws -> ClientBundle {
    guard board == .reference else {
      return try ClientBundle(client: client, adapter: adapter, board: board, fixtures: fixtures)
    }
    guard client == nil, adapter == nil else {
      throw ConfigurationError(
        "--client and --adapter name a client for a board, and with --board reference the reference client takes its place; "
          + "leave one out.")
    }
    return .reference
  }
}
