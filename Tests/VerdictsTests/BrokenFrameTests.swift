import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("Each broken rule is found, alone: what the client sends")
struct BrokenFrameTests {
  static let frames: [Example] = [
    Example(
      "no mask", breaks: ["client-frame-masked"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.client(.text, Array("hello".utf8), mask: .some(nil))
        $0.closes()
      }),
    Example(
      "one key for all", breaks: ["masking-key-unpredictable"],
      .open {
        for text in ["a", "b"] {
          $0.wire.server(.text, text)
          $0.got(text)
          $0.sent(Array(text.utf8))
          $0.wire.client(.text, Array(text.utf8), mask: MaskingKey(1, 2, 3, 4))
        }
        $0.wire.serverClose()
        $0.wire.client(.close, [0x03, 0xE8], mask: MaskingKey(1, 2, 3, 4))
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "keys that count", breaks: ["masking-key-unpredictable"],
      .open {
        for (index, text) in ["a", "b", "c", "d"].enumerated() {
          $0.wire.server(.text, text)
          $0.got(text)
          $0.sent(Array(text.utf8))
          $0.wire.client(.text, Array(text.utf8), mask: MaskingKey(0, 0, 0, UInt8(index)))
        }
        $0.wire.serverClose()
        $0.wire.client(.close, [0x03, 0xE8], mask: MaskingKey(0, 0, 0, 4))
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "reserved bits", breaks: ["client-reserved-bits"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.client(.text, Array("hello".utf8), reservedBits: 4)
        $0.closes()
      }),
    Example(
      "a reserved opcode", breaks: ["client-opcode"],
      .open {
        $0.wire.client(Opcode(rawValue: 3), [1])
        $0.closes()
      }),
    Example(
      "headers written by themselves", breaks: ["client-frame-in-one-write:QUALITY"],
      .open {
        for number in 0..<12 {
          let text = "message \(number)"
          $0.wire.server(.text, text)
          $0.got(text)
          $0.sent(Array(text.utf8))
          // Some happen to come whole.
          $0.wire.client(.text, text, cutAt: number % 6 == 0 ? nil : 2)
        }
        $0.closes()
      }),
    Example(
      "a fragmented Pong", breaks: ["client-control-frame"],
      .open {
        $0.wire.server(.ping, "p")
        $0.wire.client(.pong, Array("p".utf8), isFinal: false)
        $0.closes()
      }),
    Example(
      "a long Pong", breaks: ["client-control-frame"],
      .open {
        $0.wire.client(.pong, [UInt8](repeating: 1, count: 126))
        $0.closes()
      }),
    Example(
      "a long length", breaks: ["client-length-minimal"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.client(.text, Array("hello".utf8), encoding: .sixteenBits)
        $0.closes()
      }),
    Example(
      "a continuation of nothing", breaks: ["client-fragments"],
      .open {
        $0.wire.client(.continuation, [1])
        $0.closes()
      }),
    Example(
      "a message inside a message", breaks: ["client-fragments"],
      .open(.sending("b")) {
        $0.sent(Array("b".utf8))
        $0.wire.client(.text, Array("a".utf8), isFinal: false)
        $0.wire.client(.text, "b")
        $0.closes()
      }),
    Example(
      "text that is none", breaks: ["client-text-utf8"],
      .open {
        $0.wire.server(.binary, [0xFF])
        $0.got([0xFF], text: false)
        $0.sent([0xFF])
        $0.wire.client(.text, [0xFF])
        $0.closes()
      }),
    Example(
      "half a close code", breaks: ["client-close-payload"],
      .open(.closing) {
        $0.wire.client(.close, [3])
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed)
      }),
    Example(
      "close code 1005", breaks: ["client-close-payload"],
      .open(.closing) {
        $0.wire.clientClose(1005)
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed)
      }),
    Example(
      "a reason that is no text", breaks: ["client-close-payload"],
      .open(.closing) {
        $0.wire.client(.close, [0x03, 0xE8, 0xC3])
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed)
      }),
    Example(
      "half a frame", breaks: ["client-frame-complete"],
      .open {
        $0.wire.client(bytes: [0x8A, 0x85, 1, 2, 3, 4, 5])
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "half a frame, of a client that sees the server's stream end without a Close", breaks: [],
      .open {
        $0.wire.client(bytes: [0x8A, 0x85, 1, 2, 3, 4, 5])
        $0.wire.note(.sentEnd)
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "data after the Close", breaks: ["client-data-after-close"],
      .open(.closing) {
        $0.scenario.client.tasks[0].steps.append(.send(kind: .text, payload: "late"))
        $0.wire.clientClose()
        $0.wire.client(.text, "late")
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed)
      }),
    Example(
      "two Closes", breaks: ["client-second-close:QUALITY"],
      .open(.closing) {
        $0.wire.clientClose()
        $0.wire.clientClose()
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed)
      }),
  ]

  static let sends: [Example] = [
    Example(
      "a short write and then silence", breaks: ["send-whole"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.client(.text, Array("hel".utf8), length: 5)
        $0.hangs()
      }),
    Example(
      "a short write and the next frame in its place", breaks: ["send-whole"],
      .open {
        $0.wire.server(.text, "hello, world")
        $0.got("hello, world")
        $0.sent(Array("hello, world".utf8))
        $0.wire.client(.text, Array("hello".utf8), length: 12)
        $0.wire.serverClose()
        // What follows completes the frame, and the rest reads like frames that break every rule.
        $0.wire.client(bytes: [0x88, 0x82, 1, 2, 3, 4, 2, 0xEA, 0x7F, 0x7F, 0xFF, 0xFF])
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "a send that overtook another", breaks: ["send-in-order:QUALITY"],
      .open {
        $0.sent(Array("first".utf8))
        $0.sent(Array("second".utf8))
        $0.wire.client(.text, "second")
        $0.wire.client(.text, "first")
        $0.closes()
      }),
    Example(
      "a send that vanished", breaks: ["send-not-lost"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.hangs()
      }),
    Example(
      "an echo of the other type", breaks: ["send-not-lost"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.client(.binary, "hello")
        $0.hangs()
      }),
    Example(
      "an echo of the other type, and the end in order", breaks: ["send-not-lost"],
      .open {
        $0.wire.server(.text, "hello")
        $0.got("hello")
        $0.sent(Array("hello".utf8))
        $0.wire.client(.binary, "hello")
        $0.closes()
      }),
    Example(
      "a send that threw", breaks: ["send-possible"],
      .open(.sending("hello")) {
        $0.threw("TypeError")
        $0.wire.note(.deadlinePassed(index: 0))
      }),
    Example(
      "an echo that threw", breaks: ["send-possible"],
      .open {
        $0.wire.server(.text, "")
        $0.got("")
        $0.threw("ValueError")
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "a message of nobody's", breaks: ["send-not-invented"],
      .open {
        $0.wire.client(.text, "surprise")
        $0.closes()
      }),
  ]

  static let pings: [Example] = [
    Example(
      "no Pong", breaks: ["pong-for-every-ping"],
      .open {
        $0.wire.server(.ping, "p")
        $0.hangs()
      }),
    Example(
      "no Pong for a Ping of the same payload as the one before: pongBefore", breaks: ["pong-for-every-ping"],
      .open {
        $0.wire.server(.ping, "p")
        $0.wire.client(.pong, "p")
        $0.wire.server(.ping, "p")
        $0.hangs()
      }),
    Example(
      "no Pong, though an echo shows that the client read on", breaks: ["pong-for-every-ping"],
      .open {
        $0.wire.server(.ping, "p")
        $0.wire.server(.text, "hello")
        $0.echoes("hello")
        $0.closes()
      }),
    Example(
      "no Pong, though the server waited", breaks: ["pong-for-every-ping"],
      .open {
        $0.scenario.server = ServerScript([.expectFrame(FrameExpectation(opcode: 10))])
        $0.wire.server(.ping, "p")
        $0.wire.note(.expectationMissed(index: 0, reason: "a text frame came"))
        $0.closes()
      }),
    Example(
      "a Pong cut short", breaks: ["pong-payload"],
      .open {
        $0.wire.server(.ping, "payload")
        $0.wire.client(.pong, "pay")
        $0.hangs()
      }),
    Example(
      "an answer to a Pong", breaks: ["pong-not-answered:QUALITY"],
      .open {
        $0.wire.server(.pong, "unasked")
        $0.wire.client(.pong, "unasked")
        $0.closes()
      }),
  ]

  @Test("finds it", arguments: frames + sends + pings)
  func finds(_ example: Example) {
    #expect(example.attempt.broken == example.broken)
  }
}
