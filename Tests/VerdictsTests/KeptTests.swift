import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

/// A trace and the rules that it breaks.
struct Example: CustomTestStringConvertible, Sendable {
  var name: String
  var attempt: Attempt
  var broken: [String]

  init(_ name: String, breaks broken: [String] = [], _ attempt: Attempt) {
    self.name = name
    self.attempt = attempt
    self.broken = broken
  }

  var testDescription: String { name }
}

@Suite("Lawful behaviour breaks no rule")
struct KeptTests {
  static let echoes: [Example] = [
    Example("nothing but opening and closing", .open { $0.closes() }),
    Example(
      "an echo",
      .open {
        $0.wire.server(.text, "hello"); $0.echoes("hello"); $0.closes()
      }),
    Example(
      "an empty message",
      .open {
        $0.wire.server(.text, ""); $0.echoes(""); $0.closes()
      }),
    Example(
      "binary data",
      .open {
        $0.wire.server(.binary, [0, 255])
        $0.got([0, 255], text: false)
        $0.sent([0, 255], text: false)
        $0.wire.client(.binary, [0, 255])
        $0.closes()
      }),
    Example(
      "small frames of which chance cuts a few",
      .open {
        for number in 0..<12 {
          let text = "message \(number)"
          $0.wire.server(.text, text)
          $0.got(text)
          $0.sent(Array(text.utf8))
          $0.wire.client(.text, text, cutAt: [2, 5, 9, nil][number % 4])
        }
        $0.closes()
      }),
    Example(
      "fragments with a Ping between",
      .open {
        $0.wire.server(.text, Array("fr".utf8), isFinal: false)
        $0.wire.server(.ping, "p")
        $0.wire.server(.continuation, Array("ag".utf8))
        $0.wire.client(.pong, "p")
        $0.echoes("frag")
        $0.closes()
      }),
    Example(
      "an echo in fragments",
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.client(.text, Array("he".utf8), isFinal: false)
        $0.wire.client(.continuation, Array("llo".utf8))
        $0.closes()
      }),
    Example(
      "a character cut by fragments",
      .open {
        $0.wire.server(.text, [0xE2, 0x82], isFinal: false)
        $0.wire.server(.continuation, [0xAC])
        $0.echoes("€")
        $0.closes()
      }),
    Example(
      "an echo that a Close overtook",
      .open {
        $0.wire.server(.text, "hello")
        $0.wire.serverClose()
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.clientClose()
        $0.wire.end()
        $0.ended(1000)
      }),
    Example(
      "messages lost in a reset",
      .open {
        $0.wire.server(.text, "hello")
        $0.wire.note(.sentReset)
        $0.threw("OSError")
      }),
    Example(
      "a bounded receive and no more",
      .open(ClientScript([.connect(ConnectStep()), .receive(count: 1)])) {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.got("one")
        $0.wire.clientClose(1001)
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "a limit that the scenario allows",
      .open(expected: Expected(messageLimit: 4)) {
        $0.wire.server(.text, "hello")
        $0.wire.clientClose(1009)
        $0.wire.end()
        $0.ended()
      }),
  ]

  static let pings: [Example] = [
    Example(
      "a Pong",
      .open {
        $0.wire.server(.ping, "p"); $0.wire.client(.pong, "p"); $0.closes()
      }),
    Example(
      "only the latest of three Pings answered",
      .open {
        for text in ["1", "2", "3"] { $0.wire.server(.ping, text) }
        $0.wire.client(.pong, "3")
        $0.closes()
      }),
    Example(
      "a Ping that a Close overtook",
      .open {
        $0.wire.server(.ping, "p"); $0.closes()
      }),
    Example(
      "a Ping after the client's Close",
      .open(.closing) {
        $0.wire.clientClose()
        $0.app(.closed)
        $0.wire.server(.ping, "late")
        $0.wire.serverClose()
        $0.wire.end()
      }),
    Example(
      "a Pong after the client's Close",
      .open(.closing) {
        $0.wire.server(.ping, "p")
        $0.wire.clientClose()
        $0.app(.closed)
        $0.wire.client(.pong, "p")
        $0.wire.serverClose()
        $0.wire.end()
      }),
    Example(
      "unsolicited Pongs of both",
      .open {
        $0.wire.server(.pong, "a")
        $0.wire.client(.pong, "b")
        $0.closes()
      }),
  ]

