import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("Several boards at once")
  struct SeveralBoardsTests {
    private let folder: TemporaryFolder
    private static let two = ["--board", "sim", "--board", "sim"]

    init() throws { folder = try TemporaryFolder() }

    private struct Shared: Decodable {
      struct Board: Decodable { var id: String, uniqueID: String, reportFolder: String? }
      struct Event: Decodable { var board: String?, kind: String }
      struct Row: Decodable {
        var id: String, verdict: String, board: String?, serverSHA1: String?, attempts: Int
        var boardEvents: [Event], blackBoxes: [Results.BlackBox]?
      }
      var boards: [Board]?
      var lostBoards: [String]?
      var each: Bool?
      var summary: [String: Int]
      var cases: [Row]
    }

    private func shared(_ name: String) async throws -> Shared {
      _ = try await Results.read(folder, name)
      return try JSONDecoder().decode(Shared.self, from: Data(folder.text("\(name)/results.json").utf8))
    }

    @Test("two boards share the cases: the same verdicts and bytes as one, each case with its board")
    func share() async throws {
      let cases = ["--only", "1.*", "--only", "5.*", "--deliveries", "whole"]
      let one = try await Tool.run(["run", "--report", "one"] + cases, in: folder)
      let two = try await Tool.run(["run", "--report", "two"] + Self.two + cases, in: folder)
      #expect(one.status == 0 && two.status == 0, "\(two.everything)")
      let (alone, both) = (try await shared("one"), try await shared("two"))
      #expect(both.boards?.map(\.id) == ["sim-1", "sim-2"] && alone.boards == nil)
      #expect(Set(both.boards?.map(\.uniqueID) ?? []).count == 2)
      #expect(both.cases.map(\.id) == alone.cases.map(\.id))
      #expect(both.cases.map(\.verdict) == alone.cases.map(\.verdict))
      #expect(both.cases.map(\.serverSHA1) == alone.cases.map(\.serverSHA1))
      let counts = Dictionary(grouping: both.cases, by: { $0.board ?? "none" }).mapValues(\.count)
      #expect(Set(counts.keys) == ["sim-1", "sim-2"], "\(counts)")
      #expect(counts.values.allSatisfy { $0 > both.cases.count / 4 }, "\(counts)")
      #expect(folder.has("two/serial-sim-1.log") && folder.has("two/serial-sim-2.log"))
      #expect(two.output.contains("2 boards: sim-1 = simulated board"), "\(two.everything)")
    }

    /// What was wrong beside: the lost board left no black box, and its events seemed to be the other's.
    @Test("a board that is lost leaves the rest to the other: every case has its verdict, the status is 3")
    func takeOver() async throws {
      let (board, path) = try await simulatedBoard()
      let tool = try await Tool.start(
        ["run", "--report", "r", "--only", "1.*", "--only", "9.*", "--deliveries", "whole", "--board", "sim"]
          + ["--board", "tty:\(path)"], in: folder)
      _ = try await tool.line(containing: "wsrig 0.")
      let name = "serial-tty-" + path.map { $0 == "/" ? "-" : String($0) }.joined() + ".log"
      let log = try await RunningChild.start("tail", ["-n", "+1", "-F", "\(folder.path)/r/\(name)"])
      _ = try await log.line(containing: "_w.run({\\'id\\': \\'1.")
      log.kill()
      board.kill()
      let child = try await tool.finish(within: .seconds(600))
      let results = try await shared("r")
      #expect(results.lostBoards == ["tty:\(path)"], "\(child.everything)")
      #expect(child.status == 3 && child.output.contains("Given up on the way: tty:"), "\(child.everything)")
      #expect(results.cases.allSatisfy { ["passed", "unsupported"].contains($0.verdict) })
      let row = try #require(
        results.cases.first { $0.board == "sim" && $0.attempts > 1 }, "the case that was under way")
      let lost = row.boardEvents.filter { $0.kind == "quarantine" }
      #expect(
        lost.map(\.board) == ["tty:\(path)"] && row.boardEvents.allSatisfy { $0.board != nil }, "\(row)")
      let box = try #require(row.blackBoxes?.first { $0.kind == "quarantine" }, "\(child.everything)")
      let trouble = try folder.text("r/\(box.path)/trouble.txt")
      #expect(trouble.contains("the board was given up") && trouble.contains("tty:\(path) "), "\(trouble)")
      #expect(!(try folder.text("r/\(box.path)/serial.log")).isEmpty)
    }

    /// A simulated board that is kept running, and its terminal.
    private func simulatedBoard() async throws -> (RunningChild, path: String) {
      let board = try await Tool.start(["boards", "--simulate"], in: folder)
      let line = try await board.line(containing: "simulated board on ")
      return (board, String(try #require(line.split(separator: " ").last)))
    }

    @Test("with --each every board runs all cases and has a report of its own")
    func each() async throws {
      let child = try await Tool.run(
        ["run", "--each", "--report", "r", "--only", "1.text-1*", "--deliveries", "whole"] + Self.two,
        in: folder)
      #expect(child.status == 0, "\(child.everything)")
      let (first, second) = (try await shared("r/sim-1"), try await shared("r/sim-2"))
      #expect(first.cases.map(\.id) == second.cases.map(\.id) && !first.cases.isEmpty)
      #expect(first.boards == nil && first.cases.allSatisfy { $0.board == nil })
      for name in ["report.html", "junit.xml", "serial.log"] {
        #expect(folder.has("r/sim-1/\(name)") && folder.has("r/sim-2/\(name)"))
      }
      #expect(child.output.contains("== sim-1") && child.output.contains("Reports: r/sim-2"))
      let all = try await shared("r")
      #expect(all.each == true && all.boards?.map(\.reportFolder) == ["sim-1", "sim-2"])
      #expect(all.cases.map(\.id) == first.cases.map(\.id) + second.cases.map(\.id))
      #expect(all.cases.map(\.board) == first.cases.map { _ in "sim-1" } + second.cases.map { _ in "sim-2" })
      #expect(all.summary["planned"] == 2 * first.cases.count && all.summary["passed"] == all.cases.count)
      let junit = try folder.text("r/junit.xml")
      #expect(junit.contains("on sim-1") && junit.contains("classname=\"wsrig.sim-2."))
    }

    /// Writes an adapter, my_adapter.py, that sends something else where the expression holds: the last byte of the unique id is the
    /// number of the simulated board.
    private func writeAdapter(breaking condition: String) throws {
      let ours = try String(
        contentsOf: Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py"),
        encoding: .utf8)
      let broken = """

        import binascii
        import machine

        _send = send


        async def send(ws, data):
            await _send(ws, "other" if \(condition) else data)

        """
      try folder.write(ours + broken, to: "my_adapter.py")
    }

    @Test("with --each a baseline ignored the board: a new failure on one of them was exit 0")
    func eachBesideBaseline() async throws {
      let words = ["run", "--each", "--adapter", "my_adapter.py", "--deliveries", "whole"] + Self.two
      let only = ["--only", "1.text-125"]
      try writeAdapter(breaking: "machine.unique_id()[-1] != 1")
      let old = try await Tool.run(words + only + ["--report", "old"], in: folder)
      #expect(old.status == 1, "\(old.everything)")
      let same = try await Tool.run(words + only + ["--report", "same", "--baseline", "old"], in: folder)
      #expect(same.status == 0, "\(same.everything)")
      _ = try await Results.read(folder, "same")
      try writeAdapter(breaking: "True")
      let new = try await Tool.run(words + only + ["--report", "new", "--baseline", "old"], in: folder)
      #expect(new.status == 1, "\(new.everything)")
      #expect(new.output.contains("new failure   1.text-125 on sim-1: "), "\(new.everything)")
      #expect(!new.output.contains("1.text-125 on sim-2: "), "\(new.everything)")
      _ = try await Results.read(folder, "new")
      let junit = try folder.text("new/junit.xml")
      #expect(junit.ranges(of: "<failure").count == 1 && junit.ranges(of: "<skipped").count == 1, "\(junit)")
      let compared = try await Tool.run(["compare", "old", "new"], in: folder)
      #expect(
        compared.status == 1 && compared.output.contains("new failure  1.text-125 on sim-1 "),
        "\(compared.everything)")
    }

    @Test("with --each, results of all boards say which was missing, and --failed and compare go by them")
    func eachWithFailures() async throws {
      try writeAdapter(breaking: "machine.unique_id()[-1] != 1")
      let words = ["--each", "--adapter", "my_adapter.py", "--deliveries", "whole"] + Self.two
      let only = ["--only", "1.text-125"]
      let child = try await Tool.run(["run"] + only + words, in: folder)
      #expect(child.status == 1, "\(child.everything)")
      let all = try await shared("reports/latest")
      #expect(
        all.cases.map(\.board) == ["sim-1", "sim-2"] && all.cases.map(\.verdict) == ["passed", "failed"])
      #expect(Set(all.boards?.map(\.uniqueID) ?? []).count == 2)
      let again = try await Tool.run(["run", "--failed"] + words, in: folder)
      #expect(again.status == 1 && again.output.contains("1 case "), "\(again.everything)")
      let lost = try await Tool.run(
        ["run", "--each", "--report", "r", "--board", "sim", "--board", "tty:/dev/no-such"] + only, in: folder
      )
      #expect(lost.status == 3, "\(lost.everything)")
      let rest = try await shared("r")
      #expect(rest.lostBoards == ["tty:/dev/no-such"] && rest.boards?.map(\.id) == ["sim"])
      #expect(rest.summary["planned"] == 2 * rest.cases.count)
      let same = try await Tool.run(["compare", "reports/latest", "reports/latest"], in: folder)
      #expect(same.status == 0, "\(same.everything)")
    }

    @Test("a board that is missing ends the run before its first case, though the other is there")
    func missing() async throws {
      let child = try await Tool.run(
        ["run", "--only", "1.text-1", "--board", "sim", "--board", "tty:/dev/no-such"], in: folder)
      expectComplaint(child, status: 3, ["board tty:/dev/no-such"], lines: 1...3)
    }

    @Test("README did not say that a measurement on the simulated board has nothing for itself")
    func measurementOnThisComputer() async throws {
      let text = try String(contentsOf: Repository.folder.appending(path: "README.md"), encoding: .utf8)
      #expect(text.contains("such runs and measurements wait for nobody, and nobody for them"))
      let measuring = try await Tool.start(["latency", "--report", "l"], in: folder)
      _ = try await measuring.line(containing: "wsrig 0.")
      let beside = try await Tool.run(["run", "--only", "1.text-1", "--deliveries", "whole"], in: folder)
      #expect(beside.status == 0 && !beside.output.contains("waiting for"), "\(beside.everything)")
      measuring.signal(SIGINT)
      let measured = try await measuring.finish()
      // It was under way all the time.
      #expect(measured.status == 130, "\(measured.everything)")
    }

    @Test("clients of two kinds are no single run")
    func kinds() async throws {
      let child = try await Tool.run(
        ["run", "--only", "1.text-1", "--board", "sim", "--board", "python"], in: folder)
      expectComplaint(child, status: 2, ["sim, python", "different kinds"])
    }

    @Test("a board that was given up resumes the run when it comes back within --board-wait")
    func comesBack() async throws {
      let (board, path) = try await simulatedBoard()
      let link = folder.path + "/board"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      let tool = try await Tool.start(
        [
          "run", "--report", "r", "--board", "tty:\(link)", "--board-wait", "60", "--only", "9.*",
          "--deliveries", "whole",
        ],
        in: folder)
      _ = try await tool.line(containing: "wsrig 0.")
      // Its device goes, is given up after the time for a hard reset, and another one comes in its place.
      try FileManager.default.removeItem(atPath: link)
      board.kill()
      _ = try await tool.line(containing: "quarantine", within: .seconds(400))
      let (other, next) = try await simulatedBoard()
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: next)
      let child = try await tool.finish(within: .seconds(600))
      other.kill()
      #expect(child.status == 0 && child.output.contains("comeBack"), "\(child.everything)")
      let results = try await shared("r")
      #expect(results.cases.allSatisfy { ["passed", "unsupported"].contains($0.verdict) })
    }

    @Test("Ctrl-C during --board-wait lost the rungs that were climbed, and the black box")
    func interruptedWaiting() async throws {
      let (board, path) = try await simulatedBoard()
      let tool = try await Tool.start(
        [
          "run", "--report", "r", "--board", "tty:\(path)", "--board-wait", "600", "--only", "9.*",
          "--deliveries", "whole",
        ], in: folder)
      _ = try await tool.line(containing: "wsrig 0.")
      board.kill()
      _ = try await tool.line(containing: "quarantine", within: .seconds(400))
      tool.signal(SIGINT)
      let child = try await tool.finish()
      #expect(child.status == 130, "\(child.everything)")
      let results = try await Results.read(folder, "r")
      #expect(results.endedEarly == "interrupted")
      let kinds = results.boardEvents.map(\.kind)
      #expect(kinds.contains("hardReset") && kinds.contains("quarantine"), "\(kinds)")
      let box = try #require(results.blackBoxes?.first { $0.kind == "quarantine" }, "\(child.everything)")
      #expect(child.output.contains("r/\(box.path)  the board was given up"), "\(child.everything)")
      let trouble = try folder.text("r/\(box.path)/trouble.txt")
      #expect(trouble.contains("the board was given up"), "\(trouble)")
      let isOfItsCase = results.cases.flatMap { $0.blackBoxes ?? [] }.contains { $0.path == box.path }
      #expect(!isOfItsCase && !folder.has("r/cases"), "the case under way is not in the results")
    }
  }
}
