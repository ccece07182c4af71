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
      struct Row: Decodable {
        var id: String, verdict: String, board: String?, serverSHA1: String?, attempts: Int
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
      #expect(results.cases.contains { $0.board == "sim" && $0.attempts > 1 }, "the case that was under way")
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

    @Test("with --each, results of all boards say which was missing, and --failed and compare go by them")
    func eachWithFailures() async throws {
      // It sends something else on the second board, whose number is the end of its unique id.
      let ours = try String(
        contentsOf: Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py"),
        encoding: .utf8)
      let broken = """

        import binascii
        import machine

        _send = send


        async def send(ws, data):
            await _send(ws, data if machine.unique_id()[-1] == 1 else "other")

        """
      try folder.write(ours + broken, to: "my_adapter.py")
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
  }
}
