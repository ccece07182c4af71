import Foundation
import Results
import TestSupport
import Testing
import Verdicts

@testable import Reports

@Suite("results.json")
struct JSONReportTests {
  private static func document(_ run: RunResult = SampleRun.run) throws -> [String: Any] {
    let data = Data(JSONReport.results(of: run).utf8)
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("has the fields that every reader counts on")
  func fields() throws {
    let document = try Self.document()
    let top = [
      "schemaVersion", "tool", "seed", "board", "client", "startedAt", "durationSeconds", "summary",
      "latency", "cases",
    ]
    for name in top { #expect(document[name] != nil, "\(name)") }
    let row = [
      "id", "chapter", "rfc", "requirement", "verdict", "agreesWithReference", "attempts", "durationSeconds",
      "differences", "violations", "boardEvents",
    ]
    let cases = try #require(document["cases"] as? [[String: Any]])
    #expect(cases.count == 7)
    for item in cases { for name in row { #expect(item[name] != nil, "\(name)") } }
    #expect(cases[3]["id"] as? String == "5.failed@split")
    #expect(cases[3]["agreesWithReference"] as? Bool == false)
    #expect(cases[0]["serverSHA1"] as? String == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(cases[3]["isolation"] as? String == "soft reset" && cases[0]["isolation"] == nil)
    #expect(cases[3]["repeats"] as? [String] == ["failed", "passed", "inconclusive"])
    #expect(cases[3]["stability"] as? String == "flaky" && cases[3]["verdict"] as? String == "failed")
    let coverage = try #require(document["ruleCoverage"] as? [String: Any])
    #expect(coverage["bindingClients"] as? Int == 3 && (coverage["entries"] as? [Any])?.count == 3)
    #expect(document["startedAt"] as? String == "2026-05-28T20:26:40Z")
  }

  @Test("the total is the sum of the six verdicts")
  func total() throws {
    let summary = try #require(try Self.document()["summary"] as? [String: Int])
    let verdicts = Verdict.allCases.map(\.rawValue)
    #expect(verdicts.count == 6)
    #expect(summary["total"] == verdicts.compactMap { summary[$0] }.reduce(0, +))
    #expect(summary["passed"] == 2 && summary["failed"] == 1 && summary["referenceFailed"] == 1)
    #expect(summary["planned"] == 7)
  }

  @Test("a run that was interrupted says so, and how many cases it had planned")
  func interrupted() throws {
    var run = SampleRun.run
    run.cases = Array(run.cases.prefix(2))
    run.endedEarly = .interrupted
    let document = try Self.document(run)
    let summary = try #require(document["summary"] as? [String: Int])
    #expect(document["endedEarly"] as? String == "interrupted")
    #expect(summary["total"] == 2 && summary["planned"] == 7)
  }

  @Test(
    "fits its schema, which is no rubber stamp",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
  func schema() async throws {
    let folder = try TemporaryFolder()
    let text = JSONReport.results(of: SampleRun.run)
    var empty = SampleRun.run
    empty.cases = []
    empty.ruleIndex = nil
    let good = [text, JSONReport.results(of: empty)]
    let bad = [
      text.replacing("\"verdict\" : \"failed\"", with: "\"verdict\" : \"broken\""),
      text.replacing("\"seed\" : 7", with: "\"sead\" : 7"),
      text.replacing("\"attempts\" : 2", with: "\"attempts\" : \"2\""),
      text.replacing("\"soft reset\",", with: "\"soft\","),
      text.replacing("\"flaky\"", with: "\"shaky\""),
    ]
    #expect(bad.allSatisfy { $0 != text })
    for (index, text) in (good + bad).enumerated() { try folder.write(text, to: "\(index).json") }
    let program = """
      import json, sys, jsonschema
      schema = json.load(open(sys.argv[1]))
      jsonschema.Draft202012Validator.check_schema(schema)
      validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
      for path in sys.argv[2:]:
          errors = [e.json_path + ": " + e.message[:200] for e in validator.iter_errors(json.load(open(path)))]
          print(len(errors), "; ".join(errors))
      """
    let files = (good + bad).indices.map { folder.path + "/\($0).json" }
    let schema = Repository.fixtures.appending(path: "schema/results.schema.json").path
    let python = try #require(Repository.python)
    let child = try await RunningChild.run(python, ["-c", program, schema] + files)
    let lines = child.output.split(separator: "\n")
    #expect(child.status == 0, "\(child.everything)")
    #expect(lines.prefix(good.count).allSatisfy { $0.hasPrefix("0 ") }, "\(child.output)")
    #expect(lines.dropFirst(good.count).allSatisfy { !$0.hasPrefix("0 ") }, "\(child.output)")
  }

  @Test("has nothing of a terminal's control in it, and is the same each time")
  func stable() {
    let text = JSONReport.results(of: SampleRun.run)
    #expect(text == JSONReport.results(of: SampleRun.run))
    #expect(text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
  }
}
