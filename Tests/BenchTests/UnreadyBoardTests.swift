import BoardLink
import Foundation
import TestSupport
import Testing

@testable import Bench

@Suite("A board that is not ready: its sentence, and what earlier runs left")
struct UnreadyBoardTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "a missing board was told two or three times, nested: the board once, the cause once, advice once",
    arguments: [
      (
        .terminal(path: "/nope"), .notOpened("could not open /nope: No such file or directory"),
        "The board tty:/nope could not be got ready: could not open /nope: No such file or directory; check --board and the cable."
      ),
      (
        .usb("x"),
        .notOpened(
          "no USB device has the serial number or position x; check the cable, some carry power only"),
        "The board usb:x could not be got ready: no USB device has the serial number or position x; check the cable, some carry power only."
      ),
      (
        .rfc2217(host: "h", port: 9), .timedOut("the raw REPL's prompt; it sent nothing"),
        "The board rfc2217:h:9 could not be got ready: the deadline passed while waiting for the raw REPL's prompt; it sent nothing; "
          + "check --board and the server that offers the line, and that the board runs MicroPython."
      ),
      (
        .simulated, .quarantined(first: .notOpened("it is gone")),
        "The board sim could not be got ready: it was given up, because at first it is gone; check --micropython, and that the board runs "
          + "MicroPython."
      ),
    ] as [(BoardSelector, BoardFailure.Cause, String)])
  func sentence(_ selector: BoardSelector, _ cause: BoardFailure.Cause, _ sentence: String) {
    let failure = BoardFailure(board: selector.description, cause)
    #expect(MissingBoard(failure, selector).description == sentence)
  }

  @Test("what wsrig wrote is removed, folders of several boards included; what others wrote stays")
  func earlierReports() throws {
    let written = [
      "junit.xml", "report.html", "serial.log", "serial-sim-2.log", "cases/1.a/summary.txt",
      "cases/1.a/scenario.json", "cases/2.b/wire.txt", "blackbox/001-1.a/trouble.txt", "sim-1/results.json",
      "sim-1/cases/1.a/client.txt", "sim-2/report.html",
    ]
    let others = [
      "notes.txt", "cases/2.b/mine.txt", "sim-2/mine.txt", "other/results.json", "latency.json", "serial.txt",
    ]
    for path in written + others { try folder.write("x", to: path) }
    try folder.write(
      #"{"boards": [{"reportFolder": "sim-1"}, {"reportFolder": "sim-2"}, {"reportFolder": "../other"}, {}]}"#,
      to: "results.json")
    try EarlierReports(folder: folder.url).remove()
    for path in written + ["results.json", "cases/1.a", "blackbox", "sim-1"] {
      #expect(!folder.has(path), "\(path)")
    }
    for path in others { #expect(folder.has(path), "\(path)") }
    try EarlierReports(folder: folder.url).remove()
  }

  @Test("a run that came to nothing deleted the results of an earlier one, and the folders of its boards")
  func earlierReportsOfFailedStart() throws {
    let earlier = ["results.json", "serial.log", "sim-1/results.json", "sim-1/serial.log"]
    try folder.write(#"{"boards": [{"reportFolder": "sim-1"}]}"#, to: "results.json")
    for path in earlier.dropFirst() { try folder.write("old", to: path) }
    func start() throws -> (whole: ReportFolder, part: ReportFolder) {
      let whole = try ReportFolder(path: folder.path, hasSerialLog: false, replacesRun: true)
      let part = try whole.part("sim-1")
      try Data("new".utf8).write(to: part.serialLog)
      return (whole, part)
    }
    var (whole, part) = try start()
    part.abandon()
    whole.abandon()
    #expect(try files() == ["results.json", "serial.log", "sim-1", "sim-1/results.json", "sim-1/serial.log"])
    for path in earlier.dropFirst() { #expect(try folder.text(path) == "old", "\(path)") }

    (whole, part) = try start()
    let log = try FileHandle(forWritingTo: part.serialLog)
    try part.begin()
    try part.begin()
    // Who had opened it goes on in the same file.
    try log.write(contentsOf: Data("newer".utf8))
    try whole.begin()
    part.abandon()
    whole.abandon()
    #expect(try files() == ["sim-1", "sim-1/serial.log"])
    #expect(try folder.text("sim-1/serial.log") == "newer")
  }

  @Test(
    "without earlier results the log of a run that came to nothing stays, and one that was killed leaves no traces"
  )
  func logOfFailedStart() throws {
    for text in ["killed", "failed"] {
      let report = try ReportFolder(path: folder.path, replacesRun: true)
      try Data(text.utf8).write(to: report.serialLog)
      if text == "failed" { report.abandon() }
    }
    #expect(try files() == ["serial.log"] && folder.text("serial.log") == "failed")
  }

  @Test("two runs into one folder at a time took each other's logs away: a run that lives keeps its own")
  func twoRunsIntoOneFolder() throws {
    // Process 1 is always there; nobody has the other number.
    try folder.write("its log", to: ".wsrig-next-1/serial.log")
    try folder.write("left behind", to: ".wsrig-next-2147483647/serial.log")
    let report = try ReportFolder(path: folder.path, replacesRun: true)
    try Data("new".utf8).write(to: report.serialLog)
    try report.begin()
    #expect(try folder.text("serial.log") == "new")
    #expect(try folder.text(".wsrig-next-1/serial.log") == "its log")
    #expect(try files() == [".wsrig-next-1", ".wsrig-next-1/serial.log", "serial.log"])
  }

  private func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
  }
}
