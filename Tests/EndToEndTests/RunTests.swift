import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig run, our client")
  struct RunTests {
    private let folder: TemporaryFolder
    /// A case or two of each chapter.
    private static let sample = [
      "0.request", "0.accept-missing", "1.text-125", "2.ping-ten", "3.text-rsv-4", "4.reserved-11",
      "5.text-two",
      "6.invalid-surrogate-first", "7.code-1000", "7.client", "8.text-masked", "11.two-connections",
    ]

    init() throws { folder = try TemporaryFolder() }

    private func only(_ ids: [String]) -> [String] { ids.flatMap { ["--only", $0] } }

    @Test("a sample of the catalogue passes, says so, and leaves its reports")
    func sample() async throws {
      let child = try await Tool.run(
        ["run", "--deliveries", "whole,split"] + only(Self.sample), in: folder)
      #expect(child.status == 0, "\(child.everything)")
      #expect(child.errors.isEmpty)
      let lines = child.output.split(separator: "\n")
      #expect(lines.first?.contains("simulated board") == true && lines.first?.contains("seed 1") == true)
      #expect(child.output.contains("RFC 6455 binds clients "))
      #expect(child.output.contains(" 0 failed\n") && child.output.contains("Reports: reports/latest"))
      for name in ["results.json", "junit.xml", "report.html", "serial.log"] {
        #expect(folder.has("reports/latest/\(name)"), "\(name)")
      }
      let results = try await Results.read(folder)
      #expect(results.summary["passed"] == results.cases.count && results.cases.count >= Self.sample.count)
      #expect(results.cases.allSatisfy { $0.attempts == 1 && $0.serverSHA1 != nil })
      let escapes = (child.output + child.errors).utf8.contains(0x1B)
      #expect(!escapes, "a pipe is no terminal")
    }

    @Test("a new run is what reports/latest points to, and --report takes any folder")
    func folders() async throws {
      for _ in 0..<2 {
        let child = try await Tool.run(
          ["run", "--deliveries", "whole"] + only(["0.status-404"]), in: folder)
        #expect(child.status == 0, "\(child.everything)")
      }
      let runs = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports")
      #expect(runs.count == 3 && runs.contains("latest"), "\(runs)")
      let child = try await Tool.run(
        ["run", "--deliveries", "whole", "--report", "here/there"] + only(["0.status-404"]), in: folder)
      #expect(child.output.contains("Reports: here/there"), "\(child.everything)")
      #expect(try await Results.read(folder, "here/there").summary["passed"] == 1)
    }

    @Test("the same seed sends the same bytes, another seed others")
    func sameBytes() async throws {
      let cases = only(["6.valid-mixed-2000", "7.after-16-kib", "5.binary-16-kib", "1.text-1000"])
      var digests: [[String: String]] = []
      for seed in ["7", "7", "8"] {
        let child = try await Tool.run(["run", "--deliveries", "whole", "--seed", seed] + cases, in: folder)
        #expect(child.status == 0, "\(child.everything)")
        let pairs = try await Results.read(folder).cases.map { ($0.id, try #require($0.serverSHA1)) }
        digests.append(Dictionary(uniqueKeysWithValues: pairs))
      }
      #expect(digests[0].count == 4 && digests[0] == digests[1])
      #expect(digests[0] != digests[2])
    }

    @Test("--list shows the cases and runs none; --json tells them to programs")
    func list() async throws {
      let child = try await Tool.run(["run", "--list"], in: folder)
      #expect(child.status == 0 && child.errors.isEmpty, "\(child.everything)")
      let lines = child.output.split(separator: "\n")
      #expect(lines.count > 120 && lines.last?.contains(" scenarios") == true)
      #expect(lines.first?.hasPrefix("case ") == true)
      #expect(lines.contains { $0.hasPrefix("7.code-1000 ") && $0.contains("MUST") })
      #expect(!folder.has("reports"))
      let json = try await Tool.run(["run", "--list", "--json", "--only", "7.*"], in: folder)
      let rows = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
      #expect(rows?.isEmpty == false)
      for row in rows ?? [] {
        #expect((row["id"] as? String)?.hasPrefix("7.") == true)
        #expect(["MUST", "SHOULD", "MAY", "QUALITY"].contains(row["requirement"] as? String))
      }
    }

    @Test("a failed case's folder replays to the same verdict")
    func replay() async throws {
      let client = try #require(Tool.publishedClient)
      let run = try await Tool.run(["run", "--client", client] + only(["5.text-two"]), in: folder)
      #expect(run.status == 1, "\(run.everything)")
      let first = try await Results.read(folder)["5.text-two"]
      let file = "reports/latest/cases/5.text-two/scenario.json"
      let replay = try await Tool.run(["replay", file, "--client", client, "--report", "again"], in: folder)
      #expect(replay.status == 1, "\(replay.everything)")
      let second = try await Results.read(folder, "again")["5.text-two"]
      #expect(first?.verdict == "failed" && second?.verdict == "failed")
      #expect(first?.broken == second?.broken && first?.serverSHA1 == second?.serverSHA1)
      let ours = try await Tool.run(["replay", file, "--report", "ours"], in: folder)
      #expect(ours.status == 0, "\(ours.everything)")
    }

    @Test(
      "the reference as the device plays many cases at a time: in the order of the plan, with the same bytes")
    func lanes() async throws {
      let plan = ["run", "--board", "reference", "--shuffle"] + only(["1.text-*", "5.*", "9.length-*"])
      let list = try await Tool.run(plan + ["--list", "--json"], in: folder)
      let rows = try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]]
      let ids = try #require(rows).map { $0["id"] as? String }
      var digests: [[String?]] = []
      for _ in 0..<2 {
        let child = try await Tool.run(plan, in: folder)
        #expect(child.status == 0, "\(child.everything)")
        let results = try await Results.read(folder)
        #expect(results.cases.map(\.id) == ids && ids.count > 80)
        // A client that fails the connection ends it while chunks are still on their way: how many, time decides.
        digests.append(results.cases.filter { !$0.id.contains("@") }.map(\.serverSHA1))
      }
      #expect(digests[0] == digests[1])
      let none = try await Tool.run(plan + ["--max-time", "0"], in: folder)
      #expect(none.status == 3, "\(none.everything)")
      let results = try await Results.read(folder)
      #expect(results.endedEarly == "timeLimit" && results.cases.isEmpty)
    }

    @Test(
      "--failed forgets no failure that did not get to run again, and tells nothing of a run that it does not know"
    )
    func failedIsNotForgotten() async throws {
      let client = try #require(Tool.publishedClient)
      let words = ["run", "--client", client]
      let first = try await Tool.run(words + only(["5.text-two", "5.text-three"]), in: folder)
      #expect(first.status == 1, "\(first.everything)")
      let both = Set(try await Results.read(folder).cases.map(\.id))
      #expect(both.count == 2)
      for (options, ran) in [(["--fail-fast"], 1), (["--max-time", "0"], 0), (["--only", "5.text-two"], 1)] {
        let child = try await Tool.run(words + ["--failed"] + options, in: folder)
        let results = try await Results.read(folder)
        #expect(results.cases.count == ran, "\(child.everything)")
        let left = ran == 1 ? "1 case that had failed or was" : "2 cases that had failed or were"
        #expect(child.output.contains("\(left) inconclusive before did not run"), "\(child.everything)")
      }
      let again = try await Tool.run(words + ["--failed"], in: folder)
      #expect(again.status == 1, "\(again.everything)")
      #expect(Set(try await Results.read(folder).cases.map(\.id)) == both)
      let other = try await Tool.run(words + ["--failed", "--only", "1.*"], in: folder)
      expectComplaint(other, status: 2, ["--failed"])
      _ = try await Tool.run(words + ["--max-time", "0"] + only(["5.text-two"]), in: folder)
      let unknown = try await Tool.run(words + ["--failed"], in: folder)
      expectComplaint(unknown, status: 2, ["Cannot tell what failed", "ended before its last case"])
    }

    @Test("the end of an interrupted run is no trouble of the bench")
    func interruptedInHealth() async throws {
      let tool = try await Tool.start(["run", "--report", "r", "--only", "14.*"], in: folder)
      _ = try await tool.line(containing: "wsrig 0.")
      tool.signal(SIGINT)
      let child = try await tool.finish()
      #expect(child.status == 130, "\(child.everything)")
      let results = try await Results.read(folder, "r")
      let rungs: Set = ["interrupt", "reenterRawREPL", "softReset", "hardReset", "portPower", "quarantine"]
      #expect(results.endedEarly == "interrupted" && rungs.isDisjoint(with: results.boardEvents.map(\.kind)))
      #expect(results.blackBoxes == nil && !folder.has("r/blackbox") && !folder.has("r/cases"))
    }

    @Test("--fail-fast and --max-time end a run early, and say so")
    func early() async throws {
      let client = try #require(Tool.publishedClient)
      let cases = only(["5.text-two", "5.text-three", "7.client"])
      let fast = try await Tool.run(["run", "--fail-fast", "--client", client] + cases, in: folder)
      #expect(fast.status == 1, "\(fast.everything)")
      let results = try await Results.read(folder)
      #expect(results.summary["total"] == 1 && results.summary["planned"] == 3)
      #expect(results.endedEarly == "failFast")
      let timed = try await Tool.run(["run", "--max-time", "0"] + cases, in: folder)
      #expect(timed.status == 3, "\(timed.everything)")
      #expect(try await Results.read(folder).endedEarly == "timeLimit")
    }
  }

  @Suite("The words of the tool")
  struct HelpTests {
    @Test(
      "each command's help is as kept",
      arguments: [
        [], ["run"], ["latency"], ["explain"], ["export"], ["rules"], ["replay"], ["serve"], ["certs"],
        ["autobahn"],
        ["boards"],
        ["doctor"], ["mutants"], ["fuzz"],
      ])
    func help(_ command: [String]) async throws {
      let folder = try TemporaryFolder()
      let child = try await Tool.run(command + ["--help"], in: folder, environment: ["COLUMNS": "80"])
      #expect(child.status == 0 && child.errors.isEmpty, "\(child.everything)")
      #expect(try Golden.difference(child.output, "help-\(command.first ?? "wsrig").txt") == nil)
    }

    @Test("alone it prints its help; --version its version")
    func alone() async throws {
      let folder = try TemporaryFolder()
      let help = try await Tool.run(["--help"], in: folder, environment: ["COLUMNS": "80"])
      let alone = try await Tool.run([], in: folder, environment: ["COLUMNS": "80"])
      #expect(alone.output == help.output && alone.status == 0, "\(alone.everything)")
      let version = try await Tool.run(["--version"], in: folder)
      #expect(version.output.hasPrefix("wsrig 0.") && version.status == 0)
    }

    @Test("colour on a terminal, none with NO_COLOR")
    func color() async throws {
      let folder = try TemporaryFolder()
      let python = try #require(Repository.python)
      let program = """
        import os, pty, sys
        pid, terminal = pty.fork()
        if pid == 0:
            try: os.execv(sys.argv[1], sys.argv[1:])
            finally: os._exit(127)
        text = b""
        while True:
            try: part = os.read(terminal, 65536)
            except OSError: break
            if not part: break
            text += part
        os.waitpid(pid, 0)
        sys.stdout.buffer.write(text)
        """
      let arguments =
        ["-c", program, try #require(Tool.path), "run", "--deliveries", "whole", "--only", "0.status-404"]
      let colored = try await RunningChild.run(
        python, arguments, environment: ["NO_COLOR": nil, "TERM": "xterm"], in: folder.url)
      #expect(colored.output.contains("\u{1B}[32mpassed"), "\(colored.everything)")
      #expect(colored.output.contains("█") || colored.output.contains("░"), "a bar is drawn")
      let plain = try await RunningChild.run(
        python, arguments, environment: ["NO_COLOR": "1", "TERM": "xterm"], in: folder.url)
      #expect(
        !plain.output.contains("\u{1B}[32m") && plain.output.contains("1 passed"), "\(plain.everything)")
    }
  }
}
