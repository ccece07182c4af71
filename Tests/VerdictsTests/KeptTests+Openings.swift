import Scenarios
import Steps
import TestSupport
import Traces
import Verdicts
import WebSocketProtocol

extension KeptTests {
  static let openings: [Example] = [
    Example(
      "a wrong Accept refused",
      .givesUp("accept") {
        $0.respond(WireBuilder.responseLines.dropLast() + ["Sec-WebSocket-Accept: AAAA"])
      }),
    Example(
      "a status line with a CR inside, given up before its end: carriageReturnInStatusLine",
      .givesUp("malformed") {
        $0.server(bytes: Array("HTTP/1.1 101 Switching Protocols\rUpgrade: websocket\r".utf8))
      }),
    Example(
      "a head that has become too long, given up before its end: longHeadWithoutEnd",
      .givesUp("too long") {
        let head = WireBuilder.responseLines.joined(separator: "\r\n") + "\r\nX-Long: "
        $0.server(bytes: Array(head.utf8) + Array(repeating: 0x6C, count: 9000))
      }),
    Example(
      "a connection that is refused as the server has given up another one: refusedWhenGivenUp",
      .make(
        ClientScript([
          .connect(ConnectStep(connection: "before")), .echo(connection: "before"), .connect(ConnectStep()),
        ])
      ) {
        $0.wires = [WireBuilder(name: "before")]
        $0.wire.server(bytes: [0x81])
        $0.wire.note(.deadlinePassed(index: 0))
        $0.wire.end()
        $0.app(.connected(subprotocol: nil), step: 0, connection: "before")
        $0.app(.ended(closeCode: 1006, reason: nil, wasClean: false), step: 1, connection: "before")
        $0.app(.connectFailed(ClientException(type: "OSError", message: "403")), step: 2)
      }),
    Example(
      "a header field without a name, given up at its colon: namelessField",
      .givesUp("malformed") {
        $0.server(bytes: Array("HTTP/1.1 101 Switching Protocols\r\n: n".utf8))
      }),
    Example(
      "a head that does not end, behind which frames are sent, given up: headWithoutEnd",
      .givesUp("ended") {
        let head = Array((WireBuilder.responseLines + [""]).joined(separator: "\r\n").utf8)
        $0.trace.responseHeadLength = head.count
        $0.server(bytes: head)
        $0.server(.ping, Array("still there?".utf8))
        $0.note(.sentEnd)
      }),
    Example(
      "an answer that cannot become lawful any more, not waited for: binaryAnswer",
      .make {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        $0.wire.server(bytes: [0x81, 0x0C] + Array("still there?".utf8))
        $0.app(.connectFailed(ClientException(type: "OSError", message: "no HTTP")), step: 0)
        $0.wire.note(.receivedEnd)
        $0.wire.note(.sentEnd)
      }),
    Example(
      "a folded header read as one: foldedConnection",
      .make {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        $0.wire.respond(
          WireBuilder.responseLines.filter { !$0.hasPrefix("Connection") } + [
            "Connection: keep-alive,", "\tUpgrade",
          ])
        $0.app(.connected(subprotocol: nil), step: 0)
        $0.wire.server(.ping, Array("b".utf8))
        $0.wire.client(.pong, "b")
        $0.closes()
      }),
    Example(
      "a choice that the RFC leaves open",
      .givesUp("status", expected: Expected(opening: .either)) {
        $0.respond(["HTTP/1.1 101"] + WireBuilder.responseLines.dropFirst())
      }),
    Example(
      "headers, subprotocols and target",
      .make(
        ClientScript([
          .connect(
            ConnectStep(
              target: "/{token}?x=1", headers: [.init("X-Board", "pico")], subprotocols: ["chat", "log"])),
          .echo(),
        ]),
        expected: Expected(
          request: RequestExpectation(target: "/{token}?x=1", subprotocols: ["chat", "log"]))
      ) {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request(
          ["GET /t0k?x=1 HTTP/1.1"] + WireBuilder.requestLines.dropFirst() + [
            "x-board: pico", "Sec-WebSocket-Protocol: chat, log",
          ])
        $0.wire.respond(WireBuilder.responseLines + ["Sec-WebSocket-Protocol: chat"])
        $0.app(.connected(subprotocol: "chat"), step: 0)
        $0.closes()
      }),
  ]
}
