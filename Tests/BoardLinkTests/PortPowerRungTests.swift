@testable import BoardLink
import PosixIO
import RawREPL
import Synchronization
import Testing

/// A link to a board that says nothing once it is dead, and begins anew with its power.
private final class MortalLink: Link {
  let base: SimulatedBoardLink
  let isDead = Mutex(false)

  var selector: BoardSelector { base.selector }

  init(_ base: SimulatedBoardLink) { self.base = base }

  func open(deadline: Deadline) async throws { try await base.open(deadline: deadline) }

  func read(deadline: Deadline) async throws -> [UInt8] {
    guard isDead.withLock({ $0 }) else { return try await base.read(deadline: deadline) }
    try await base.loop.pause(until: deadline)
    throw BoardFailure(board: selector.description, .timedOut("bytes"))
  }

  func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    if !isDead.withLock({ $0 }) { try await base.write(bytes, deadline: deadline) }
  }

  func hardReset(deadline: Deadline) async throws {
    if isDead.withLock({ $0 }) { throw BoardFailure(board: selector.description, .timedOut("the restart")) }
    try await base.hardReset(deadline: deadline)
  }

  func cyclePower(deadline: Deadline) async throws {
    isDead.withLock { $0 = false }
    try await base.hardReset(deadline: deadline)
  }

  func close() async { await base.close() }
}

@Suite(
  "The last rung of the ladder, port power", .serialized,
  .enabled(if: SimulatedBoardSupport.hasInterpreter, SimulatedBoardSupport.skipReason),
  .timeLimit(.minutes(2)))
struct PortPowerRungTests {
  private static let lost = BoardFailure(board: "sim", .timedOut("bytes"))

  private static func bench() throws -> LocalBench<MortalLink> {
    let configuration = try SimulatedBoardSupport.configuration()
    return try LocalBench {
      MortalLink(try SimulatedBoardLink(configuration, on: $0, logger: SimulatedBoardSupport.logger))
    }
  }

  @Test("a dead board comes back by it, after every other rung, each an event")
  func deadBoard() async throws {
    try await LocalBench.run(Self.bench()) { bench in
      _ = await bench.board.takeEvents()
      bench.link.isDead.withLock { $0 = true }
      try await bench.board.recover(from: Self.lost)
      let events = await bench.board.takeEvents()
      #expect(events.map(\.kind) == [.interrupt, .reenterRawREPL, .hardReset, .portPower])
      #expect(events.map(\.succeeded) == [false, false, false, true])
      #expect(events.last?.detail == "the hard reset did not help")
      #expect(events.last?.kind.isRecovery == true)
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("a board that dies again and again has one chance more, then it is given up")
  func deadAgainAndAgain() async throws {
    try await LocalBench.run(Self.bench()) { bench in
      for _ in 0...Board.hardRecoveriesInARow {
        bench.link.isDead.withLock { $0 = true }
        try await bench.board.recover(from: Self.lost, byRestart: true)
      }
      _ = await bench.board.takeEvents()
      bench.link.isDead.withLock { $0 = true }
      await #expect(throws: BoardFailure.self) {
        try await bench.board.recover(from: Self.lost, byRestart: true)
      }
      #expect(await bench.board.takeEvents().map(\.kind) == [.quarantine])
    }
  }

  @Test("a board that is on no USB port of this computer skips it, with the reason")
  func skipped() async throws {
    let interpreter = try MicroPythonInterpreter(path: "/bin/false")
    let bench = try SimulatedBench(SimulatedBoardConfiguration(interpreter: interpreter, boardFolder: nil))
    let failure = await #expect(throws: BoardFailure.self) { try await bench.board.attach() }
    _ = await bench.board.takeEvents()
    await #expect(throws: BoardFailure.self) {
      try await bench.board.recover(from: try #require(failure))
    }
    let events = await bench.board.takeEvents()
    #expect(events.map(\.kind) == [.hardReset, .portPower, .quarantine])
    #expect(events[1].succeeded == false)
    #expect(events[1].detail == "skipped, as sim is on no USB port of this computer")
    await bench.finish()
  }
}
