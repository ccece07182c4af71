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
    _ edit: (inout [String]) -> Void, step: ConnectStep = ConnectStep(), lineEnd: String = "\r\n",
    server: ServerAddress? = nil
  ) -> Attempt {
    var lines = WireBuilder.requestLines
    edit(&lines)
    return .make(ClientScript([.connect(step), .echo()])) {
      $0.server = server
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
    Example(
      "an absolute URI that names the server", breaks: [],
      request({ $0[0] = "GET http://127.0.0.1:8080/t0k HTTP/1.1" }, server: .usual)),
    Example(
      "an absolute URI, whatever server it is", breaks: [],
      request { $0[0] = "GET HTTP://127.0.0.1:8080/t0k HTTP/1.1" }),
    Example(
      "an absolute URI with another path", breaks: ["request-target"],
      request({ $0[0] = "GET http://127.0.0.1:8080/other HTTP/1.1" }, server: .usual)),
    Example(
      "an absolute URI that names another server", breaks: ["request-target"],
      request({ $0[0] = "GET http://127.0.0.1:9000/t0k HTTP/1.1" }, server: .usual)),
    Example(
      "an absolute https URI for wss", breaks: [],
      request(
        { $0[0] = "GET https://127.0.0.1:8080/t0k HTTP/1.1" },
        step: ConnectStep(url: "wss://{host}:{port}/{token}"), server: .usual)),
    Example(
      "an absolute http URI for wss", breaks: ["request-target"],
      request(
        { $0[0] = "GET http://127.0.0.1:8080/t0k HTTP/1.1" },
        step: ConnectStep(url: "wss://{host}:{port}/{token}"), server: .usual)),
    Example(
      "percent-encoding in the other case, which means the same", breaks: [],
      request({ $0[0] = "GET /t0k/%C3%a4 HTTP/1.1" }, step: ConnectStep(target: "/{token}/%c3%A4"))),
    Example(
      "an absolute URI of another scheme", breaks: ["request-target"],
      request({ $0[0] = "GET ws://127.0.0.1:8080/t0k HTTP/1.1" }, server: .usual)),
    Example("lines without CR", breaks: ["request-form"], request({ _ in }, lineEnd: "\n")),
    Example("a blank in a name", breaks: ["request-form"], request { $0.append("X Y: 1") }),
    Example("Host twice", breaks: ["request-form"], request { $0.append("Host: 127.0.0.1:8080") }),
    Example("no Host", breaks: ["request-host"], request { $0.remove(at: 1) }),
    Example("a Host without port", breaks: ["request-host"], request { $0[1] = "Host: localhost" }),
    Example(
      "another port in Host", breaks: ["request-host"],
      request({ _ in }, server: ServerAddress(host: "127.0.0.1", port: 9000))),
    Example(
      "the default port left out of Host", breaks: [],
      request({ $0[1] = "Host: 127.0.0.1" }, server: ServerAddress(host: "127.0.0.1", port: 80))),
    Example(
      "the default port kept in Host", breaks: [],
      request({ $0[1] = "Host: 127.0.0.1:80" }, server: ServerAddress(host: "127.0.0.1", port: 80))),
    Example(
      "user information in Host", breaks: ["request-host"],
      request(
        { $0[1] = "Host: u:p@127.0.0.1:8080" }, step: ConnectStep(url: "ws://u:p@{host}:{port}/{token}"),
        server: .usual)),
    Example(
      "an IPv6 address without its brackets", breaks: ["request-host"],
      request(
        { $0[1] = "Host: ::1:8080" }, step: ConnectStep(url: "ws://[::1]:{port}/{token}"), server: .usual)),
    Example(
      "a host name in another case", breaks: [],
      request(
        { $0[1] = "Host: localhost:8080" }, step: ConnectStep(url: "WS://LOCALHOST:{port}/{token}"),
        server: .usual)),
    Example(
      "a control character in the target", breaks: ["request-line"],
      request({ $0[0] = "GET /t0k\u{7F} HTTP/1.1" }, step: ConnectStep(target: "/{token}\u{7F}"))),
    Example(
      "a query put in another form", breaks: ["request-target"],
      request(
        { $0[0] = "GET /t0k?a=b%20c HTTP/1.1" }, step: ConnectStep(url: "ws://{host}:{port}/{token}?a=b+c"))),
    Example(
      "a subprotocol that is no token", breaks: ["request-subprotocols"],
      request({ $0.append("Sec-WebSocket-Protocol: a b") }, step: ConnectStep(subprotocols: ["a b"]))),
    Example(
      "a subprotocol twice", breaks: ["request-subprotocols"],
      request({ $0.append("Sec-WebSocket-Protocol: a, a") }, step: ConnectStep(subprotocols: ["a", "a"]))),
    Example(
      "a subprotocol twice, asked for once", breaks: [],
      request({ $0.append("Sec-WebSocket-Protocol: a") }, step: ConnectStep(subprotocols: ["a", "a"]))),
    Example(
      "the application's version beside the client's", breaks: ["request-form:QUALITY"],
      request(
        { $0.append("Sec-WebSocket-Version: 8") },
        step: ConnectStep(headers: [.init("Sec-WebSocket-Version", "8")]))),
    Example(
      "a line end let through by a bare LF", breaks: ["request-no-injection"],
      request(
        { $0 += ["X-A: 1", "X-Evil: 2"] }, step: ConnectStep(headers: [.init("X-A", "1\nX-Evil: 2")]))),
    Example("no Upgrade", breaks: ["request-upgrade"], request { $0.remove(at: 2) }),
    Example("no Connection: Upgrade", breaks: ["request-upgrade"], request { $0[3] = "Connection: close" }),
    Example("version 8", breaks: ["request-version"], request { $0[5] = "Sec-WebSocket-Version: 8" }),
    Example(
      "a header missing", breaks: ["request-headers:QUALITY"],
      request({ _ in }, step: ConnectStep(headers: [.init("X-Board", "pico")]))),
    Example(
      "two headers of a name joined with a comma", breaks: [],
      request(
        { $0.append("X-Multi: one, two") },
        step: ConnectStep(headers: [.init("X-Multi", "one"), .init("X-Multi", "two")]))),
    Example(
      "two headers of a name joined in another order", breaks: ["request-headers:QUALITY"],
      request(
        { $0.append("X-Multi: two, one") },
        step: ConnectStep(headers: [.init("X-Multi", "one"), .init("X-Multi", "two")]))),
    Example(
      "a header mangled", breaks: ["request-headers:QUALITY"],
      request({ $0.append("X-Board: pi") }, step: ConnectStep(headers: [.init("X-Board", "pico")]))),
    Example(
      "subprotocols out of order", breaks: ["request-subprotocols"],
      request({ $0.append("Sec-WebSocket-Protocol: b, a") }, step: ConnectStep(subprotocols: ["a", "b"]))),
    Example(
      "a line end let through", breaks: ["request-no-injection"],
      request(
        { $0 += ["X-A: 1", "X-Evil: 2"] }, step: ConnectStep(headers: [.init("X-A", "1\r\nX-Evil: 2")]))),
    Example(
      "a line end in front of the value let through", breaks: ["request-no-injection"],
      request(
        { $0 += ["X-A: ", "X-Evil: 2"] }, step: ConnectStep(headers: [.init("X-A", "\r\nX-Evil: 2")]))),
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
      "a part of an answer taken for all of it", breaks: ["opening-accepted"],
      .givesUp("HTTP/1.1", type: "Exception") {
        $0.server(bytes: Array("HTTP/1.1 1".utf8))
      }),
    Example(
      "an odd answer refused where the scenario wants it taken", breaks: ["opening-accepted:MAY"],
      .givesUp("no", requirement: .may) {
        $0.respond(["HTTP/1.1 101"] + WireBuilder.responseLines.dropFirst())
      }),
    Example(
      "frames after a refusal", breaks: ["no-frames-after-refusal"],
      .givesUp("404") {
        $0.respond(["HTTP/1.1 404 Not Found"])
        $0.client(.text, "hi")
      }),
    Example(
      "another subprotocol than was chosen", breaks: ["subprotocol-in-use"], subprotocol(reported: "b")),
    Example(
      "a lawful head beyond what boards can keep, refused: no MUST, headOf9000Bytes",
      breaks: ["opening-accepted:QUALITY"],
      .givesUp("too long", requirement: .quality) {
        $0.respond(WireBuilder.responseLines + ["X-Long: " + String(repeating: "l", count: 9000)])
      }),
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

  @Test(
    "a client that offers permessage-deflate unbidden may take the answer that a scenario takes for unasked")
  func offeredUnbidden() {
    for offers in [true, false] {
      let attempt = Attempt.make(expected: Expected(opening: .refused)) {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request(
          WireBuilder.requestLines + (offers ? ["Sec-WebSocket-Extensions: permessage-deflate"] : []))
        $0.wire.respond(WireBuilder.responseLines + ["Sec-WebSocket-Extensions: permessage-deflate"])
        $0.connected()
        $0.closes()
      }
      #expect(attempt.broken == (offers ? [] : ["opening-refused"]))
    }
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

  @Test("a second request let through behind an empty line")
  func secondRequest() {
    let attempt = Self.request(
      { $0 += ["X-A: 1", "", "GET /evil HTTP/1.1"] },
      step: ConnectStep(headers: [.init("X-A", "1\r\n\r\nGET /evil HTTP/1.1")]))
    #expect(attempt.broken.contains("request-no-injection"))
  }

  @Test("a head that the server refused is looked at all the same")
  func refusedHead() {
    var attempt = Self.request({ $0[0] = "GET /t0k a HTTP/1.1" }, step: ConnectStep(target: "/{token} a"))
    attempt.wire.trace.requestHeadLength = nil
    #expect(attempt.broken.contains("request-line"))
  }

  @Test("a Kelvin sign is no k, and a list no websocket")
  func upgradeValues() {
    for value in ["websoc\u{212A}et", "websocket, h2c", "h2c, websocket"] {
      let attempt = Attempt.make {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        $0.wire.respond(WireBuilder.responseLines.map { $0.hasPrefix("Upgrade") ? "Upgrade: \(value)" : $0 })
        $0.connected()
        $0.closes()
      }
      #expect(attempt.broken == ["opening-refused"], "\(value)")
    }
  }

  // MARK: URLs that name the loopback

  private func unopened(_ type: String, url: String?) -> Judgement {
    let device = Attempt.make(ClientScript([.connect(ConnectStep(url: url)), .echo()])) {
      $0.wires = []
      $0.app(.connectFailed(ClientException(type: type, message: "x")), step: 0)
    }
    return Judge.judge(case: device.case, device: device.trace, reference: JudgeTests.lawful.trace)
  }

  @Test("what the network does not reach is unsupported; a URL taken for wrong is a failure")
  func unreachableLoopback() {
    #expect(unopened("OSError", url: "ws://[::1]:{port}/{token}").verdict == .unsupported)
    #expect(unopened("ValueError", url: "ws://[::1]:{port}/{token}").verdict == .failed)
    #expect(unopened("OSError", url: "ws://{host}:{port}/{token}").verdict == .failed)
    #expect(unopened("OSError", url: nil).verdict == .failed)
  }
}

extension ServerAddress {
  /// Where the hand-made wires come from.
  static let usual = ServerAddress(host: "127.0.0.1", port: 8080)
}
