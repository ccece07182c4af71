import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

/// Found by fuzzing: an application that asks for one message and no more left a client to be blamed for what came behind it.
@Suite("What comes behind all that the application asked for may lie unread")
struct UnreadTests {
  /// One message is asked for, and the connection kept.
  private static let one = ClientScript([.connect(ConnectStep()), .receive(count: 1)])

  static let kept: [Example] = [
    Example(
      "a violation that nobody asked the client to read: unreadViolation",
      .open(ClientScript([.connect(ConnectStep())])) {
        $0.wire.server(.text, [0xFF])
        $0.leavesUnread()
      }),
    Example(
      "a violation behind the message that was asked for",
      .open(one) {
        $0.takesOne()
        $0.wire.server(.text, [0xFF])
        $0.leavesUnread()
      }),
    Example(
      "text that breaks off at a bad byte, when nobody reads: unreadBadText",
      .open(ClientScript([.connect(ConnectStep())]), expected: Expected(failFast: true)) {
        $0.wire.server(bytes: [0x81, 5, 0xFF])
        $0.leavesUnread()
      }),
    Example(
      "a Close behind it: unreadClose",
      .open(one) {
        $0.takesOne()
        $0.wire.serverClose(1000)
        $0.leavesUnread()
      }),
    Example(
      "a Close behind it, when the application's own close was refused: refusedClose",
      .open(ClientScript([.connect(ConnectStep()), .receive(count: 1), .close(code: 999)])) {
        $0.takesOne()
        $0.wire.serverClose(1000)
        $0.threw("ValueError", step: 2)
        $0.leavesUnread()
      }),
    Example(
      "a message that is asked for behind a step of another connection that threw: neverCameToReceive",
      .open(
        ClientScript([
          .connect(ConnectStep()), .send(connection: "other", kind: .text, payload: .text("x")), .echo(),
        ])
      ) {
        $0.wire.server(.text, "one")
        $0.app(.exception(ClientException(type: "OSError", message: "x")), connection: "other")
        $0.leavesUnread()
      }),
    Example(
      "a Close when the task that received is cancelled: cancelledReceive",
      .open(
        ClientScript(tasks: [
          ClientTask(
            name: "main",
            steps: [.connect(ConnectStep()), .start(task: "receiver"), .cancel(task: "receiver")]),
          ClientTask(name: "receiver", steps: [.receive()]),
        ])
      ) {
        $0.wire.serverClose(1000)
        $0.leavesUnread()
      }),
    Example(
      "a Close when the task that closes is cancelled before it begins: cancelledBeforeClosing",
      .open(.closing(beside: [.cancel(task: "closer")])) {
        $0.wire.serverClose(1000)
        $0.leavesUnread()
      }),
    Example(
      "a Ping behind it",
      .open(one) {
        $0.takesOne()
        $0.wire.server(.ping, Array("?".utf8))
        $0.leavesUnread()
      }),
  ]

  static let broken: [Example] = [
    Example(
      "a violation before it", breaks: ["violation-fails-connection"],
      .open(one) {
        $0.wire.server(.text, [0xFF])
        $0.wire.note(.deadlinePassed(index: 0))
      }),
    Example(
      "a Ping before it", breaks: ["pong-for-every-ping"],
      .open(one) {
        $0.wire.server(.ping, Array("?".utf8))
        $0.takesOne()
        $0.wire.note(.deadlinePassed(index: 0))
      }),
    Example(
      "a Close in its place", breaks: ["close-answered", "tcp-ended"],
      .open(one) {
        $0.wire.serverClose(1000)
        $0.leavesUnread()
      }),
    Example(
      "a Close behind it that was answered, and TCP never ended", breaks: ["tcp-ended"],
      .open(one) {
        $0.takesOne()
        $0.wire.serverClose(1000)
        $0.wire.clientClose(1000)
        $0.leavesUnread()
      }),
  ]

  @Test("breaks no rule", arguments: kept)
  func keeps(_ example: Example) {
    #expect(example.attempt.broken == [])
  }

  @Test("what comes before its end is due", arguments: broken)
  func finds(_ example: Example) {
    #expect(example.attempt.broken == example.broken)
  }
}

extension Attempt {
  fileprivate mutating func takesOne() {
    wire.server(.text, "one")
    got("one")
  }

  /// The server waits in vain and ends its side of TCP.
  fileprivate mutating func leavesUnread() {
    wire.note(.deadlinePassed(index: 0))
    wire.note(.sentEnd)
  }
}
