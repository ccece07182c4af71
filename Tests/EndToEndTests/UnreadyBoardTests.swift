import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  /// Runs that end before their first case: what they leave, and what they say.
  @Suite("A board that is not ready")
  struct UnreadyBoardTests {
    private let folder: TemporaryFolder
    private static let reports = ["results.json", "junit.xml", "report.html"]

    init() throws { folder = try TemporaryFolder() }

    private func run(_ words: [String]) async throws -> FinishedChild {
      try await Tool.run(["run", "--deliveries", "whole", "--only", "1.text-1"] + words, in: folder)
    }

    @Test("the reports of an earlier, passed run were left in place, and a missing board made none")
    func reportsOfMissingBoard() async throws {
      let before = try await run(["--report", "r"])
      #expect(before.status == 0, "\(before.everything)")
      try folder.write("mine", to: "r/notes.txt")
      try folder.write("old", to: "r/cases/9.old/summary.txt")
      let child = try await run(["--report", "r", "--only", "9.silence", "--board", "tty:/dev/no-such"])
      expectComplaint(
        child, status: 3,
        [
          "wsrig: The board tty:/dev/no-such could not be got ready: could not open /dev/no-such: No such file or directory; "
            + "check --board and the cable.\n"
        ])
      #expect(child.output == "Reports: r\n", "what is wrong was told more than once: \(child.everything)")
      let results = try await Results.read(folder, "r")
      #expect(results.cases.map(\.id) == ["1.text-1", "9.silence"])
      #expect(results.cases.allSatisfy { $0.verdict == "inconclusive" && $0.attempts == 0 })
      #expect(results.cases.allSatisfy { $0.reason?.contains("could not open /dev/no-such") == true })
      #expect(results.summary["planned"] == 2 && results.summary["inconclusive"] == 2)
      for name in Self.reports {
        #expect(try folder.text("r/\(name)").contains("could not open /dev/no-such"), "\(name)")
      }
      #expect(try folder.text("r/junit.xml").contains("errors=\"2\""))
      #expect(folder.has("r/notes.txt") && !folder.has("r/cases/9.old"))
      let box = try #require(results.cases[0].blackBoxes?.first)
      #expect(box.path == "blackbox/001-1.text-1" && results.cases[1].blackBoxes == nil)
      let trouble = try folder.text("r/\(box.path)/trouble.txt")
      #expect(trouble.contains("before the first case") && trouble.contains("attach failed after"))
      #expect(try folder.text("r/\(box.path)/serial.log").contains("# attach failed"))
    }

    @Test("a run that came to nothing deleted the results of an earlier one", arguments: [[], ["--each"]])
    func earlierReports(each: [String]) async throws {
      let boards = each.isEmpty ? [] : ["--board", "sim", "--board", "sim"]
      let before = try await run(["--report", "r"] + each + boards)
      #expect(before.status == 0, "\(before.everything)")
      let names = try files()
      #expect(names.contains("results.json") && !names.contains { $0.hasPrefix(".") }, "\(names)")
      let texts = try names.map { try folder.text("r/\($0)") }
      try folder.write("raise ValueError('broken on purpose')\n", to: "broken.py")
      try folder.write("{\"faults\": 1}", to: "faults.json")
      let mistakes = [
        ["--host", "8.8.8.8"], ["--client", "broken.py"], ["--sim-faults", "faults.json"],
        ["--client", "no-such.py"],
      ]
      for mistake in mistakes {
        let child = try await run(["--report", "r"] + each + boards + mistake)
        #expect(child.status == 2, "\(mistake): \(child.everything)")
        #expect(try files() == names, "\(mistake)")
        #expect(try names.map { try folder.text("r/\($0)") } == texts, "\(mistake)")
      }
      let after = try await run(["--report", "r"] + each + boards)
      #expect(after.status == 0, "\(after.everything)")
      #expect(try files() == names)
    }

    /// The paths of the files in r, sorted.
    private func files() throws -> [String] {
      let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/r")
      return paths.filter { $0.contains(".") }.sorted()
    }

    @Test("a client that does not load leaves the serial log where there are no earlier results")
    func reportsOfBadClient() async throws {
      try folder.write("raise ValueError('broken on purpose')\n", to: "broken.py")
      let child = try await run(["--report", "r", "--client", "broken.py"])
      expectComplaint(child, status: 2, ["broken.py", "broken on purpose"], lines: 2...12)
      #expect(try files() == ["serial.log"])
    }

    @Test("the board beside a missing one was told with \"CancellationError()\"; reports/latest is this run")
    func besideMissing() async throws {
      let child = try await run(["--board", "sim", "--board", "tty:/dev/no-such"])
      expectComplaint(child, status: 3, ["The board tty:/dev/no-such could not be got ready"])
      #expect(child.output == "Reports: reports/latest\n", "\(child.everything)")
      let results = try await Results.read(folder)
      #expect(results.cases.map(\.verdict) == ["inconclusive"])
      let text = try folder.text("reports/latest/results.json")
      #expect(text.contains("lostBoards") && !text.contains("CancellationError"))
      #expect(!(try folder.text("reports/latest/serial-sim.log")).contains("CancellationError"))
    }

    @Test("with --each and no board ready, each has its reports, and so have all together")
    func each() async throws {
      let child = try await run(
        ["--report", "r", "--each", "--board", "tty:/dev/no-such-1", "--board", "tty:/dev/no-such-2"])
      #expect(child.status == 3, "\(child.everything)")
      let results = try await Results.read(folder, "r")
      #expect(results.cases.map(\.verdict) == ["inconclusive", "inconclusive"])
      #expect(results.summary["planned"] == 2)
      for part in ["tty--dev-no-such-1", "tty--dev-no-such-2"] {
        let own = try await Results.read(folder, "r/\(part)")
        #expect(own.cases.count == 1 && folder.has("r/\(part)/report.html"))
      }
      let alone = try await run(["--report", "r"])
      #expect(alone.status == 0, "\(alone.everything)")
      #expect(!folder.has("r/tty--dev-no-such-1") && !folder.has("r/tty--dev-no-such-2"))
    }

    /// A run on a board that never answers, interrupted once it has been typed to.
    private func runInterruptedWhileAttaching() async throws -> FinishedChild {
      let terminal = try PseudoTerminal(on: .shared)
      let tool = try await Tool.start(
        ["run", "--report", "r", "--only", "1.text-1", "--board", "tty:\(terminal.path)"], in: folder)
      let typed = try await terminal.controller.read(deadline: .after(.seconds(60)))
      #expect(!typed.isEmpty)
      tool.signal(SIGINT)
      defer { terminal.controller.close() }
      return try await tool.finish()
    }

    @Test("Ctrl-C while a board is attached said \"CancellationError()\"")
    func interruptedWhileAttaching() async throws {
      let child = try await runInterruptedWhileAttaching()
      expectComplaint(child, status: 130, ["interrupted before the first case"])
      #expect(!child.everything.contains("CancellationError"), "\(child.everything)")
      #expect(!(try folder.text("r/serial.log")).contains("CancellationError"))
    }

    @Test("Ctrl-C while a board is attached deleted the results of an earlier run")
    func interruptedBesideEarlierReports() async throws {
      let before = try await run(["--report", "r"])
      #expect(before.status == 0, "\(before.everything)")
      let (names, log) = (try files(), try folder.text("r/serial.log"))
      let child = try await runInterruptedWhileAttaching()
      #expect(child.status == 130, "\(child.everything)")
      let isAsBefore = try files() == names && folder.text("r/serial.log") == log
      #expect(isAsBefore)
    }

    @Test("what a board without MicroPython sends was printed three times")
    func babble() async throws {
      let terminal = try PseudoTerminal(on: .shared)
      let babbling = Task { [controller = terminal.controller] in
        while !Task.isCancelled {
          try await controller.write([UInt8](repeating: 0xB5, count: 64), deadline: .after(.seconds(1)))
          _ = try? await controller.read(deadline: .after(.milliseconds(10)))
        }
      }
      let child = try await run(["--report", "r", "--board", "tty:\(terminal.path)"])
      babbling.cancel()
      terminal.controller.close()
      expectComplaint(child, status: 3, ["tty:\(terminal.path) could not be got ready", "\\xb5"])
      #expect(child.everything.ranges(of: "its last bytes").count == 1, "\(child.everything)")
    }

    @Test("--each with one board was taken in silence")
    func eachOfOne() async throws {
      let child = try await run(["--report", "r", "--each"])
      #expect(child.status == 0, "\(child.everything)")
      #expect(child.output.contains("--each makes no difference here: the run has one board, sim\n"))
    }
  }
}
