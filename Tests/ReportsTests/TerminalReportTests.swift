import Foundation
import Latency
import Results
import TestSupport
import Testing
import Verdicts

@testable import Reports

@Suite("What the terminal shows")
struct TerminalReportTests {
  private func text(_ run: RunResult, usesColor: Bool) -> String {
    let report = TerminalReport(style: TerminalStyle(usesColor: usesColor))
    let lines = run.cases.compactMap { report.line(for: $0) }
    return
      ([report.header(of: run)] + lines + ["", report.summary(of: run, reportFolder: "reports/latest"), ""])
      .joined(separator: "\n")
  }

  @Test("without colour", arguments: [("terminal.txt", false), ("terminal-color.txt", true)])
  func golden(_ name: String, _ usesColor: Bool) throws {
    let difference = try Golden.difference(text(SampleRun.run, usesColor: usesColor), name)
    #expect(difference == nil)
  }

  @Test("what came from the client cannot steer the terminal")
  func controls() {
    let plain = text(SampleRun.run, usesColor: false)
    #expect(plain.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F || $0 == "\n" })
  }

  @Test("one of a kind was told as several: 1 cases, 1 masking keys")
  func single() throws {
    var run = SampleRun.run
    run.cases = Array(run.cases.prefix(1))
    run.plannedCount = 1
    run.violations = []
    let keys = #"{"maskingKeys": 1, "handshakeKeys": 1, "falseAlarmProbability": 1e-9}"#
    run.keys = try JSONDecoder().decode(KeyRecord.self, from: Data(keys.utf8))
    let text = text(run, usesColor: false)
    #expect(text.contains(" · 1 case\n") && text.contains("\n1 case in "), "\(text)")
    #expect(text.contains("1 masking key, 1 key of opening handshakes"), "\(text)")
  }

  @Test("the end of a run that ended early")
  func early() {
    var run = SampleRun.run
    run.cases = Array(run.cases.prefix(1))
    run.endedEarly = .interrupted
    let text = TerminalReport(style: TerminalStyle(usesColor: false)).summary(of: run, reportFolder: nil)
    #expect(text.contains("The run ended after 1 of 7 cases: interrupted"))
    #expect(!text.contains("Reports:"))
  }

  @Test("the progress bar keeps to its width", arguments: [0, 20, 40, 80, 200])
  func bar(_ width: Int) {
    let report = TerminalReport(style: TerminalStyle(usesColor: false))
    let name = String(repeating: "n", count: 300)
    for (done, total) in [(0, 0), (0, 4), (4, 4), (467, 468)] {
      let bar = report.progress(done: done, of: total, failed: 291, current: name, width: width)
      #expect(bar.count <= max(width, 50), "\(bar.count) columns")
    }
  }

  @Test(
    "durations in the unit that suits them",
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1.0 us"), (12_345, "12.3 us"), (999_999, "1000.0 us"),
      (4_560_000, "4.56 ms"), (1_200_000_000, "1.2 s"), (60_000_000_000, "60.0 s"),
    ])
  func durations(_ nanoseconds: Int, _ text: String) { #expect(duration(nanoseconds) == text) }
}
