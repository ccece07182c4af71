import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("Trouble in mid-run")
  struct TroubleTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A run whose serial log can be followed line by line.
    private struct Run {
      let tool: RunningChild
      let log: RunningChild

      /// Waits until the case is under way on the board.
      func waitForCase(_ id: String) async throws {
        _ = try await log.line(containing: "_w.run({\\'id\\': \\'\(id)\\'")
      }

      /// The interpreter, which is the tool's only child.
      func interpreters() -> [Int32] { ChildProcesses.of(tool.id) }

      func finish() async throws -> FinishedChild {
        defer { log.kill() }
        return try await tool.finish()
      }
    }

    private func start(_ arguments: [String], _ cases: [String]) async throws -> Run {
      let tool = try await Tool.start(
        ["run", "--report", "r"] + arguments + cases.flatMap { ["--only", $0] }, in: folder)
      _ = try await tool.line(containing: "wsrig 0.")
      let log = try await RunningChild.start("tail", ["-n", "+1", "-F", folder.path + "/r/serial.log"])
      return Run(tool: tool, log: log)
    }

    private func expectReports() async throws -> Results {
      for name in ["results.json", "junit.xml", "report.html", "serial.log"] {
        #expect(folder.has("r/\(name)"))
      }
      return try await Results.read(folder, "r")
    }

    @Test("the interpreter killed once: the board recovers, the case is run again, the status is as without")
    func killedOnce() async throws {
      // In this case the board waits for a while: long enough to be hit in it on a busy computer too.
      let target = "14.gap-silence"
      let run = try await start(["--deliveries", "whole"], ["1.text-1", target, "15.good-reqs-0"])
      try await run.waitForCase(target)
      let interpreter = try #require(run.interpreters().first)
      kill(interpreter, SIGKILL)
      let child = try await run.finish()
      #expect(child.status == 0, "\(child.everything)")
      let results = try await expectReports()
      let row = try #require(results[target])
      #expect(row.attempts == 2 && row.verdict == "passed" && !row.boardEvents.isEmpty)
      #expect(results.summary["passed"] == 3)
      #expect(child.output.contains("hardReset: "), "the rungs of the ladder are told")
    }

    @Test("killed again and again: the board is given up, the rest is inconclusive, the reports are whole")
    func killedAlways() async throws {
      let run = try await start([], ["9.*"])
      try await run.waitForCase("9.backpressure-echo")
      // Every new interpreter shows itself in the log by what it prints.
      let killer = Task {
        var killed = 0
        while !Task.isCancelled {
          for interpreter in run.interpreters() {
            kill(interpreter, SIGKILL)
            killed += 1
          }
          guard (try? await run.log.line(containing: "", within: .seconds(60))) != nil else { break }
        }
        return killed
      }
      let child = try await run.tool.finish()
      killer.cancel()
      run.log.kill()
      #expect(await killer.value > 1)
      #expect(child.status == 3, "\(child.everything)")
      let results = try await expectReports()
      // What the board cannot hold is known before anything is put to it.
      let unsupported = try #require(results.summary["unsupported"])
      let before = results.cases.prefix { $0.id != "9.backpressure-echo" }.count { $0.verdict == "passed" }
      #expect(results.summary["inconclusive"] == results.cases.count - unsupported - before)
      #expect(results.cases.count == results.summary["planned"])
      #expect(results.cases.last?.attempts == 0)
      let events = results.cases.flatMap(\.boardEvents)
      #expect(events.contains { !$0.succeeded }, "\(events.map(\.kind))")
    }

    @Test("Ctrl-C: what had run is reported, and no interpreter is left")
    func interrupted() async throws {
      let run = try await start([], ["9.*"])
      try await run.waitForCase("9.messages-50")
      let interpreter = try #require(run.interpreters().first)
      run.tool.signal(SIGINT)
      let child = try await run.finish()
      #expect(child.status == 130, "\(child.everything)")
      let results = try await expectReports()
      #expect(results.endedEarly == "interrupted")
      #expect(results.cases.count >= 1 && results.cases.count < results.summary["planned"] ?? 0)
      #expect(!ChildProcesses.isAlive(interpreter))
    }

    @Test("the terminal behind which the board was goes away")
    func terminalClosed() async throws {
      let board = try await Tool.start(["boards", "--simulate"], in: folder)
      let line = try await board.line(containing: "simulated board on ")
      let path = try #require(line.split(separator: " ").last)
      let run = try await start(
        ["--board", "tty:\(path)"], ["1.text-1", "9.messages-50", "9.messages-50-of-*", "9.silence"])
      try await run.waitForCase("9.messages-50")
      board.kill()
      let child = try await run.finish()
      _ = try await board.finish()
      #expect(child.status == 3, "\(child.everything)")
      let results = try await expectReports()
      #expect(results["1.text-1"]?.verdict == "passed")
      // The case that was running, or one behind it: the kill takes its time.
      #expect(results.cases.dropFirst(2).contains { $0.verdict == "inconclusive" })
      #expect(results["9.silence"]?.verdict == "inconclusive")
    }
  }
}
