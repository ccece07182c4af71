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
struct LocalBench<BoardLink: Link>: Sendable {
  let loop: EventLoop
  let link: BoardLink
  let board: Board

  init(
    log: SerialLog? = nil, timeouts: BoardTimeouts? = nil, _ makeLink: (EventLoop) throws -> BoardLink
  ) throws {
    loop = try EventLoop(name: "board").start()
    link = try makeLink(loop)
    board = Board(
      link: link, on: loop, log: log, timeouts: timeouts, logger: SimulatedBoardSupport.logger)
  }

  /// Runs a test body on an attached board and tidies up whatever happens.
  static func run(
    _ bench: LocalBench, _ body: (LocalBench) async throws -> Void
  ) async throws {
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

  func run(_ source: String) async throws -> ExecutionOutput { try await board.run(source) }
}

/// The simulated board.
typealias SimulatedBench = LocalBench<SimulatedBoardLink>

extension LocalBench<SimulatedBoardLink> {
  init(
    _ configuration: SimulatedBoardConfiguration? = nil, log: SerialLog? = nil, timeouts: BoardTimeouts? = nil
  ) throws {
    let configuration = try configuration ?? SimulatedBoardSupport.configuration()
    try self.init(log: log, timeouts: timeouts) {
      try SimulatedBoardLink(configuration, on: $0, logger: SimulatedBoardSupport.logger)
    }
  }

  static func run(_ body: (SimulatedBench) async throws -> Void) async throws {
    try await run(SimulatedBench(), body)
  }

  /// Runs a test body with the path of a board that is shared with other programs.
  static func share(_ body: (String, SimulatedBench) async throws -> Void) async throws {
    let bench = try SimulatedBench()
    let shared = try SharedBoard(bench.link, logger: SimulatedBoardSupport.logger)
    let pump = Task { try await shared.run() }
    do {
      try await body(shared.path, bench)
    } catch {
      Issue.record(error)
    }
    pump.cancel()
    _ = await pump.result
    await bench.finish()
  }
}

/// CPython in the place of a board.
typealias PythonBench = LocalBench<PythonBoardLink>

extension LocalBench<PythonBoardLink> {
  init(log: SerialLog? = nil) throws {
    let python = try #require(Repository.program("python3"))
    try self.init(log: log) {
      PythonBoardLink(
        .python(path: nil), interpreter: python,
        boardFolder: Repository.fixtures.appending(path: "board/python").path, on: $0)
    }
  }
}

/// The boards that are software on this computer: what holds for a board holds for each.
enum LocalBoard: CaseIterable {
  case simulated
  case python

  /// Runs a test body on an attached board.
  func run(log: SerialLog? = nil, _ body: (Board) async throws -> Void) async throws {
    switch self {
    case .simulated: try await SimulatedBench.run(SimulatedBench(log: log)) { try await body($0.board) }
    case .python: try await PythonBench.run(PythonBench(log: log)) { try await body($0.board) }
    }
  }
}

extension Board {
  /// Runs a source text within a time that it does not need.
  func run(_ source: String) async throws -> ExecutionOutput {
    try await execute(source, deadline: SimulatedBoardSupport.soon)
  }
}

extension Board {
  /// What the board sends, past its session, up to this text.
  func seen(until end: String) async throws -> String {
    var text = ""
    while !text.hasSuffix(end) {
      text += String(decoding: try await link.read(deadline: SimulatedBoardSupport.soon), as: UTF8.self)
    }
    return text
  }
}

/// Bytes behind a lock.
final class LockedBytes: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  var value: [UInt8] { bytes.withLock { $0 } }
  func append(_ more: [UInt8]) { bytes.withLock { $0 += more } }
}
