import BoardLink
import Foundation
import PosixIO
import RawREPL
import Synchronization
import Testing

@Suite(
  "Recovery of a board", .serialized,
  .enabled(if: SimulatedBoardSupport.hasInterpreter, SimulatedBoardSupport.skipReason),
  .timeLimit(.minutes(2)))
struct RecoveryTests {
  @Test("an interpreter killed in mid-execution is noticed at once, and the board comes back by a hard reset")
  func killed() async throws {
    try await SimulatedBench.run { bench in
      let failure = try await Self.killWhileRunning(bench)
      #expect(failure.description == "board sim: the link ended: the interpreter was ended by signal 9")
      #expect(await bench.board.state == .detached)
      _ = await bench.board.takeEvents()
      try await bench.board.recover(from: failure)
      let events = await bench.board.takeEvents()
      #expect(events.map(\.kind) == [.hardReset])
      #expect(events.first?.succeeded == true)
      #expect(await bench.board.state == .rawREPL)
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("killed again and again, the board is quarantined with the first cause, and every call says so")
  func killedAgainAndAgain() async throws {
    try await SimulatedBench.run { bench in
      var first: BoardFailure?
      for _ in 0..<Board.hardRecoveriesInARow {
        let failure = try await Self.killWhileRunning(bench)
        first = first ?? failure
        try await bench.board.recover(from: failure)
      }
      let last = try await Self.killWhileRunning(bench)
      let quarantine = await #expect(throws: BoardFailure.self) { try await bench.board.recover(from: last) }
      #expect(quarantine?.cause == first.map { .quarantined(first: $0.cause) })
      #expect(await bench.board.state == quarantine.map { .broken($0) })
      let later = await #expect(throws: BoardFailure.self) { try await bench.run("print(1)") }
      #expect(later == quarantine)
    }
  }

  @Test(
    "a link that ended again right after its reopening cost the board: it is opened once more within the rung"
  )
  func endsAgain() async throws {
    let configuration = try SimulatedBoardSupport.configuration()
    let bench = try LocalBench {
      FalteringLink(try SimulatedBoardLink(configuration, on: $0, logger: SimulatedBoardSupport.logger))
    }
    try await LocalBench.run(bench) { bench in
      _ = await bench.board.takeEvents()
      bench.link.falters.withLock { $0 = 2 }
      try await bench.board.recover(from: BoardFailure(board: "sim", .linkEnded("the server ended")))
      let events = await bench.board.takeEvents()
      #expect(events.map(\.kind) == [.hardReset] && events[0].succeeded)
      #expect(bench.link.falters.withLock { $0 } == 0)
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("a link that ends each time after its reopening is given up when the rung's time is over")
  func endsEachTime() async throws {
    let configuration = try SimulatedBoardSupport.configuration()
    var timeouts = BoardTimeouts.simulated
    timeouts.hardReset = .seconds(4)
    let bench = try LocalBench(timeouts: timeouts) {
      FalteringLink(try SimulatedBoardLink(configuration, on: $0, logger: SimulatedBoardSupport.logger))
    }
    try await LocalBench.run(bench) { bench in
      bench.link.falters.withLock { $0 = .max }
      let start = MonotonicInstant.now()
      let failure = await #expect(throws: BoardFailure.self) {
        try await bench.board.recover(from: BoardFailure(board: "sim", .linkEnded("the server ended")))
      }
      #expect(failure?.isQuarantine == true && MonotonicInstant.now() - start < .seconds(20))
    }
  }

  @Test("progress in between keeps a board in use")
  func progress() async throws {
    try await SimulatedBench.run { bench in
      for _ in 0...Board.hardRecoveriesInARow {
        try await bench.board.recover(from: try await Self.killWhileRunning(bench))
        await bench.board.noteProgress()
      }
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("a program that swallows interrupts is left by the second rung, and the heap is clean afterwards")
  func stubbornProgram() async throws {
    try await SimulatedBench.run { bench in
      let source = "n = 0\nwhile n < 2:\n  try:\n    while True: pass\n  except KeyboardInterrupt: n += 1"
      let failure = await #expect(throws: BoardFailure.self) {
        try await bench.board.execute(source, deadline: .after(.milliseconds(50)), grace: .milliseconds(50))
      }
      _ = await bench.board.takeEvents()
      try await bench.board.recover(from: try #require(failure))
      let events = await bench.board.takeEvents()
      #expect(events.map(\.kind).last == .softReset)
      #expect(!events.contains { $0.kind == .hardReset })
      #expect(try await bench.run("print('n' in globals())").text == "False\n")
    }
  }

  @Test("a program that no interrupt ends costs a hard reset")
  func immortalProgram() async throws {
    try await SimulatedBench.run { bench in
      let source = "while True:\n  try:\n    while True: pass\n  except KeyboardInterrupt: pass"
      let failure = await #expect(throws: BoardFailure.self) {
        try await bench.board.execute(source, deadline: .after(.milliseconds(50)), grace: .milliseconds(50))
      }
      _ = await bench.board.takeEvents()
      try await bench.board.recover(from: try #require(failure))
      let events = await bench.board.takeEvents()
      #expect(events.map(\.kind) == [.interrupt, .reenterRawREPL, .hardReset])
      #expect(events.map(\.succeeded) == [false, false, true])
    }
  }

  @Test("machine.reset() in a program ends the link, and the ladder brings the board back")
  func resetByProgram() async throws {
    try await SimulatedBench.run { bench in
      let failure = await #expect(throws: BoardFailure.self) {
        try await bench.run("import machine\nmachine.reset()")
      }
      #expect(failure?.isLinkEnded == true)
      try await bench.board.recover(from: try #require(failure))
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("a hard reset by choice makes a new interpreter and is no event of recovery")
  func chosenHardReset() async throws {
    try await SimulatedBench.run { bench in
      _ = try await bench.run("import sys\nsys.left_behind = 1\nn = 1")
      _ = await bench.board.takeEvents()
      try await bench.board.hardReset()
      #expect(await bench.board.takeEvents().isEmpty)
      #expect(await bench.board.state == .rawREPL)
      let left = "import sys\nprint('n' in globals(), hasattr(sys, 'left_behind'))"
      #expect(try await bench.run(left).text == "False False\n")
    }
  }

  @Test(
    "an interpreter that cannot run is quarantined soon, with its own last words",
    arguments: ["/bin/false", "/bin/true"])
  func unusableInterpreter(_ path: String) async throws {
    let interpreter = try MicroPythonInterpreter(path: path)
    let bench = try SimulatedBench(SimulatedBoardConfiguration(interpreter: interpreter, boardFolder: nil))
    let start = MonotonicInstant.now()
    let failure = await #expect(throws: BoardFailure.self) { try await bench.board.attach() }
    #expect(failure?.isLinkEnded == true)
    let quarantine = await #expect(throws: BoardFailure.self) {
      try await bench.board.recover(from: try #require(failure))
    }
    #expect(quarantine?.isQuarantine == true)
    #expect(MonotonicInstant.now() - start < .seconds(10))
    await bench.finish()
  }

  @Test("a missing interpreter is one sentence")
  func missingInterpreter() {
    let failure = #expect(throws: BoardFailure.self) {
      try MicroPythonInterpreter(path: "/nowhere/micropython")
    }
    #expect(failure?.description.contains("/nowhere/micropython") == true)
  }

  @Test(
    "the raw prompt is found from any state a board can be left in",
    arguments: [
      [], [0x01], [0x05], [UInt8]("x = '''half".utf8), [UInt8]("\u{5}x = 1\r\nfor i in range(3):\r\n".utf8),
      [UInt8]("while True: pass\r\r".utf8), [UInt8]("\u{1}print('half sent".utf8),
      [UInt8]("\u{1}while True: pass\u{4}".utf8), [UInt8]("\u{1}\u{5}A\u{1}half a source".utf8),
      [UInt8]("\u{1}\u{5}A\u{1}def f(:\n swallowed".utf8),
      [UInt8]("\u{1}\u{5}A\u{1}while True: pass\u{4}".utf8),
      [UInt8]("\u{1}while True: print('chatty')\u{4}".utf8), [UInt8]("\u{1}\u{1}\u{2}\u{1}1/0\u{4}".utf8),
    ] as [[UInt8]])
  func resynchronises(_ typed: [UInt8]) async throws {
    let bench = try SimulatedBench()
    try await bench.link.open(deadline: SimulatedBoardSupport.soon)
    for byte in typed { try await bench.link.write([byte], deadline: SimulatedBoardSupport.soon) }
    try await bench.board.attach()
    #expect(try await bench.run("print(1)").text == "1\n")
    await bench.finish()
  }

  /// Starts an endless program, kills the interpreter once it runs, and returns how `execute` failed.
  private static func killWhileRunning(_ bench: SimulatedBench) async throws -> BoardFailure {
    let started = AsyncStream<Void>.makeStream()
    let board = bench.board
    let execution = Task { () -> BoardFailure? in
      do {
        let source = "print('in')\nwhile True: pass"
        _ = try await board.execute(source, deadline: SimulatedBoardSupport.soon) { _ in
          started.continuation.yield()
        }
        return nil
      } catch {
        return error as? BoardFailure
      }
    }
    for await _ in started.stream { break }
    let start = MonotonicInstant.now()
    kill(try #require(await bench.link.processID()), SIGKILL)
    let failure = try #require(await execution.value)
    #expect(MonotonicInstant.now() - start < .milliseconds(500), "the end was noticed late")
    return failure
  }
}

/// A link as that to a server which is about to end: it can be opened again, and then ends at once, a number of times.
private final class FalteringLink: Link {
  let base: SimulatedBoardLink
  /// How often it will end right after it was opened again.
  let falters = Mutex(0)
  private let hasEnded = Mutex(false)

  var selector: BoardSelector { base.selector }

  init(_ base: SimulatedBoardLink) { self.base = base }

  func open(deadline: Deadline) async throws { try await base.open(deadline: deadline) }

  func read(deadline: Deadline) async throws -> [UInt8] {
    try requireLife()
    return try await base.read(deadline: deadline)
  }

  func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    try requireLife()
    try await base.write(bytes, deadline: deadline)
  }

  func hardReset(deadline: Deadline) async throws {
    try await base.hardReset(deadline: deadline)
    let falters = falters.withLock { count in
      defer { count = max(0, count - 1) }
      return count > 0
    }
    hasEnded.withLock { $0 = falters }
  }

  func close() async { await base.close() }

  private func requireLife() throws {
    if hasEnded.withLock({ $0 }) {
      throw BoardFailure(board: selector.description, .linkEnded("Connection reset by peer"))
    }
  }
}
