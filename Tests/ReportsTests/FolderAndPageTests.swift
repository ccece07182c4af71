import Foundation
import Results
import Scenarios
import TestSupport
import Testing
import Traces

@testable import Reports

@Suite("The report folder")
struct ReportFolderTests {
  private let files = Dictionary(
    RunReport.files(of: SampleRun.run, folder: "reports/latest").map { ($0.path, $0.text) }
  ) { first, _ in first }

  @Test("holds the three reports, and a folder for each case that needs attention")
  func names() {
    let folders = Set(files.keys.filter { $0.hasPrefix("cases/") }.map { $0.split(separator: "/")[1] })
    #expect(folders == ["5.failed@split", "9.lost", "6.reference"])
    #expect(["results.json", "junit.xml", "report.html"].allSatisfy { files[$0] != nil })
    #expect(RunReport.files(of: SampleRun.run, folder: "reports/latest").map(\.path).count == files.count)
  }

  @Test("a case's folder has everything to understand it and to run it again")
  func caseFolder() throws {
    let folder = "cases/5.failed@split/"
    let all = [
      "summary.txt", "scenario.json", "serial.log", "wire.txt", "client.txt", "wire-reference.txt",
      "client-reference.txt",
    ]
    for name in all { #expect(files[folder + name]?.isEmpty == false, "\(name)") }
    #expect(files["cases/9.lost/wire.txt"] == nil, "no device trace")
    let summary = try #require(files[folder + "summary.txt"])
    #expect(summary.contains("replay    wsrig replay reports/latest/cases/5.failed@split/scenario.json"))
    #expect(summary.contains("[message-delivered]") && summary.contains("board events\n  soft reset: "))
    #expect(try Golden.difference(summary, "case-summary.txt") == nil)
  }

  @Test("the scenario file gives the case back")
  func scenario() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(try #require(files["cases/5.failed@split/scenario.json"]), to: "s.json")
    #expect(try ScenarioFile.read(path: path) == SampleRun.failed.case)
  }

  @Test("the wire log, frame by frame and chunk by chunk")
  func wire() throws {
    let echoed = WireLog.text(of: SampleRun.trace(.device, echoes: true))
    let broken = WireLog.text(of: SampleRun.trace(.device, echoes: false))
    let secured = WireLog.text(of: SampleRun.secured)
    #expect(try Golden.difference([echoed, broken, secured].joined(separator: "\n"), "wire.txt") == nil)
    #expect(
      WireLog.text(of: AttemptTrace(endpoint: .device, connections: [], client: ClientTrace()))
        == "No connection was opened.\n")
  }

  @Test("a capture that was cut says what is missing")
  func cut() {
    var trace = SampleRun.trace(.device, echoes: true)
    let kept = trace.connections[0].serverStream.bytes.count - 3
    trace.connections[0].serverStream.bytes.removeLast(3)
    trace.connections[0].serverStream.sha1 = [UInt8](repeating: 0xAB, count: 20)
    let text = WireLog.text(of: trace)
    #expect(text.contains("the server's bytes were cut: \(kept) of \(kept + 3) kept; SHA-1 of all abab"))
  }

  @Test("the client's own log")
  func client() throws {
    let text = try #require(files["cases/5.failed@split/client.txt"])
    #expect(text.contains("main[1] main  exception OSError: "))
    #expect(text.contains("heap: 300000 bytes free before, 299000 after"))
    #expect(text.contains("printed by the client or the board:\n"))
  }
}

@Suite("report.html")
struct HTMLReportTests {
  private let page = HTMLReport.text(of: SampleRun.run, folder: "reports/latest")

  @Test("shows every case")
  func cases() {
    for result in SampleRun.run.cases {
      #expect(page.contains("<code>\(result.case.id)</code>"), "\(result.case.id)")
    }
    #expect(
      page.contains(
        "simulated board (Raspberry Pi Pico 2 W with RP2350): no hardware took part in this run"))
    #expect(page.contains("wsrig replay reports/latest/cases/5.failed@split/scenario.json"))
  }

  @Test("what came from outside is text, not markup")
  func escaped() {
    #expect(!page.contains("<script>alert"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    var run = SampleRun.run
    run.client.path = "\" onload=\"x"
    run.board.machine = "<b>"
    let text = HTMLReport.text(of: run, folder: "reports/latest")
    #expect(!text.contains("<b>simulated") && !text.contains("(<b>)") && !text.contains("\" onload=\"x"))
  }

  @Test("loads nothing from anywhere")
  func selfContained() {
    for reference in ["http://", "https://", "src=", "@import", "url(", "<link"] {
      #expect(!page.contains(reference), "\(reference)")
    }
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("</html>"))
  }

  @Test("every element that opens is closed")
  func balanced() {
    for name in ["table", "tr", "td", "details", "section", "div", "p", "ul", "li", "summary"] {
      let opened = page.ranges(of: "<\(name)>").count + page.ranges(of: "<\(name) ").count
      #expect(opened == page.ranges(of: "</\(name)>").count, "\(name)")
    }
  }
}
