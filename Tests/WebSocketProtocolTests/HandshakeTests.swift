import Testing
import WebSocketProtocol

@Suite("Opening handshake, RFC 6455 sections 3 and 4")
struct HandshakeTests {
  private let key = HandshakeKey(encoded: "dGhlIHNhbXBsZSBub25jZQ==".utf8)!

  struct URICase: Sendable, CustomTestStringConvertible {
    var text: String
    var host: String
    var port: UInt16
    var resource: String
    var hostField: String
    var testDescription: String { text }
  }

  @Test(
    "A URI is taken apart",
    arguments: [
      URICase(text: "ws://host", host: "host", port: 80, resource: "/", hostField: "host"),
      URICase(text: "wss://host", host: "host", port: 443, resource: "/", hostField: "host"),
      URICase(text: "WS://Host:80/", host: "host", port: 80, resource: "/", hostField: "host"),
      URICase(text: "ws://host:443/a", host: "host", port: 443, resource: "/a", hostField: "host:443"),
      URICase(text: "wss://host:80/a", host: "host", port: 80, resource: "/a", hostField: "host:80"),
      URICase(text: "ws://host?x", host: "host", port: 80, resource: "/?x", hostField: "host"),
      URICase(text: "ws://host:9?x=/a@b", host: "host", port: 9, resource: "/?x=/a@b", hostField: "host:9"),
      URICase(text: "ws://host:/a", host: "host", port: 80, resource: "/a", hostField: "host"),
      URICase(
        text: "ws://[::1]:8080/c?d", host: "::1", port: 8080, resource: "/c?d", hostField: "[::1]:8080"),
      URICase(
        text: "ws://[fe80::1%25eth0]", host: "fe80::1%25eth0", port: 80, resource: "/",
        hostField: "[fe80::1%25eth0]"),
      URICase(
        text: "ws://127.0.0.1:65535", host: "127.0.0.1", port: 65535, resource: "/",
        hostField: "127.0.0.1:65535"),
    ])
  func uri(_ expected: URICase) throws {
    let uri = try WebSocketURI(expected.text)
    #expect(uri.host == expected.host)
    #expect(uri.port == expected.port)
    #expect(uri.resourceName == expected.resource)
    #expect(uri.hostField == expected.hostField)
    #expect(try WebSocketURI(uri.description) == uri)
    #expect(
      try WebSocketURI(host: uri.host, port: uri.port, resourceName: uri.resourceName, isSecure: uri.isSecure)
        == uri)
  }

  @Test(
    "A URI that names no endpoint is refused",
    arguments: [
      ("http://host", WebSocketURI.Refusal.scheme), ("host", .scheme), ("", .scheme), ("ws:/host", .scheme),
      ("ws://", .host),
      ("ws:///path", .host), ("ws://:80", .host), ("ws://[::1", .host), ("ws://[host]", .host),
      ("ws://[::1]x", .host),
      ("ws://ho st", .host), ("ws://host:0", .port), ("ws://host:65536", .port), ("ws://host:x", .port),
      ("ws://host:-1", .port), ("ws://host/#f", .fragment), ("ws://host#", .fragment),
      ("ws://u:p@host", .userInformation),
      ("ws://host/a b", .resourceName), ("ws://host/é", .resourceName), ("ws://host/\r\nX: y", .resourceName),
    ])
  func refusedURI(text: String, refusal: WebSocketURI.Refusal) {
    #expect(throws: InvalidOperation.uriRefused(refusal)) { try WebSocketURI(text) }
  }

  @Test("The request of a client has the fields of section 4.1 in a fixed order")
  func request() throws {
    let handshake = try ClientHandshake(
      WebSocketURI("ws://example.com:81/chat?a=b"), key: key, headers: ["Origin": "http://example.com"],
      subprotocols: ["chat", "superchat"])
    let expected =
      "GET /chat?a=b HTTP/1.1\r\nHost: example.com:81\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      + "Sec-WebSocket-Protocol: chat, superchat\r\nOrigin: http://example.com\r\n\r\n"
    #expect(String(decoding: handshake.requestBytes, as: UTF8.self) == expected)
  }

  @Test(
    "Fields that would break the head, or that the handshake writes itself, are refused",
    arguments: [
      ("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\u{0}"), ("X Y", "a"), ("X:", "a"), ("", "a"),
      ("X\r\n", "a"),
      ("Host", "x"), ("sec-websocket-key", "x"), ("SEC-WEBSOCKET-EXTENSIONS", "x"), ("Content-Length", "1"),
    ])
  func injection(name: String, value: String) throws {
    let uri = try WebSocketURI("ws://host")
    #expect(throws: InvalidOperation.headerFieldRefused(name: name)) {
      try ClientHandshake(uri, key: key, headers: [name: value])
    }
  }

  @Test(
    "Subprotocols that are no tokens, or stand twice, are refused",
    arguments: [["a b"], [""], ["a,b"], ["a", "a"], ["a\r\n"]])
  func badSubprotocols(names: [String]) throws {
    let uri = try WebSocketURI("ws://host")
    #expect(throws: InvalidOperation.subprotocolRefused(names.last!)) {
      try ClientHandshake(uri, key: key, subprotocols: names)
    }
  }

  @Test("A nonce becomes a valid key, and the accept value is that of section 1.3")
  func keys() {
    var generator = SplitMix64(seed: 1)
    let drawn = HandshakeKey(using: &generator)
    #expect(HandshakeKey(encoded: drawn.encoded) == drawn)
    #expect(String(decoding: key.accept, as: UTF8.self) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(HandshakeKey(encoded: "dGhlIHNhbXBsZSBub25jZQ".utf8) == nil)
  }

  @Test("Client and server agree with each other, glued frames survive")
  func pair() throws {
    var client = try ClientHandshake(WebSocketURI("ws://host/p"), key: key, subprotocols: ["b", "a"])
    var server = ServerHandshake()
    guard case .request(let request, let consumed) = server.receive(client.requestBytes) else {
      Issue.record("the request was refused")
      return
    }
    #expect(consumed == client.requestBytes.count)
    #expect(request.resourceName == "/p")
    let response = try ServerHandshake.accept(request, subprotocol: "a", headers: ["Server": "wsrig"])
    guard case .accepted(let opened, let taken) = client.receive(response + [0x81, 0]) else {
      Issue.record("the response was refused")
      return
    }
    #expect(taken == response.count)
    #expect(opened.subprotocol == "a")
    #expect(opened.head.fields["server"] == "wsrig")
    #expect(throws: InvalidOperation.subprotocolRefused("c")) {
      try ServerHandshake.accept(request, subprotocol: "c")
    }
  }

  @Test("A request with another version is answered with 426 and the version we speak, section 4.4")
  func wrongVersion() {
    var server = ServerHandshake()
    let head =
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n"
    guard case .rejected(let rejection) = server.receive(Array(head.utf8)) else {
      Issue.record("the request was not refused")
      return
    }
    let answer = String(decoding: ServerHandshake.refuse(rejection), as: UTF8.self)
    #expect(answer.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
    #expect(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"))
  }

  @Test("A head beyond its limit is refused with 431 as soon as it exceeds it", arguments: [1, 7, 100])
  func longHead(chunk: Int) {
    var parser = HTTPHeadParser(limits: Limits(framePayload: 1, message: 1, head: 100))
    var last = HTTPHeadParser.Progress.incomplete
    var sent = 0
    while last == .incomplete, sent < 500 {
      last = parser.receiveArray(Array(repeating: UInt8(ascii: "a"), count: chunk))
      sent += chunk
    }
    #expect(last == .rejected(HandshakeRejection(.headTooLong(limit: 100), status: 431)))
    #expect(sent < 100 + 2 * chunk)
    #expect(parser.rawBytes.count <= 100)
  }

  @Test("A head of exactly the limit is taken")
  func headOfTheLimit() {
    let head = Array("GET / HTTP/1.1\r\nA: b\r\n\r\n".utf8)
    for limit in [head.count - 1, head.count] {
      var parser = HTTPHeadParser(limits: Limits(framePayload: 1, message: 1, head: limit))
      let progress = parser.receiveArray(head + [1, 2, 3])
      if limit == head.count, case .complete(let parsed, let consumed) = progress {
        #expect(consumed == head.count)
        #expect(parsed.rawBytes == head)
        #expect(parsed.startLine == "GET / HTTP/1.1")
        #expect(parsed.fields["a"] == "b")
      } else {
        #expect(limit == head.count - 1)
        #expect(progress == .rejected(HandshakeRejection(.headTooLong(limit: limit), status: 431)))
      }
    }
  }

  @Test("Header fields keep their order and repetitions, and compare without case")
  func headerFields() {
    let fields: HeaderFields = ["A": "1", "b": "2, 3", "a": "4 ,, 5", "B": ""]
    #expect(fields[all: "a"] == ["1", "4 ,, 5"])
    #expect(fields["B"] == "2, 3")
    #expect(fields.list("A") == ["1", "4", "5"])
    #expect(fields["c"] == nil)
  }
}

extension HTTPHeadParser {
  fileprivate mutating func receiveArray(_ bytes: [UInt8]) -> Progress {
    bytes.withUnsafeBytes { receive($0) }
  }
}
