import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("Each broken rule is found, alone: the opening handshake")
struct BrokenOpeningTests {
  /// A handshake with another request, then an orderly end.
  static func request(
    _ edit: (inout [String]) -> Void, step: ConnectStep = ConnectStep(), lineEnd: String = "\r\n"
  ) -> Attempt {
    var lines = WireBuilder.requestLines
    edit(&lines)
    return .make(ClientScript([.connect(step), .echo()])) {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request(lines, lineEnd: lineEnd)
      $0.wire.respond()
      $0.connected()
      $0.closes()
    }
  }

  static let requests: [Example] = [
    Example("POST", breaks: ["request-line"], request { $0[0] = "POST /t0k HTTP/1.1" }),
    Example("HTTP/1.0", breaks: ["request-line"], request { $0[0] = "GET /t0k HTTP/1.0" }),
    Example(
      "the query lost", breaks: ["request-target"],
      request({ _ in }, step: ConnectStep(target: "/{token}?x=1"))),
    Example("lines without CR", breaks: ["request-form"], request({ _ in }, lineEnd: "\n")),
    Example("a blank in a name", breaks: ["request-form"], request { $0.append("X Y: 1") }),
    Example("Host twice", breaks: ["request-form"], request { $0.append("Host: 127.0.0.1:8080") }),
    Example("no Host", breaks: ["request-host"], request { $0.remove(at: 1) }),
    Example("a Host without port", breaks: ["request-host"], request { $0[1] = "Host: localhost" }),
    Example("no Upgrade", breaks: ["request-upgrade"], request { $0.remove(at: 2) }),
    Example("no Connection: Upgrade", breaks: ["request-upgrade"], request { $0[3] = "Connection: close" }),
    Example("version 8", breaks: ["request-version"], request { $0[5] = "Sec-WebSocket-Version: 8" }),
    Example(
      "a header missing", breaks: ["request-headers"],
      request({ _ in }, step: ConnectStep(headers: [.init("X-Board", "pico")]))),
    Example(
      "a header mangled", breaks: ["request-headers"],
      request({ $0.append("X-Board: pi") }, step: ConnectStep(headers: [.init("X-Board", "pico")]))),
    Example(
      "subprotocols out of order", breaks: ["request-subprotocols"],
      request({ $0.append("Sec-WebSocket-Protocol: b, a") }, step: ConnectStep(subprotocols: ["a", "b"]))),
    Example(
      "a line end let through", breaks: ["request-no-injection"],
      request(
        { $0 += ["X-A: 1", "X-Evil: 2"] }, step: ConnectStep(headers: [.init("X-A", "1\r\nX-Evil: 2")]))),
  ]

  static let answers: [Example] = [
    Example(
      "a short key", breaks: ["request-key"],
      .make {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request(
          WireBuilder.requestLines.map { $0.hasPrefix("Sec-WebSocket-Key") ? "Sec-WebSocket-Key: AAAA" : $0 })
        $0.wire.respond(
          WireBuilder.responseLines.dropLast() + ["Sec-WebSocket-Accept: " + "hOmfmW6lsYzmt9E7U3l2MYaGPcE="])
        $0.app(.connectFailed(ClientException(type: "OSError", message: "")), step: 0)
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "one key for two connections", breaks: ["request-key"],
      .open {
        $0.wires.append(WireBuilder(name: "second"))
        $0.app(.connected(subprotocol: nil), step: 0, connection: "second")
        for index in 0...1 { $0.wires[index].close() }
        $0.ended()
      }),
    Example(
      "frames before the response", breaks: ["request-then-wait"],
      .make(.sending("hi")) {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        $0.wire.client(.text, "hi")
        $0.wire.respond()
        $0.connected()
        $0.sent(Array("hi".utf8))
        $0.closes()
      }),
    Example(
      "never opened", breaks: ["connection-opened"],
      .make {
        $0.wires = []
        $0.app(.connectFailed(ClientException(type: "ValueError", message: "bad URL")), step: 0)
      }),
    Example(
      "a lawful answer refused", breaks: ["opening-accepted"],
      .make {
        $0.app(.connectFailed(ClientException(type: "OSError", message: "no")), step: 0)
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "an odd answer refused where the scenario wants it taken", breaks: ["opening-accepted:MAY"],
      .make(requirement: .may) {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        $0.wire.respond(["HTTP/1.1 101"] + WireBuilder.responseLines.dropFirst())
        $0.app(.connectFailed(ClientException(type: "OSError", message: "no")), step: 0)
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "frames after a refusal", breaks: ["no-frames-after-refusal"],
      .make {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        $0.wire.respond(["HTTP/1.1 404 Not Found"])
        $0.wire.client(.text, "hi")
        $0.app(.connectFailed(ClientException(type: "OSError", message: "404")), step: 0)
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "another subprotocol than was chosen", breaks: ["subprotocol-in-use"], subprotocol(reported: "b")),
    Example("a subprotocol not told", breaks: ["subprotocol-in-use:QUALITY"], subprotocol(reported: nil)),
  ]

  static func subprotocol(reported: String?) -> Attempt {
    .make(ClientScript([.connect(ConnectStep(subprotocols: ["a", "b"])), .echo()])) {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request(WireBuilder.requestLines + ["Sec-WebSocket-Protocol: a, b"])
      $0.wire.respond(WireBuilder.responseLines + ["Sec-WebSocket-Protocol: a"])
      $0.app(.connected(subprotocol: reported), step: 0)
      $0.closes()
    }
  }

  /// Answers that must be refused; the client takes each of them.
  static let unlawful: [(String, [String])] = [
    ("200", ["HTTP/1.1 200 OK"] + WireBuilder.responseLines.dropFirst()),
    ("no status line", ["hello"]),
    ("no Upgrade", WireBuilder.responseLines.filter { !$0.hasPrefix("Upgrade") }),
    ("another Upgrade", WireBuilder.responseLines.map { $0 == "Upgrade: websocket" ? "Upgrade: h2c" : $0 }),
    ("no Connection", WireBuilder.responseLines.filter { !$0.hasPrefix("Connection") }),
    ("no Accept", Array(WireBuilder.responseLines.dropLast())),
    ("a wrong Accept", WireBuilder.responseLines.dropLast() + ["Sec-WebSocket-Accept: \(WireBuilder.key)"]),
    ("an extension", WireBuilder.responseLines + ["Sec-WebSocket-Extensions: permessage-deflate"]),
    ("a subprotocol", WireBuilder.responseLines + ["Sec-WebSocket-Protocol: chat"]),
  ]

  @Test("finds it", arguments: requests + answers)
  func finds(_ example: Example) {
    #expect(example.attempt.broken == example.broken)
  }

  @Test("an unlawful answer taken", arguments: unlawful)
  func unlawfulAnswerTaken(_ name: String, _ response: [String]) {
    let attempt = Attempt.make {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request()
      $0.wire.respond(response)
      $0.connected()
      $0.wire.server(.text, "hello")
      $0.echoes("hello")
      $0.closes()
    }
    #expect(attempt.broken == ["opening-refused"])
  }

  @Test("an incomplete answer taken")
  func incompleteAnswerTaken() {
    let attempt = Attempt.make {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request()
      $0.wire.server(bytes: Array("HTTP/1.1 101 Switching".utf8))
      $0.connected()
      $0.wire.end()
      $0.ended()
    }
    #expect(attempt.broken == ["opening-refused"])
  }
}
