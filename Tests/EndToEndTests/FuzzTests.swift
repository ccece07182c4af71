import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig fuzz")
  struct FuzzTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What `--json` writes, as far as it is looked at.
    private struct Report: Decodable {
      struct Group: Decodable {
        var rule: String
        var place: String
        var firstCase: String
        var serverSteps: Int
      }

      var cases: Int
      var executions: Int
      var linesReached: Int?
      var linesTotal: Int?
      var groups: [Group]
      var referenceGroups: [Group]
    }

    private func report(_ name: String = "out.json") throws -> Report {
      try JSONDecoder().decode(Report.self, from: Data(folder.text(name).utf8))
    }

    private func fuzz(_ arguments: [String]) async throws -> FinishedChild {
      try await Tool.run(["fuzz", "--json", "out.json"] + arguments, in: folder, within: .seconds(150))
    }

    @Test("the reference is always among what is allowed")
    func reference() async throws {
      let child = try await fuzz(["--board", "reference", "--count", "400"])
      #expect(child.status == 0 && child.output.contains("nothing found"), "\(child.everything)")
      let report = try report()
      #expect(report.cases == 400 && report.groups.isEmpty && report.referenceGroups.isEmpty)
    }

    @Test("our client breaks no rule, and its lines are counted; a corpus grows and is gone on with")
    func ours() async throws {
      let arguments = ["--corpus", "corpus", "--lines", "--count", "60"]
      let child = try await fuzz(arguments)
      #expect(child.status == 0, "\(child.everything)")
      let first = try report()
      #expect(
        first.cases == 60 && (first.linesReached ?? 0) > 150
          && first.linesReached ?? 0 < first.linesTotal ?? 0)
      let corpus = folder.url.appending(path: "corpus").path
      let kept = try FileManager.default.contentsOfDirectory(atPath: corpus)
      #expect(kept.count > 10 && kept.count { !$0.hasSuffix(".json") } == 1)
      let again = try await fuzz(arguments + ["--first", "60"])
      #expect(again.status == 0, "\(again.everything)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: corpus).count > kept.count)
    }

    @Test("a defect is found, made small, replayed, and shown without the rig")
    func finding() async throws {
      try MutantClient.write("pong-missing", into: folder)
      try FileManager.default.copyItem(
        at: Repository.fixtures, to: folder.url.appending(path: "fixtures"))
      let found = ["--without-catalogue", "--fail-fast", "--time", "60", "--findings", "found", "--save"]
      let interpreter = try #require(Repository.program("micropython"))
      let child = try await fuzz(
        MutantClient.options + found + ["--fixtures", "fixtures", "--micropython", interpreter])
      #expect(child.status == 1, "\(child.everything)")
      let group = try #require(try report().groups.first)
      #expect(group.rule == "pong-for-every-ping" && group.serverSteps <= 3, "\(child.everything)")
      let place = "found/pong-for-every-ping-1"
      #expect(try folder.text("\(place)/explanation.txt").hasPrefix("pong-for-every-ping (MUST, 5.5.2), "))
      let replay = try await Tool.run(
        ["replay", "\(place)/scenario.json", "--report", "r"] + MutantClient.options, in: folder)
      #expect(replay.status == 1 && replay.output.contains("pong-for-every-ping"), "\(replay.everything)")
      // The command that is told is this one, and what was saved is a scenario like others.
      #expect(child.output.contains("replay \(place)/scenario.json --client "), "\(child.everything)")
      let saved = try #require(child.output.firstMatch(of: /saved as (.+\.json)/)).output.1
      let regression = try await Tool.run(
        ["replay", String(saved), "--report", "s"] + MutantClient.options, in: folder)
      #expect(regression.status == 1, "\(regression.everything)")
      let lawful = try await Tool.run(["replay", "\(place)/scenario.json", "--report", "o"], in: folder)
      #expect(lawful.status == 0, "\(lawful.everything)")
      try await Reproduction(of: place, in: folder).expectOnly(there: "client")
      // The number alone brings the case back, whatever ran before it.
      let number = try #require(group.firstCase.split(separator: "@").first?.split(separator: "-").last)
      let once = try await fuzz(
        MutantClient.options + ["--without-catalogue", "--first", "\(number)", "--count", "1"])
      #expect(once.status == 1, "\(once.everything)")
    }

    @Test("of a client that hangs the case stayed as it was: 8 of 8 steps")
    func hanging() async throws {
      try MutantClient.write(nil, into: folder)
      let file = "client/async_websocketclient_reading.py"
      let failing = "            yield from self._fail(*violation.args)\n"
      let source = try folder.text(file)
      #expect(source.contains(failing))
      let hanging = "            while True:\n                yield from asyncio.sleep_ms(500)\n"
      try folder.write(source.replacing(failing, with: hanging), to: file)
      let child = try await fuzz(
        MutantClient.options + ["--without-catalogue", "--fail-fast", "--first", "5", "--count", "1"])
      #expect(child.status == 1, "\(child.everything)")
      let group = try #require(try report().groups.first)
      #expect(group.serverSteps <= 3, "\(child.everything)")
    }

    @Test("an interrupt ends it cleanly, and what was found is told")
    func interrupted() async throws {
      try MutantClient.write("pong-missing", into: folder)
      let tool = try await Tool.start(
        ["fuzz", "--json", "out.json", "--time", "100"] + MutantClient.options, in: folder)
      _ = try await tool.line(containing: "pong-for-every-ping")
      kill(tool.id, SIGINT)
      let child = try await tool.finish(within: .seconds(20))
      #expect(child.status == 130 && child.output.contains("interrupted"), "\(child.everything)")
      #expect(try report().groups.contains { $0.rule == "pong-for-every-ping" })
    }

    @Test("a client that says something else each time kept the run from ending")
    func everAnotherGroup() async throws {
      try MutantClient.write(nil, into: folder)
      let file = "client/async_websocketclient_opening.py"
      let first = "    scheme, found, rest = uri.partition(\"://\")\n"
      let source = try folder.text(file)
      #expect(source.contains(first))
      let words = "\"\".join(chr(97 + byte % 26) for byte in os.urandom(12))"
      let change = "    import os\n\n    raise ValueError(\(words))\n"
      try folder.write(source.replacing(first, with: change), to: file)
      let child = try await fuzz(["--time", "3", "--fail-fast"] + MutantClient.options)
      #expect(child.status == 0 && child.output.contains("did not come back"), "\(child.everything)")
    }

    @Test(
      "what cannot be is told before any time is spent",
      arguments: [
        (["--jobs", "0"], "--jobs must lie between 1 and 64."),
        (["--count", "0"], "--count must be at least 1."),
        (["--lines", "--board", "reference"], "--lines is for the simulated board"),
        (["--jobs", "2", "--board", "tty:/dev/null"], "--jobs is for a board on this computer"),
        (["--corpus", "/proc/x"], "Cannot make the folder '/proc/x': nothing can be made in '/proc'"),
        (["--findings", "/proc/x"], "Cannot make the folder '/proc/x': nothing can be made in '/proc'"),
      ])
    func mistakes(_ arguments: [String], _ complaint: String) async throws {
      let child = try await Tool.run(["fuzz"] + arguments, in: folder)
      #expect(child.status == 2 && child.errors.contains(complaint), "\(child.everything)")
    }

    @Test("a corpus with a file that is no scenario is refused, and the file is named")
    func badCorpus() async throws {
      try folder.write("{}", to: "corpus/broken.json")
      let child = try await Tool.run(["fuzz", "--corpus", "corpus", "--count", "1"], in: folder)
      #expect(child.status == 2 && child.errors.contains("broken.json"), "\(child.everything)")
    }
  }
}
