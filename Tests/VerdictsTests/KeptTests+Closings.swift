import Scenarios
import Steps
import TestSupport
import Traces
import Verdicts
import WebSocketProtocol

extension KeptTests {
  static let closings: [Example] = [
    Example(
      "a close that is cancelled does not wait for the answer: cancelledClose",
      .open(.closing(beside: [.cancel(task: "closer"), .close(), .join(task: "closer")])) {
        $0.closesHastily()
      }),
    Example(
      "what is sent while another task closes, which is cancelled, comes to nothing: sentWhileClosing",
      .open(.closing(beside: [.send(kind: .text, payload: "late"), .cancel(task: "closer")])) {
        $0.wire.clientClose()
        $0.sent(Array("late".utf8))
        $0.wire.note(.receivedEnd)
        $0.wire.serverClose()
        $0.wire.note(.sentEnd)
      }),
    Example(
      "a close that is cancelled before it has begun",
      .open(.closing(beside: [.cancel(task: "closer"), .close(), .join(task: "closer")])) {
        $0.wire.note(.receivedEnd)
        $0.wire.serverClose()
        $0.app(.closed)
      }),
    Example(
      "the application closes",
      .open(.closing) {
        $0.wire.clientClose()
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed)
      }),
    Example(
      "a message beyond the client's limit while it closes: tooLargeWhileClosing",
      .open(.closing, expected: Expected(messageLimit: 65_536)) {
        $0.wire.server(.binary, Array(repeating: 0x30, count: 70_000))
        $0.wire.serverClose()
        $0.wire.clientClose()
        $0.wire.end()
        $0.app(.closed)
        $0.ended(1006, clean: false)
      }),
    Example(
      "no Pong behind its own Close where the server's came with the Ping: pongOvertaken",
      .open(.closing) {
        $0.wire.clientClose()
        $0.wire.server(.ping, "p")
        $0.wire.serverClose()
        $0.wire.end()
        $0.app(.closed)
        $0.ended(1000, clean: true)
      }),
    Example(
      "a reason of its own at a limit of its own, with the code of the server's Close: ownReason",
      .open(expected: Expected(messageLimit: 65_536)) {
        $0.wire.server(.binary, Array(repeating: 0x30, count: 70_000))
        $0.wire.server(.close, [0x03, 0xF1] + Array("server".utf8))
        $0.wire.client(.close, [0x03, 0xF1] + Array("too large".utf8))
        $0.wire.end()
        $0.app(.ended(closeCode: 1009, reason: "too large", wasClean: true))
      }),
    Example(
      "the reason that came is told",
      .open {
        $0.wire.server(.close, [0x03, 0xE8] + Array("maintenance".utf8))
        $0.wire.client(.close, [0x03, 0xE8])
        $0.wire.end()
        $0.app(.ended(closeCode: 1000, reason: "maintenance", wasClean: true))
      }),
    Example(
      "Closes that cross",
      .open(.closing) {
        $0.wire.serverClose(1001)
        $0.wire.clientClose(1000)
        $0.wire.end()
        $0.app(.closed)
      }),
    Example(
      "an empty Close answered by an empty Close",
      .open {
        $0.wire.server(.close)
        $0.wire.client(.close)
        $0.wire.end()
        $0.ended(1005, clean: true)
      }),
    Example(
      "an empty Close answered by 1000",
      .open {
        $0.wire.server(.close)
        $0.wire.clientClose(1000)
        $0.wire.end()
        $0.ended(1005)
      }),
    Example(
      "registered and private codes",
      .open {
        $0.wire.serverClose(3999)
        $0.wire.clientClose(3999)
        $0.wire.end()
        $0.ended(3999)
      }),
    Example(
      "TCP ended without a Close",
      .open {
        $0.wire.end(); $0.ended(1006, clean: false)
      }),
  ]
}
