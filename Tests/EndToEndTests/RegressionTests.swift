import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("Regression: --baseline and compare", .enabled(if: Tool.publishedClient != nil))
  struct RegressionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The published client fails the first of them and passes the other.
    private static let cases = [
      "run", "--deliveries", "whole", "--only", "5.text-two", "--only", "0.url-port-zero",
    ]

    private func runPublished(_ words: String...) async throws -> FinishedChild {
      let client = try #require(Tool.publishedClient)
      return try await Tool.run(Self.cases + ["--client", client] + words, in: folder)
    }

    @Test(
      "a run that fails is accepted beside its own results, and by compare; beside a better run it is a regression"
    )
    func earlierRun() async throws {
      let ours = try await Tool.run(Self.cases + ["--report", "ours"], in: folder)
      #expect(ours.status == 0, "\(ours.everything)")
      #expect(try await runPublished("--report", "old").status == 1)

      let known = try await runPublished("--report", "new", "--baseline", "old/results.json")
      #expect(known.status == 0, "\(known.everything)")
      #expect(
        known.output.contains(
          "Beside the baseline old/results.json: 0 new failures, 1 accepted, 0 no longer happen"))
      let junit = try String(contentsOfFile: folder.path + "/new/junit.xml", encoding: .utf8)
      #expect(!junit.contains("<failure") && junit.contains("<skipped message=\"accepted: "), "\(junit)")
      let page = try String(contentsOfFile: folder.path + "/new/report.html", encoding: .utf8)
      #expect(page.contains("Accepted by the baseline:"))
      #expect(try await Results.read(folder, "new")["5.text-two"]?.verdict == "failed")

      let new = try await runPublished("--baseline", "ours")
      #expect(new.status == 1 && new.output.contains("new failure   5.text-two: "), "\(new.everything)")
      let same = try await Tool.run(["compare", "old", "new"], in: folder)
      #expect(same.status == 0 && same.output.contains("0 new failures"), "\(same.everything)")
      let worse = try await Tool.run(["compare", "ours", "new/results.json"], in: folder)
      #expect(
        worse.status == 1 && worse.output.contains("new failure  5.text-two (passed -> failed): "),
        "\(worse.everything)")
      let better = try await Tool.run(["compare", "new", "ours", "--json"], in: folder)
      #expect(better.status == 0 && better.output.contains("\"brokenNoLonger\""), "\(better.everything)")
    }

    @Test("a list of deviations: accepted with its reason, expired, no longer happening")
    func deviations() async throws {
      func list(_ row: String) -> String { #"{"deviations": [{"cases": "5.text-*", \#(row)}]}"# }
      try folder.write(
        list(
          #""reason": "One fragment is all it takes.", "link": "its tracker"}, {"cases": "0.*", "reason": "Old."#
            + "\""), to: "known.json")
      let known = try await runPublished("--baseline", "known.json")
      #expect(known.status == 0, "\(known.everything)")
      #expect(known.output.contains("no longer     0.*: Old."), "\(known.everything)")
      let junit = try String(contentsOfFile: folder.path + "/reports/latest/junit.xml", encoding: .utf8)
      #expect(junit.contains("accepted: One fragment is all it takes. (its tracker)"), "\(junit)")

      try folder.write(
        list(#""reason": "One fragment is all it takes.", "expires": "2026-01-31""#), to: "known.json")
      let expired = try await runPublished("--baseline", "known.json")
      #expect(
        expired.status == 1 && expired.output.contains("Accepted until 2026-01-31 only: One fragment"),
        "\(expired.everything)")
    }

    @Test("a baseline that is none is told before the run, with its place and what is allowed")
    func mistakes() async throws {
      let rows: [(String, [String])] = [
        (#"{"deviations": [{"cases": "5.*"}]}"#, ["known.json", "deviations[0].reason", "is missing"]),
        (
          #"{"deviations": [{"cases": "5.*", "reason": "Old.", "expires": "soon"}]}"#,
          ["deviations[0].expires", "YYYY-MM-DD"]
        ),
        (
          #"{"deviations": [{"case": "5.*", "reason": "Old."}]}"#,
          ["deviations[0].case", "is no known key", "cases"]
        ),
        (
          #"{"deviations": [{"cases": "5.*", "reason": "Old.", "verdict": "passed"}]}"#,
          ["deviations[0].verdict", "nonStrict"]
        ),
        // Both accepted nothing, and said nothing: deviationThatFitsNothing.
        (
          #"{"deviations": [{"cases": "5.txt-two", "reason": "Old."}]}"#,
          ["deviations[0].cases", "fits no case", "did you mean 5.text-two?"]
        ),
        (
          #"{"deviations": [{"cases": "5.*", "rules": ["close-answred"], "reason": "Old."}]}"#,
          ["deviations[0].rules[0]", "is no rule", "did you mean close-answered?"]
        ),
        (#"{"schemaVersion": 1}"#, ["Cannot use the baseline", "known.json", "tool is missing"]),
        ("no JSON", ["known.json", "no valid JSON"]),
      ]
      for (text, parts) in rows {
        try folder.write(text, to: "known.json")
        expectComplaint(try await runPublished("--baseline", "known.json"), status: 2, parts)
      }
      expectComplaint(
        try await runPublished("--baseline", "none.json"), status: 2, ["none.json", "cannot be read"])
      expectComplaint(
        try await Tool.run(["compare", "known.json", "."], in: folder), status: 2,
        ["known.json", "no report of wsrig's"])
      #expect(!folder.has("reports"))
    }

    @Test("the committed list for Python's websockets fits the schema of such lists")
    func schema() async throws {
      let check =
        "import json, sys, jsonschema; jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))"
      let python = try #require(Repository.python)
      let files = ["schema/deviations.schema.json", "expected/websockets-deviations.json"].map {
        Repository.fixtures.appending(path: $0).path
      }
      let child = try await RunningChild.run(python, ["-c", check] + files)
      #expect(child.status == 0, "\(child.everything)")
    }
  }
}