  static let failures: [Example] = [
    Example(
      "reserved bits answered by 1002",
      .open(expected: Expected(failure: true)) {
        $0.wire.server(.text, Array("no".utf8), reservedBits: 4)
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "bad text answered by 1007 before its end",
      .open(expected: Expected(failFast: true)) {
        $0.scenario.server = ServerScript([.sendBytes(.empty), .pause(milliseconds: 1), .sendBytes(.empty)])
        $0.wire.server(.text, [0x61, 0xFF], isFinal: false)
        $0.wire.note(.stepStarted(index: 1))
        $0.wire.clientClose(1007)
        $0.wire.note(.stepStarted(index: 2))
        $0.wire.server(.continuation, [0x61])
        $0.wire.end()
        $0.ended(1006)
      }),
    Example(
      "bad text before the end of a wait that was over at once: failFastBehindSatisfiedWait",
      .open(expected: Expected(failFast: true)) {
        $0.scenario.server = ServerScript([
          .sendBytes(.empty), .expectMessage(kind: nil, payload: nil), .sendBytes(.empty),
        ])
        $0.wire.tick = 1000
        $0.wire.server(.text, [0x61, 0xFF], isFinal: false)
        $0.wire.note(.stepStarted(index: 1))
        $0.wire.note(.stepStarted(index: 2))
        $0.wire.server(.continuation, [0x61])
        $0.wire.clientClose(1007)
        $0.wire.end()
        $0.ended(1006)
      }),
    Example(
      "the end of the server's stream is followed before it resets: resetBehindEnd",
      .open {
        $0.wire.server(bytes: [0x81, 5, 0x61])
        $0.wire.note(.sentEnd)
        $0.wire.note(.receivedEnd)
        $0.wire.note(.sentReset)
        $0.ended(1006, clean: false)
      }),
    Example(
      "bad text in a message that was there as a whole: nothingToWaitFor",
      .open(expected: Expected(failFast: true)) {
        $0.scenario.server = ServerScript([.sendBytes(.empty), .pause(milliseconds: 1), .sendBytes(.empty)])
        $0.wire.server(.text, [0x61, 0xFF])
        $0.wire.note(.stepStarted(index: 1))
        $0.wire.note(.stepStarted(index: 2))
        $0.wire.server(.ping, "a")
        $0.wire.clientClose(1007)
        $0.wire.end()
        $0.ended(1006)
      }),
    Example(
      "bad text looked at behind the server's Close, which was answered: textBehindAnsweredClose",
      .open {
        $0.wire.server(.text, [0xFF])
        $0.wire.close()
        $0.ended(1000)
      }),
    Example(
      "a breach behind bad text found before it: breachBehindText",
      .open {
        $0.wire.server(.text, [0xFF])
        $0.wire.server(Opcode(rawValue: 14))
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "the begin of a frame with a reserved opcode behind bad text, found before it: headBehindText",
      .open {
        $0.wire.server(.text, [0xFF])
        $0.wire.server(bytes: [0x03, 0xE8])
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a Close inside a message whose text is bad, taken for a breach: closeInsideBadText",
      .open {
        $0.wire.server(.text, [0xFF], isFinal: false)
        $0.wire.serverClose()
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a Close whose code and reason are both bad, answered for its reason: badCodeAndReason",
      .open {
        $0.wire.server(.close, [0x03, 0x6F, 0xFF])
        $0.wire.clientClose(1007)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a masked frame given up before its header was whole: maskInCutHeader",
      .open {
        $0.wire.server(bytes: [0x81, 0x85])
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a Ping, a Close and an end that nobody asked the client to read: unread",
      .open(ClientScript([.connect(ConnectStep())])) {
        $0.wire.server(.ping, "there?")
        $0.wire.serverClose()
        $0.wire.note(.sentEnd)
        $0.wire.note(.deadlinePassed(index: 0))
      }),
    Example(
      "an echo where the server waited for the Pong, which is on its way when the server ends: echoInPlaceOfPong",
      .open {
        $0.scenario.server = .awaitingPong
        $0.wire.server(.text, "hello")
        $0.wire.server(.ping, Array("a".utf8))
        $0.wire.note(.stepStarted(index: 1))
        $0.echoes("hello")
        $0.wire.note(.expectationMissed(index: 1, reason: "instead came a text frame"))
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "a Ping behind a message that was too large: pingBehindLimit",
      .open(expected: Expected(messageLimit: 64)) {
        $0.scenario.server = .awaitingPong
        $0.wire.server(.text, Array(repeating: 0x61, count: 100))
        $0.wire.server(.ping, Array("b".utf8))
        $0.wire.note(.stepStarted(index: 1))
        $0.wire.clientClose(1009)
        $0.wire.note(.expectationMissed(index: 1, reason: "instead came a Close frame"))
        $0.wire.serverClose(1009)
        $0.wire.end()
        $0.ended(1009)
      }),
    Example(
      "a masked frame's first bytes, and a Close that the application wanted too: halfAHeaderBeforeClose",
      .open(ClientScript([.connect(ConnectStep()), .echo(), .close()])) {
        $0.wire.server(bytes: [0x81, 0x81, 5])
        $0.wire.clientClose(1002)
        $0.wire.note(.receivedEnd)
        $0.wire.note(.sentEnd)
        $0.ended(1006, clean: false)
        $0.app(.closed, step: 2)
      }),
    Example(
      "a send after a failure at the first bytes of a frame whose rest came later: sendBehindHalfABadFrame",
      .open(ClientScript([.connect(ConnectStep()), .send(kind: .text, payload: .empty), .echo()])) {
        $0.wire.server(bytes: [0xA2, 2])
        $0.wire.clientClose(1002)
        $0.wire.note(.receivedEnd)
        $0.sent([])
        $0.wire.server(bytes: [1, 2])
        $0.wire.note(.sentEnd)
        $0.app(.ended(closeCode: 1006, reason: nil, wasClean: false), step: 2)
      }),
    Example(
      "a Ping while the client's Close is on its way: pingCrossesClose",
      .open(.closing) {
        $0.scenario.server = .awaitingPong
        $0.wire.server(.ping, Array("a".utf8))
        $0.wire.note(.stepStarted(index: 1))
        $0.wire.clientClose()
        $0.wire.note(.expectationMissed(index: 1, reason: "instead came a Close frame"))
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed, step: 1)
      }),
    Example(
      "an end at a length that is nobody's duty to take, while the client waits for the answer to its Close: limitWhileClosing",
      .open(.closing, expected: Expected(messageLimit: 65536)) {
        $0.wire.clientClose()
        $0.wire.server(bytes: [0x82, 127, 0x7F, 255, 255, 255, 255, 255, 255, 255])
        $0.wire.note(.receivedEnd)
        $0.wire.note(.sentEnd)
        $0.app(.closed, step: 1)
      }),
    Example(
      "the first byte of a frame of a reserved opcode, and the end: halfAReservedHeader",
      .open {
        $0.wire.server(bytes: [0x8F])
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "a length with its top bit set and 1009",
      .open {
        $0.wire.server(.binary, [1], length: 1 << 63, encoding: .sixtyFourBits)
        $0.wire.clientClose(1009)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "the end of the stream inside a message",
      .open {
        $0.wire.server(.text, Array("half".utf8), isFinal: false)
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "the end of the stream inside a frame",
      .open {
        $0.wire.server(bytes: [0x81, 0x05, 0x68])
        $0.wire.end()
        $0.threw("OSError")
      }),
    Example(
      "a failure that only the scenario knows",
      .open(expected: Expected(closeCodes: [1008], failure: true)) {
        $0.wire.server(.text, "forbidden")
        $0.echoes("forbidden")
        $0.wire.clientClose(1008)
        $0.wire.end()
        $0.ended()
      }),
  ]

  @Test("keeps every rule", arguments: echoes + pings + failures + closings + openings)
  func keeps(_ example: Example) {
    #expect(example.attempt.broken == [])
  }

  @Test("and passes", arguments: echoes + pings + closings)
  func passes(_ example: Example) {
    let judgement = Judge.judge(
      case: example.attempt.case, device: example.attempt.trace, reference: example.attempt.trace)
    #expect(judgement.verdict == .passed)
    #expect(judgement.agreesWithReference)
    #expect(!judgement.referenceFailed)
  }
}
