import BoardLink
import Foundation
import Logging
import PosixIO
import RawREPL
import Synchronization
import TestSupport
import Testing

/// The interpreter and the folders that tests of the simulated board need.
enum SimulatedBoardSupport {
  /// From `WSRIG_MICROPYTHON` or the repository's own environment; nil where neither is there.
  static let interpreter: MicroPythonInterpreter? = {
    let path =
      ProcessInfo.processInfo.environment["WSRIG_MICROPYTHON"]
      ?? Repository.folder.appending(path: ".venv").path
    return try? MicroPythonInterpreter(path: path)
  }()

  static let hasInterpreter = interpreter != nil
  static let skipReason: Comment = "no MicroPython: run ./scripts/setup or set WSRIG_MICROPYTHON"

  static let boardFolder = Repository.fixtures.appending(path: "board/simulated").path

  static let mpremote: String? = {
    guard let path = ProcessInfo.processInfo.environment["WSRIG_MPREMOTE"] else {
      return Repository.program("mpremote")
    }
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  /// Waits are for the unexpected: nothing here takes a tenth of it.
  static var soon: Deadline { .after(.seconds(10)) }

  static func configuration() throws -> SimulatedBoardConfiguration {
    SimulatedBoardConfiguration(interpreter: try #require(interpreter), boardFolder: boardFolder)
  }

  static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
}

/// A board with its link and its loop, for one test.
struct SimulatedBench {
  let loop: EventLoop
  let link: SimulatedBoardLink
  let board: Board

  init(
    _ configuration: SimulatedBoardConfiguration? = nil, log: SerialLog? = nil, timeouts: BoardTimeouts? = nil
  ) throws {
    loop = try EventLoop(name: "board").start()
    let logger = SimulatedBoardSupport.logger
    link = try SimulatedBoardLink(
      configuration ?? SimulatedBoardSupport.configuration(), on: loop, logger: logger)
    board = Board(link: link, on: loop, log: log, timeouts: timeouts, logger: logger)
  }

  /// Runs a test body on an attached board and tidies up whatever happens.
  static func run(
    _ configuration: SimulatedBoardConfiguration? = nil, log: SerialLog? = nil,
    _ body: (SimulatedBench) async throws -> Void
  ) async throws {
    let bench = try SimulatedBench(configuration, log: log)
    do {
      try await bench.board.attach()
      try await body(bench)
    } catch {
      await bench.finish()
      throw error
    }
    await bench.finish()
  }

  func finish() async {
    await board.detach()
    loop.stopAndWait()
  }

  func run(_ source: String) async throws -> ExecutionOutput {
    try await board.execute(source, deadline: SimulatedBoardSupport.soon)
  }
}

/// Bytes behind a lock.
final class LockedBytes: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  var value: [UInt8] { bytes.withLock { $0 } }
  func append(_ more: [UInt8]) { bytes.withLock { $0 += more } }
}
