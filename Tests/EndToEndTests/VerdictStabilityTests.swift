import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("scripts/verdict-stability")
  struct VerdictStabilityTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// - Parameter tool: the tool that it runs; nil is the one that was built.
    private func script(_ arguments: [String], tool: String? = nil) async throws -> FinishedChild {
      let script = Repository.folder.appending(path: "scripts/verdict-stability").path
      let python = try #require(Repository.python)
      let path = try #require(tool ?? Tool.path)
      return try await RunningChild.run(
        python, [script, "--wsrig", path] + arguments, environment: ["TMPDIR": folder.path], in: folder.url,
        within: .seconds(400))
    }

    /// A tool that runs nothing and writes results; in `body`, `number` is that of the run, and `rows` are its cases.
    private func tool(_ body: String) throws -> String {
      let path = try folder.write(
        """
        #!/usr/bin/env python3
        import json, os, pathlib, sys, time
        report = pathlib.Path(sys.argv[sys.argv.index("--report") + 1])
        number = int(report.name[4:])
        rows = [{"id": name, "verdict": "passed"} for name in ("1.a", "1.b", "1.c")]
        \(body)
        report.mkdir()
        (report / "results.json").write_text(json.dumps({"durationSeconds": 1, "cases": rows}))
        """, to: "tool")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      return path
    }

    @Test("two runs of a sample agree, one of them shuffled, and no busy process is left")
    func agree() async throws {
      let child = try await script(["--runs", "2", "--only", "5.text-*", "--only", "6.fragments-*"])
      #expect(child.status == 0, "\(child.everything)")
      let lines = child.output.split(separator: "\n")
      #expect(lines.count == 3 && lines[1].contains("shuffled") && !lines[0].contains("shuffled"))
      #expect(
        lines.last?.hasSuffix(" cases in 2 of 2 runs: each case got one verdict, none was inconclusive")
          == true)
    }

    @Test("a client that breaks a rule in one run only is found, by case and by what was seen when")
    func differ() async throws {
      let adapter = Repository.fixtures.appending(path: "board/adapters/websockets.py")
      let moody = """

        import os
        MARK = "\(folder.path)/calls"

        async def send(ws, data, _send=send):
            open(MARK, "a").close()
            calls = os.stat(MARK).st_size + 1
            os.truncate(MARK, calls)
            # The calibration before each run sends three, the case sends one.
            await _send(ws, data + "!" if calls == 8 else data)
        """
      try folder.write(String(contentsOf: adapter, encoding: .utf8) + moody, to: "moody.py")
      let child = try await script([
        "--runs", "2", "--load", "0", "--board", "python", "--adapter", "moody.py", "--deliveries", "whole",
        "--only", "5.text-two",
      ])
      #expect(child.status == 1, "\(child.everything)")
      for part in [
        "5.text-two\n", "passed 1 of 2 times, first in run 1", "failed 1 of 2 times, first in run 2",
      ] {
        #expect(child.output.contains(part), "\(child.everything)")
      }
    }

    @Test("cases that only some runs of a seed have are found, and what is inconclusive each time")
    func blind() async throws {
      let one = try tool(
        """
        rows[1]["verdict"], rows[1]["reason"] = "inconclusive", "no board"
        if number == 2: rows[0]["id"] = "1.d"
        if number > 4: rows = rows[1:]
        """)
      let child = try await script(["--runs", "6", "--load", "0"], tool: one)
      #expect(child.status == 1, "\(child.everything)")
      for part in [
        "run 2\n    lacks 1 cases beside run 1 of the same seed 1: 1.a\n",
        "run 2\n    alone has 1 cases beside run 1 of the same seed 1: 1.d\n",
        "1.b\n    inconclusive 6 of 6 times, first in run 1: no board\n",
        "4 cases in 6 of 6 runs: 3 findings\n",
      ] {
        #expect(child.output.contains(part), "\(child.everything)")
      }
    }

    @Test("stopped by a signal it says so, and what the runs before come to")
    func stopped() async throws {
      let one = try tool(
        """
        if number == 3:
            os.kill(os.getppid(), 15)
            time.sleep(60)
        """)
      let child = try await script(["--runs", "4", "--load", "1"], tool: one)
      #expect(child.status == 143, "\(child.everything)")
      #expect(child.errors.contains("stopped by SIGTERM in run 3 of 4"), "\(child.everything)")
      #expect(child.output.contains("3 cases in 2 of 4 runs: each case got one"), "\(child.everything)")
    }

    @Test("a run that does not come to its end, and options that are the script's own")
    func mistakes() async throws {
      let child = try await script(["--runs", "2", "--only", "5.text-twoo"])
      #expect(child.status == 2 && child.errors.contains("did you mean 5.text-two"), "\(child.everything)")
      let seed = try await script(["--seed", "4"])
      #expect(seed.status == 2 && seed.errors.contains("--seed is chosen"), "\(seed.everything)")
      let one = try await script(["--runs", "1"])
      #expect(one.status == 2 && one.errors.contains("at least 2"), "\(one.everything)")
    }
  }
}
