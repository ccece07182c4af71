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
}
