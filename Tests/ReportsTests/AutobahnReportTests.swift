import Autobahn
import Foundation
import Results
import Scenarios
import Testing
import Verdicts

@testable import Reports

@Suite("Autobahn's report format")
struct AutobahnReportTests {
  private static func files(_ agents: [String]) -> [String: String] {
    let runs = agents.map { agent in
      AgentRun(
        agent: agent, result: SampleRun.run,
        wire: ["1.passed": WireFacts(closeCode: 1000, closeReason: "bye", request: "GET", response: "HTTP")])
    }
    return Dictionary(
      uniqueKeysWithValues: AutobahnReport.files(of: runs, folder: "reports/latest").map {
        ($0.path, $0.text)
      })
  }

  @Test("a row for each case with a verdict, in Autobahn's words")
  func index() throws {
    let text = try #require(Self.files(["Me & you"])["index.json"])
    let json = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: [String: Any]]]
    let rows = try #require(json?["Me & you"])
    // What is inconclusive is nothing that Autobahn knows.
    #expect(rows.count == SampleRun.run.cases.count - SampleRun.run.count(of: .inconclusive))
    let passed = try #require(rows["1.passed"])
    #expect(passed["behavior"] as? String == "OK" && passed["behaviorClose"] as? String == "OK")
    #expect(passed["remoteCloseCode"] as? Int == 1000 && passed["duration"] as? Int == 51)
    #expect(passed["reportfile"] as? String == "me___you_case_1_passed.json")
    #expect(rows["2.not-strict"]?["behavior"] as? String == "NON-STRICT")
    #expect(rows["2.not-strict"]?["remoteCloseCode"] is NSNull)
    let failed = try #require(rows[SampleRun.failed.case.id])
    #expect(failed["behavior"] as? String == "FAILED" && failed["behaviorClose"] as? String == "UNCLEAN")
  }

  @Test("a file for each case says what was broken, and our own reports stand beside it")
  func files() throws {
    let files = Self.files(["me"])
    let name =
      "me_case_" + SampleRun.failed.case.id.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
    let text = try #require(files["\(name).json"])
    let report = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(
      (report["broken"] as? [[String: Any]])?.map { $0["rule"] as? String } == [
        "message-delivered", "close-answered",
      ])
    #expect(report["resultClose"] as? String == "It sent no Close.")
    for file in ["results.json", "junit.xml", "report.html"] { #expect(files["me/\(file)"] != nil) }
  }

  @Test("a client's name of any length makes file names that a file system takes, each its own")
  func longNames() {
    let long = String(repeating: "x", count: 600)
    let names = AutobahnReport.fileNames(of: [long + "a", long + "b"])
    #expect(Set(names).count == 2)
    let files = Self.files([long + "a", long + "b", "c"])
    #expect(files.keys.flatMap { $0.split(separator: "/") }.allSatisfy { $0.utf8.count <= 255 })
    #expect(files["c/results.json"] != nil && files["\(names[1])/results.json"] != nil)
  }

  @Test("agents whose names differ only in signs do not overwrite each other")
  func collisions() {
    #expect(AutobahnReport.fileNames(of: ["A b", "a-b", "c"]) == ["a_b", "a_b_2", "c"])
    let files = Self.files(["A b", "a-b"])
    #expect(files["a_b/results.json"] != nil && files["a_b_2/results.json"] != nil)
  }
}

@Suite("A tour through Autobahn on the terminal")
struct TourReportTests {
  @Test("a line for what is not OK, a table by chapter, the totals")
  func text() {
    let report = TourReport(style: TerminalStyle(usesColor: false))
    let cases = [
      TourCase(id: "1.1.1", behavior: .ok, durationSeconds: 0.1),
      TourCase(
        id: "5.3", behavior: .failed, note: "the client threw OSError(\"\u{1B}[31m\")", durationSeconds: 0.1),
      TourCase(id: "10.1.1", behavior: .ok, hung: true, note: "the client hung", durationSeconds: 2),
      TourCase(id: "12.1.1", behavior: nil, note: "the board was lost", durationSeconds: 2),
    ]
    let tour = TourResult(
      server: "ws://h:9001", agent: "me", client: "ws.py", cases: cases, plannedCount: 5,
      durationSeconds: 4.25,
      endedEarly: "interrupted")
    #expect(report.line(for: cases[0]) == nil)
    #expect(report.line(for: cases[1])?.hasPrefix("FAILED         5.3: the client threw OSError(") == true)
    #expect(report.line(for: cases[1])?.contains("\u{1B}") == false)
    #expect(report.line(for: cases[2]) == "OK             10.1.1: the client hung")
    #expect(report.line(for: cases[3]) == "no verdict     12.1.1: the board was lost")
    #expect(
      report.summary(of: tour) == """
        chapter                          cases  OK  FAILED  no verdict
        1 Framing                            1   1       ·           ·
        5 Fragmentation                      1   ·       1           ·
        10 Automatic fragmentation           1   1       ·           ·
        12 permessage-deflate: messages      1   ·       ·           1

        The tour ended after 4 of 5 cases: interrupted
        4 cases in 4.3 s: 2 OK, 1 FAILED, 1 without a verdict, in 1 the client hung
        The fuzzing server has the details, and how the connections were closed, in the "outdir" of its spec.
        """)
    #expect(tour.hasFailed && !tour.isWhole)
  }
}
