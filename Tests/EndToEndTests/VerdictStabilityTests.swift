import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("scripts/verdict-stability")
  struct VerdictStabilityTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func script(_ arguments: [String]) async throws -> FinishedChild {
      let script = Repository.folder.appending(path: "scripts/verdict-stability").path
      let python = try #require(Repository.python)
      return try await RunningChild.run(
        python, [script, "--wsrig", try #require(Tool.path)] + arguments, in: folder.url, within: .seconds(90)
      )
    }

    @Test("two runs of a sample agree, one of them shuffled, and no busy process is left")
    func agree() async throws {
      let child = try await script(["--runs", "2", "--only", "5.text-*", "--only", "6.fragments-*"])
      #expect(child.status == 0, "\(child.everything)")
      let lines = child.output.split(separator: "\n")
      #expect(lines.count == 4 && lines[1].contains("shuffled") && !lines[0].contains("shuffled"))
      #expect(lines.last == "each case got one verdict")
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
