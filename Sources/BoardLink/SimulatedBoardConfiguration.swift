import Foundation
import PosixIO

/// What the simulated board is like.
public struct SimulatedBoardConfiguration: Sendable {
  /// The interpreter.
  public var interpreter: MicroPythonInterpreter
  /// The folder with the board's Python side (`fixtures/board/simulated`); nil runs a bare interpreter, whose
  /// file system is the host's: for tests of the link only.
  public var boardFolder: String?
  /// The heap, in bytes. A Pico 2 W has about 400 KiB after its firmware.
  public var heapBytes = 400 * 1024
  /// Socket buffers, socket count and short reads as lwIP on a board has them.
  public var imitatesLwIP = true
  /// How many TCP connections it has at a time; nil is lwIP's five.
  public var sockets: Int?
  /// Run `main.py` at power-up and hard reset, as a board does.
  public var runsMain = false
  /// What `machine.unique_id()` returns: 16 hexadecimal digits.
  public var uniqueID = "53494d0000000001"

  /// A board with the usual properties.
  public init(interpreter: MicroPythonInterpreter, boardFolder: String?) {
    self.interpreter = interpreter
    self.boardFolder = boardFolder
  }

  /// The size of a Pico 2 W's file system: 4 MiB of flash less 1.5 MiB of firmware.
  static let flashBytes = 2560 * 1024
}

/// Why an interpreter starts, as the board's `machine.reset_cause()` wants to know it.
enum SimulatedResetCause: String, Sendable {
  case power
  case soft
  case hard
}

extension SimulatedBoardConfiguration {
  /// The command that starts the board. The environment is the contract with `fixtures/board/simulated`.
  func command(flash: String, cause: SimulatedResetCause, runsMain: Bool) -> ChildCommand {
    let environment: [String: String?] = [
      "WSRIG_SIM_FS": flash, "WSRIG_SIM_LWIP": imitatesLwIP ? "on" : "off", "WSRIG_SIM_UID": uniqueID,
      "WSRIG_SIM_RUN_MAIN": runsMain ? "1" : "0", "WSRIG_SIM_RESET_CAUSE": cause.rawValue,
      "WSRIG_SIM_HEAP": String(heapBytes), "WSRIG_SIM_SOCKETS": sockets.map { String($0) },
      "MICROPYINSPECT": nil, "MICROPYPATH": nil, "PYTHONPATH": nil,
      "PYTHONHOME": nil, "PYTHONDONTWRITEBYTECODE": "1",
    ]
    return ChildCommand(program, arguments, environment: environment)
  }

  private var program: String {
    switch interpreter.kind {
    case .executable: interpreter.path
    case .extensionModule(let python): python
    }
  }

  private var arguments: [String] {
    let heap = ["-X", "heapsize=\(heapBytes)"]
    switch (interpreter.kind, boardFolder) {
    case (.executable, let folder?): return heap + [folder + "/start.py"]
    case (.executable, nil): return heap
    case (.extensionModule, let folder?): return ["-I", "-c", Self.launch, folder + "/launch.py"]
    case (.extensionModule, nil): return ["-I", "-c", Self.bareLaunch] + heap
    }
  }

  /// The process name that an interpreter inside of Python gives itself once it is safe to interrupt.
  ///
  /// Python catches SIGINT from its start on. A signal it takes then would end the process later, so the name says
  /// from when on a caught SIGINT means that MicroPython catches it.
  static let readyName = "wsrig-sim"

  private static let prologue = """
    import signal, sys
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open('/proc/self/comm', 'w') as name: name.write('\(readyName)')

    """
  private static let launch =
    prologue + """
      import runpy
      sys.argv.pop(0)
      runpy.run_path(sys.argv[0], run_name='__main__')
      """
  /// Runs the extension module as its own script does.
  private static let bareLaunch =
    prologue + """
      from micropython_run import run_main
      sys.exit(run_main(['micropython'] + sys.argv[1:]))
      """
}

/// The file that holds a simulated board's flash; removed with its owner.
final class FlashImage: Sendable {
  let path = NSTemporaryDirectory() + "wsrig-flash-\(UUID().uuidString).img"

  init() throws {
    try Data().write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    // Only the size is set: blocks of the host's disk are taken as the board writes.
    try file.truncate(atOffset: UInt64(SimulatedBoardConfiguration.flashBytes))
    try file.close()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
