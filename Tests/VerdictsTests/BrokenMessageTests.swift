import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("Each broken rule is found, alone: what the client makes of the server's stream")
struct BrokenMessageTests {
  static let messages: [Example] = [
    Example(
      "fragments refused", breaks: ["message-delivered"],
      .open {
        $0.wire.server(.text, Array("fr".utf8), isFinal: false)
        $0.wire.server(.continuation, Array("ag".utf8))
        $0.threw("NotImplementedError")
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "a message left out", breaks: ["message-delivered"],
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.echoes("two")
        $0.closes()
      }),
    Example(
      "a message lost before a violation", breaks: ["message-delivered:QUALITY"],
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, Array("two".utf8), reservedBits: 1)
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a message cut", breaks: ["message-as-sent"],
      .open {
        $0.wire.server(.text, "hello")
        $0.echoes("hel")
        $0.closes()
      }),
    Example(
      "two messages merged", breaks: ["message-as-sent"],
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.echoes("onetwo")
        $0.closes()
      }),
    Example(
      "a message twice", breaks: ["message-as-sent"],
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.echoes("one")
        $0.echoes("one")
        $0.closes()
      }),
    Example(
      "messages out of order", breaks: ["message-as-sent"],
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.echoes("two")
        $0.echoes("one")
        $0.closes()
      }),
    Example(
      "text as binary data", breaks: ["message-type"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got(Array("hello".utf8), text: false)
        $0.sent(Array("hello".utf8), text: false)
        $0.wire.client(.binary, "hello")
        $0.closes()
      }),
    Example(
      "half a message at the end", breaks: ["message-not-cut"],
      .open {
        $0.wire.server(bytes: [0x81, 0x05, 0x68, 0x65])
        $0.wire.note(.sentEnd)
        $0.got("he")
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "a first fragment at the end", breaks: ["message-not-cut"],
      .open {
        $0.wire.server(.text, Array("he".utf8), isFinal: false)
        $0.wire.note(.sentEnd)
        $0.got("he")
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "a message behind the Close", breaks: ["message-after-close:QUALITY"],
      .open {
        $0.wire.serverClose()
        $0.wire.server(.text, "late")
        $0.wire.clientClose()
        $0.wire.end()
        $0.got("late")
        $0.ended()
      }),
    Example(
      "a message from nowhere", breaks: ["message-not-invented"],
      .open {
        $0.got("surprise")
        $0.closes()
      }),
    Example(
      "a limit of the client's own", breaks: ["message-limit:QUALITY"],
      .open {
        $0.wire.server(.text, "hello")
        $0.wire.clientClose(1009)
        $0.wire.end()
        $0.ended()
      }),
  ]

  static let failures: [Example] = [
    Example(
      "an unlawful message delivered", breaks: ["message-after-violation"],
      .open {
        $0.wire.server(.text, Array("no".utf8), reservedBits: 4)
        $0.got("no")
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a violation ignored", breaks: ["violation-fails-connection"],
      .open {
        $0.wire.server(.ping, Array("no".utf8), reservedBits: 4)
        $0.hangs()
      }),
    Example(
      "the probe behind a violation answered", breaks: ["violation-fails-connection"],
      .open {
        $0.wire.server(.pong, Array("no".utf8), reservedBits: 4)
        $0.wire.server(.ping, "still there?")
        $0.wire.client(.pong, "still there?")
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "the Close behind a violation answered", breaks: ["violation-fails-connection"],
      .open {
        $0.wire.server(.pong, Array("no".utf8), reservedBits: 4)
        $0.wire.close()
        $0.ended()
      }),
    Example(
      "bad text not looked at before the server's Close, though the server paused",
      breaks: ["violation-fails-connection"],
      .open {
        $0.scenario.server = ServerScript([.sendBytes(.empty), .pause(milliseconds: 1)])
        $0.wire.server(.text, [0xFF])
        $0.wire.note(.stepStarted(index: 1))
        $0.wire.close()
        $0.ended()
      }),
    Example(
      "a header alone, whose frame the client waited for: headerAlone",
      breaks: ["violation-fails-connection:QUALITY"],
      .open {
        $0.wire.server(bytes: [0x61, 0x61])
        $0.wire.note(.deadlinePassed(index: 0))
        $0.wire.end()
        $0.ended(1006)
      }),
    Example(
      "a violation answered by TCP alone", breaks: ["failure-close-frame:SHOULD"],
      .open {
        $0.wire.server(.pong, Array("no".utf8), mask: MaskingKey(1, 2, 3, 4))
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "a violation answered by 1011", breaks: ["failure-close-code:SHOULD"],
      .open {
        $0.wire.server(.continuation, "no")
        $0.wire.clientClose(1011)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a violation answered by 1011, which the server sends back: closeSentBack",
      breaks: ["failure-close-code:SHOULD"],
      .open {
        $0.wire.server(.continuation, "no")
        $0.wire.clientClose(1011)
        $0.wire.serverClose(1011)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a frame of six bytes answered by 1009, as if its key were a length: keyTakenForLength",
      breaks: ["failure-close-code:SHOULD"],
      .open {
        $0.wire.server(.binary, Array("masked".utf8), mask: MaskingKey(0x37, 0xFA, 0x21, 0x3D))
        $0.wire.clientClose(1009)
        $0.wire.serverClose(1009)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "bad text answered by 1002", breaks: ["failure-close-code:SHOULD"],
      .open {
        $0.wire.server(.text, [0xC0, 0x80])
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "an invalid Close answered by an empty one", breaks: ["failure-close-code:QUALITY"],
      .open {
        $0.wire.serverClose(1005)
        $0.wire.client(.close)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "bad text noticed at the end", breaks: ["fail-fast:QUALITY"],
      .open(expected: Expected(failFast: true)) {
        $0.scenario.server = ServerScript([.sendBytes(.empty), .pause(milliseconds: 1), .sendBytes(.empty)])
        $0.wire.server(.text, [0x61, 0xFF], isFinal: false)
        $0.wire.note(.stepStarted(index: 1))
        $0.wire.note(.stepStarted(index: 2))
        $0.wire.server(.continuation, [0x61])
        $0.wire.clientClose(1007)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a connection given up for nothing", breaks: ["no-failure-without-cause"],
      .open {
        $0.wire.server(.pong, "p")
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a limit that ends the connection without a Close", breaks: ["failure-close-frame:SHOULD"],
      .open(expected: Expected(closeCodes: [1009], failure: true)) {
        $0.wire.note(.receivedEnd)
        $0.ended(1006, clean: false)
      }),
    Example(
      "a failure that only the scenario knows", breaks: ["expected-failure"],
      .open(expected: Expected(failure: true)) {
        $0.wire.server(.text, "forbidden")
        $0.echoes("forbidden")
        $0.closes()
      }),
  ]

  static let closings: [Example] = [
    Example(
      "a Close not answered", breaks: ["close-answered"],
      .open {
        $0.wire.serverClose()
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "a code that must not be sent, answered without it: nowhere forbidden",
      breaks: ["violation-fails-connection:QUALITY"],
      .open {
        $0.wire.serverClose(1015)
        $0.wire.server(.ping, "still there?")
        $0.wire.client(.pong, "still there?")
        $0.wire.clientClose(1000)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a code that must not be sent, sent back",
      breaks: ["client-close-payload", "violation-fails-connection:QUALITY"],
      .open {
        $0.wire.serverClose(1015)
        $0.wire.clientClose(1015)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "another code than the server's", breaks: ["close-code-echoed:QUALITY"],
      .open {
        $0.wire.serverClose(1001)
        $0.wire.clientClose(1000)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "closed without a Close", breaks: ["close-sent"],
      .open(.closing) {
        $0.wire.note(.receivedEnd)
        $0.wire.serverClose()
        $0.app(.closed)
      }),
    Example(
      "gone before the answer", breaks: ["close-awaits-answer:SHOULD"],
      .open(.closing) {
        $0.closesHastily()
      }),
    Example(
      "gone while the server took its time", breaks: ["close-awaits-answer:SHOULD"],
      .open(.closing) {
        $0.scenario.server = ServerScript([.pause(milliseconds: 20)])
        $0.closesHastily()
      }),
    Example(
      "closed with another code and reason than asked for", breaks: ["close-as-asked"],
      .open(ClientScript([.connect(ConnectStep()), .close(code: 3001, reason: "so")])) {
        $0.wire.clientClose(1000)
        $0.wire.serverClose(1000)
        $0.wire.end()
        $0.app(.closed)
      }),
    Example(
      "a code that the scenario does not allow", breaks: ["expected-close-code:MAY"],
      .open(expected: Expected(closeCodes: [1000]), requirement: .may) {
        $0.wire.serverClose(1001)
        $0.wire.clientClose(1001)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "TCP left open", breaks: ["tcp-ended"],
      .open {
        $0.wire.serverClose()
        $0.wire.clientClose()
        $0.wire.note(.sentEnd)
        $0.wire.note(.deadlinePassed(index: 0))
        $0.ended()
      }),
  ]

  static let endings: [Example] = [
    Example(
      "hung at the end of the stream", breaks: ["client-hung"],
      .open {
        $0.wire.note(.sentEnd)
        $0.hangs()
      }),
    Example("hung for no reason", breaks: ["client-hung"], .open { $0.hangs() }),
    Example(
      "hung before the handshake", breaks: ["client-hung"],
      .make {
        $0.wires = [WireBuilder(opens: false)]
        $0.hangs()
      }),
    Example(
      "waiting for the end of bad text", breaks: ["client-hung:QUALITY"],
      .open {
        $0.wire.server(.text, [0xFF], isFinal: false)
        $0.hangs()
      }),
    Example(
      "waiting for the end of a frame with a bad header",
      breaks: ["violation-fails-connection:QUALITY", "client-hung:QUALITY"],
      .open {
        $0.wire.server(bytes: [0x61, 0x61])
        $0.hangs()
      }),
    Example(
      "a code without a Close", breaks: ["end-code"],
      .open {
        $0.wire.end()
        $0.ended(1000)
      }),
    Example(
      "another code than came", breaks: ["end-code"],
      .open {
        $0.wire.serverClose(1001)
        $0.wire.clientClose(1001)
        $0.wire.end()
        $0.ended(1000)
      }),
    Example(
      "another code than came, though the large message was taken: toldLarge", breaks: ["end-code"],
      .open(expected: Expected(messageLimit: 65_536)) {
        let large = [UInt8](repeating: 0x30, count: 70_000)
        $0.wire.server(.binary, large)
        $0.app(.message(MessageDigest(isText: false, payload: large)))
        $0.wire.client(.binary, large)
        $0.app(.sent(MessageDigest(isText: false, payload: large)))
        $0.wire.serverClose()
        $0.wire.clientClose()
        $0.wire.end()
        $0.ended(1006)
      }),
    Example(
      "another reason than came: toldReason", breaks: ["end-reason"],
      .open {
        $0.wire.server(.close, [0x03, 0xE8] + Array("maintenance".utf8))
        $0.wire.client(.close, [0x03, 0xE8])
        $0.wire.end()
        $0.app(.ended(closeCode: 1000, reason: "main", wasClean: true))
      }),
    Example(
      "a cut called clean", breaks: ["end-clean"],
      .open {
        $0.wire.end()
        $0.ended(nil, clean: true)
      }),
    Example(
      "a failure called clean", breaks: ["end-clean"],
      .open {
        $0.wire.server(.continuation, "no")
        $0.wire.clientClose(1002)
        $0.wire.end()
        $0.ended(nil, clean: true)
      }),
    Example(
      "bad text dropped, and the end called clean: cleanEndBehindBadText", breaks: ["end-clean:QUALITY"],
      .open {
        $0.wire.server(.text, [0xFF])
        $0.closes()
      }),
    Example(
      "bad text dropped, and the end that the application wanted called clean",
      breaks: ["end-clean:QUALITY"],
      .open(ClientScript([.connect(ConnectStep()), .close(), .receive()])) {
        $0.wire.server(.text, [0xFF])
        $0.wire.clientClose()
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed, step: 1)
        $0.app(.ended(closeCode: 1000, reason: nil, wasClean: true), step: 2)
      }),
    Example("an end never told", breaks: ["end-reported:QUALITY"], .open { $0.wire.close() }),
    Example(
      "an internal error", breaks: ["end-not-internal-error:QUALITY"],
      .open {
        $0.wire.close()
        $0.threw("IndexError")
      }),
    Example(
      "a duty not supported", breaks: ["optional-only-unsupported"],
      .open {
        $0.app(.unsupported(step: "receive"))
        $0.wire.close()
      }),
  ]

  @Test("finds it", arguments: messages + failures + closings + endings)
  func finds(_ example: Example) {
    #expect(example.attempt.broken == example.broken)
  }
}
