import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("Single cases: --failed, repeats, isolation, explain, export")
  struct CaseTests {
    private let folder: TemporaryFolder
    private static let two = ["--only", "5.text-two", "--only", "0.url-port-zero", "--deliveries", "whole"]

    init() throws { folder = try TemporaryFolder() }

    @Test("--failed runs what failed in the last run, with its seed, and says so where nothing did")
    func failed() async throws {
      let client = try #require(Tool.publishedClient)
      let none = try await Tool.run(["run", "--failed"], in: folder)
      expectComplaint(none, status: 2, ["reports/latest/results.json", "--failed", "--report"])
      #expect(!folder.has("reports"))
      let first = try await Tool.run(["run", "--seed", "7", "--client", client] + Self.two, in: folder)
      #expect(first.status == 1, "\(first.everything)")
      let again = try await Tool.run(["run", "--failed", "--client", client], in: folder)
      #expect(again.status == 1 && again.output.contains("seed 7 · 1 case\n"), "\(again.everything)")
      #expect(try await Results.read(folder).cases.map(\.id) == ["5.text-two"])
      let ours = try await Tool.run(["run", "--failed"], in: folder)
      #expect(ours.status == 0 && ours.output.contains("1 passed"), "\(ours.everything)")
      let over = try await Tool.run(["run", "--failed"], in: folder)
      #expect(over.output == "no case failed or was inconclusive in the last run (reports/latest)\n")
      #expect(over.status == 0, "\(over.everything)")
    }

    @Test("--failed goes by the folder of --report, and --list shows what it would run")
    func failedElsewhere() async throws {
      try folder.write(
        #"{"seed": 3, "cases": [{"id": "2.ping-ten@bytewise", "verdict": "inconclusive"}]}"#,
        to: "r/results.json")
      let list = try await Tool.run(["run", "--failed", "--report", "r", "--list"], in: folder)
      #expect(list.status == 0 && list.output.contains("\n2.ping-ten@bytewise "), "\(list.everything)")
      #expect(list.output.hasSuffix("1 case of 1 scenario\n"))
      try folder.write(
        #"{"seed": 3, "cases": [{"id": "my.own", "verdict": "failed"}]}"#, to: "r/results.json")
      let own = try await Tool.run(["run", "--failed", "--report", "r"], in: folder)
      expectComplaint(own, status: 2, ["None of the cases", "--failed"])
    }

    @Test("--repeat-failed tells what fails each time from what does not, and changes no verdict")
    func repeats() async throws {
      let client = try #require(Tool.publishedClient)
      let stable = try await Tool.run(
        ["run", "--repeat-failed", "2", "--client", client] + Self.two, in: folder)
      #expect(stable.status == 1 && stable.output.contains("repeats: stable: failed in 2 of 2"))
      let results = try await Results.read(folder)
      #expect(
        results["5.text-two"]?.repeats == ["failed", "failed"] && results["0.url-port-zero"]?.repeats == nil)
      #expect(results["5.text-two"]?.stability == "stable" && results.summary["total"] == 2)

      let adapter = try folder.write(try Self.adapter(failingAt: 2), to: "flaky.py")
      let flaky = try await Tool.run(
        ["run", "--repeat-failed", "3", "--adapter", adapter, "--only", "1.text-1", "--deliveries", "whole"],
        in: folder)
      #expect(flaky.status == 1, "a failure is never retried into green: \(flaky.everything)")
      let row = try #require(try await Results.read(folder)["1.text-1"])
      #expect(row.verdict == "failed" && row.attempts == 1 && row.stability == "flaky")
      #expect(row.repeats == ["passed", "passed", "passed"])
      for name in ["junit.xml", "report.html", "cases/1.text-1/summary.txt"] {
        #expect(try folder.text("reports/latest/\(name)").contains("flaky: failed in 0 of 3"), "\(name)")
      }
    }

    @Test(
      "a reset gives each case a fresh client, and what was done is recorded",
      arguments: [("soft-reset", "soft reset"), ("hard-reset", "hard reset")])
    func isolation(_ option: String, _ recorded: String) async throws {
      // The client's second connection fails: a client that is loaded anew for each case never comes so far.
      let adapter = try folder.write(try Self.adapter(failingAt: 2), to: "second.py")
      let child = try await Tool.run(
        ["run", "--isolation", option, "--adapter", adapter, "--deliveries", "whole"]
          + ["1.text-1", "1.text-125", "1.text-empty"].flatMap { ["--only", $0] }, in: folder)
      #expect(child.status == 0, "\(child.everything)")
      let results = try await Results.read(folder)
      #expect(results.cases.map(\.isolation) == [recorded, recorded, recorded])
      #expect(results.cases.allSatisfy { $0.boardEvents.isEmpty && $0.attempts == 1 })
      // A reset takes 100 ms and more, loading the client as long again; an echo some milliseconds.
      #expect(results.cases.allSatisfy { $0.durationSeconds < 0.1 }, "no part of the case's time")
    }

    @Test("a scenario chooses its isolation by itself")
    func isolationOfScenario() async throws {
      let export = try await Tool.run(["export", "1.text-1", "--output", "a.json"], in: folder)
      #expect(export.status == 0 && export.errors.isEmpty, "\(export.everything)")
      let text = try folder.text("a.json")
      try folder.write(
        text.replacing("\"delivery\"", with: "\"isolation\": \"soft reset\",\n  \"delivery\""), to: "a.json")
      let replay = try await Tool.run(["replay", "a.json"], in: folder)
      #expect(replay.status == 0, "\(replay.everything)")
      #expect(try await Results.read(folder)["1.text-1"]?.isolation == "soft reset")
      let other = try await Tool.run(["replay", "a.json", "--isolation", "same-interpreter"], in: folder)
      #expect(other.status == 0, "\(other.everything)")
      #expect(try await Results.read(folder)["1.text-1"]?.isolation == "same interpreter")
      try folder.write(
        text.replacing("\"delivery\"", with: "\"isolation\": \"reset\",\n  \"delivery\""), to: "b.json")
      let typo = try await Tool.run(["replay", "b.json"], in: folder)
      expectComplaint(typo, status: 2, ["b.json: isolation is \"reset\"", "\"soft reset\""])
    }

    @Test("explain says what a case is about")
    func explain() async throws {
      let child = try await Tool.run(["explain", "8.text-masked@split"], in: folder)
      #expect(child.status == 0 && child.errors.isEmpty, "\(child.everything)")
      for part in [
        "Masking", "MUST, RFC 6455 section 5.1", "1. sends a text frame, masked, \"masked\"", "split",
      ] {
        #expect(child.output.contains(part), "\(part)")
      }
      let ping = try await Tool.run(["explain", "2.ping-text"], in: folder)
      for part in ["pong-empty: A Ping is answered with an empty Pong.", "5.5.2 #1 MUST: "] {
        #expect(ping.output.contains(part), "\(ping.everything)")
      }
      let command = try #require(child.output.split(separator: "\n").first { $0.contains("run it") })
      let words = command.split(separator: " ").drop { $0 != "run" }.dropFirst(2).map(String.init)
      let run = try await Tool.run(Array(words.dropFirst()), in: folder)
      #expect(run.status == 0 && run.output.contains("1 passed"), "\(words) \(run.everything)")
      let typo = try await Tool.run(["explain", "8.text-maskd"], in: folder)
      expectComplaint(typo, status: 2, ["\"8.text-maskd\"", "did you mean 8.text-masked"])
    }

    @Test("what is exported is replayed with the same bytes, its payloads described or drawn")
    func export() async throws {
      let id = "5.binary-16-kib@split"
      let run = try await Tool.run(["run", "--seed", "9", "--only", id], in: folder)
      #expect(run.status == 0, "\(run.everything)")
      let digest = try #require(try await Results.read(folder)[id]?.serverSHA1)
      let described = try await Tool.run(["export", id], in: folder)
      #expect(described.output.contains("\"random\""), "\(described.everything)")
      try folder.write(described.output, to: "described.json")
      let drawn = try await Tool.run(["export", id, "--seed", "9", "--output", "drawn.json"], in: folder)
      #expect(drawn.output == "wrote \(id) into drawn.json\n", "\(drawn.everything)")
      #expect(try !folder.text("drawn.json").contains("\"random\""))
      for arguments in [["described.json", "--seed", "9"], ["drawn.json"]] {
        let replay = try await Tool.run(["replay"] + arguments, in: folder)
        #expect(replay.status == 0, "\(replay.everything)")
        #expect(try await Results.read(folder)[id]?.serverSHA1 == digest)
      }
      expectComplaint(
        try await Tool.run(["export", "5.binary"], in: folder), status: 2, ["did you mean 5.binary-"])
      let file = try await Tool.run(["export", id, "--output", "/no/such/x.json"], in: folder)
      expectComplaint(file, status: 2, ["/no/such/x.json", "--output"])
    }

    /// Our client's adapter, whose connection of that number fails; the calibration makes the first.
    private static func adapter(failingAt number: Int) throws -> String {
      let file = Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py")
      return try String(contentsOf: file, encoding: .utf8) + """


        _connect_each_time = connect
        _count = 0


        async def connect(*arguments, **options):
            global _count
            _count += 1
            if _count == \(number):
                raise OSError("not this time")
            return await _connect_each_time(*arguments, **options)

        """
    }
  }
}
