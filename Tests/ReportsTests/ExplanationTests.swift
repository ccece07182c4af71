import Results
import Scenarios
import Steps
import TestSupport
import Testing
import WebSocketProtocol

@testable import Reports

@Suite("A case in words")
struct ExplanationTests {
  /// A scenario with a step of each kind, so that each has its words.
  static let everything = Scenario(
    id: "5.everything", description: "Does everything.", expectation: "Stands it.", rfc: "5.4",
    requirement: .should, dispute: "The RFC leaves it open; either way is allowed.", tags: ["disputed"],
    server: ServerScript(connections: [
      ConnectionScript(
        name: "main",
        steps: [
          .respond(
            .accept(edits: [
              .statusLine("HTTP/1.1 101 Yes"), .set(name: "Upgrade", value: "h2c"),
              .add(name: "X-A", value: "1"), .remove(name: "Connection"),
              .rename(name: "Upgrade", to: "UPGRADE"), .append("\r\n"), .subprotocol("chat"),
            ])),
          .sendFrame(
            FrameSpec(
              .text, "frag", isFinal: false, reservedBits: 4, maskingKey: 1, lengthEncoding: .sixteenBit,
              declaredLength: 9)),
          .sendFrame(FrameSpec(.ping)), .sendFrame(FrameSpec(.binary, .random(count: 9, kind: .binary))),
          .sendBytes(.repeated(unit: [0x2A, 0], count: 100)),
          .sendFrame(FrameSpec(.text, .text(String(repeating: "x", count: 100)))),
          .sendBytes(.bytes([UInt8](0..<40))),
          .expectFrame(FrameExpectation(opcode: 10, payload: "a", isFinal: true)),
          .expectFrame(FrameExpectation()), .expectMessage(kind: .text, payload: "fragments"),
          .expectMessage(kind: nil, payload: nil), .expectClose, .expectEnd, .pause(milliseconds: 5),
          .waitUntil(milliseconds: 40),
          .stopReading, .resumeReading, .halfClose, .closeTCP, .resetTCP, .truncateTLS,
          .cutTLS(afterBytes: 7),
          .renegotiateTLS,
          .barrier("both"),
        ], ending: .awaitFailure),
      ConnectionScript(
        name: "other", steps: [.respond(.raw("HTTP/1.1 404 Not Found\r\n\r\n")), .barrier("both")],
        ending: .endOfStream),
    ]),
    client: ClientScript(tasks: [
      ClientTask(
        name: "main",
        steps: [
          .connect(
            ConnectStep(
              target: "/{token}?a=1", headers: [.init("Cookie", "b")], subprotocols: ["chat", "superchat"])),
          .start(task: "second"), .echo(count: 2), .receive(), .ping(payload: "p"),
          .send(kind: .text, payload: "hello"), .pause(milliseconds: 3), .cancel(task: "second"),
          .join(task: "second"), .close(code: 1001, reason: "bye"), .watchLoad,
        ]),
      ClientTask(
        name: "second",
        steps: [
          .connect(ConnectStep(connection: "other")), .receive(connection: "other", count: 1), .barrier("x"),
        ]),
    ]), expected: Expected(opening: .refused, closeCodes: [1002, 1007], failure: true, failFast: true),
    deliveries: [.whole, .split], isolation: .hardReset)

  @Test("says what, why, step by step, and how to run it")
  func words() throws {
    let mistakes = [Explanation.Mistake(name: "skips-pongs", sentence: "It answers every second Ping only.")]
    let text = Explanation.text(
      of: Case(scenario: Self.everything, delivery: .split), mistakes: mistakes, program: "./scripts/wsrig")
    #expect(try Golden.difference(text, "explanation.txt") == nil)
  }

  @Test("has words for every case of the catalogue")
  func catalogue() {
    for testCase in ModifierChoice.all.cases(of: Catalogue.all) {
      let text = Explanation.text(of: testCase, mistakes: [], program: "wsrig")
      #expect(text.contains("1. ") && text.contains(testCase.scenario.expectation), "\(testCase.id)")
      #expect(text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "\(testCase.id)")
      #expect(!text.contains("Steps."), "a value of the program shows: \(testCase.id)")
    }
  }

  @Test("a section of another RFC is told by its name")
  func otherRFC() {
    var scenario = Self.everything
    scenario.rfc = "RFC 7692 7.2.1"
    let text = Explanation.text(of: Case(scenario: scenario), mistakes: [], program: "wsrig")
    #expect(text.contains("SHOULD, RFC 7692 section 7.2.1\n"))
  }

  @Test("a thousand steps are not all listed, and a long case says when it runs: explainOfASeries")
  func explainOfASeries() throws {
    let scenario = Scenario(
      id: "9.series", description: "Sends.", expectation: "Receives.", rfc: "5.4", requirement: .must,
      tags: ["large", "long"],
      server: ServerScript((0..<1000).map { .sendFrame(FrameSpec(.text, .text("message \($0)"))) }))
    let text = Explanation.text(of: Case(scenario: scenario), mistakes: [], program: "wsrig")
    let lines = text.split(separator: "\n")
    #expect(lines.count < 40)
    #expect(lines.contains("        and so on, 988 more steps, until"), "\(text)")
    #expect(text.contains("message 7") && !text.contains("message 8\"") && text.contains("message 999"))
    #expect(text.contains("--tag long"))
  }
}
