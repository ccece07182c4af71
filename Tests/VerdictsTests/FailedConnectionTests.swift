import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

/// Accusations that fell on clients for what they do lawfully by themselves, or once they have failed the connection.
@Suite("What a client does by itself, and after it has failed, is no breach of its own")
struct FailedConnectionTests {
  static let examples: [Example] = [
    Example(
      "failed for no reason behind the server's Close: that, and not which code it was told, failedBehindClose",
      breaks: ["no-failure-without-cause:QUALITY"],
      .open {
        $0.wire.server(.text, "one")
        $0.echoes("one")
        $0.wire.serverClose(1000)
        $0.wire.clientClose(1007)
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "text that ends within a character, failed before the server's answer: textEndsInCharacter",
      .open {
        $0.wire.server(.text, [0x61, 0xDF])
        $0.wire.clientClose(1007)
        $0.wire.serverClose(1007)
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "failed for no reason before it: closedAfterFailing", breaks: ["no-failure-without-cause"],
      .open {
        $0.wire.server(.text, "one")
        $0.echoes("one")
        $0.wire.clientClose(1007)
        $0.wire.serverClose(1007)
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "no binary data taken, which 1003 says: refusedKind", breaks: ["message-limit:QUALITY"],
      .open {
        $0.wire.server(.binary, [1, 2, 3])
        $0.wire.clientClose(1003)
        $0.wire.serverClose(1003)
        $0.wire.end()
        $0.ended(1006, clean: false)
      }),
    Example(
      "1003 at a reserved opcode, the data before it taken", breaks: ["failure-close-code:SHOULD"],
      .open {
        $0.wire.server(.text, "one")
        $0.echoes("one")
        $0.wire.server(.init(rawValue: 11))
        $0.wire.clientClose(1003)
        $0.wire.end()
        $0.ended(1006)
      }),
    Example(
      "a Close that a reset may have destroyed: closeLostByReset", breaks: ["close-answered:SHOULD"],
      .open {
        $0.wire.serverClose()
        $0.wire.note(.receivedReset)
        $0.wire.note(.closed)
        $0.ended(1000)
      }),
    Example(
      "an empty Pong of its own, and one before the server's: heartbeat",
      .open {
        $0.wire.client(.pong, "")
        $0.wire.client(.pong, "beat")
        $0.wire.server(.pong, "")
        $0.wire.server(.pong, "beat")
        $0.closes()
      }),
    Example(
      "Pings to keep the connection alive, when the server waits no more: lateKeepAlive",
      .open {
        $0.wire.server(.text, "hello")
        $0.echoes("hello")
        $0.wire.note(.deadlinePassed(index: 1))
        $0.wire.note(.sentEnd)
        $0.wire.client(.ping, "alive?")
        $0.wire.client(.pong, "beat")
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "an interim answer passed over: interimAnswer",
      .make {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        let hints = ["HTTP/1.1 103 Early Hints", "Link: </a>", "", ""].joined(separator: "\r\n")
        $0.wire.server(bytes: Array(hints.utf8))
        $0.wire.respond()
        $0.connected()
        $0.wire.server(.text, "hello")
        $0.echoes("hello")
        $0.closes()
      }),
  ]

  @Test("told for what it is", arguments: examples)
  func told(_ example: Example) {
    #expect(example.attempt.broken == example.broken)
  }
}
