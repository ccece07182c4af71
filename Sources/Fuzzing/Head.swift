import Scenarios
import Steps
import WebSocketProtocol

/// The head of a response while it is being made: its lines, and how they end.
struct Head {
  static let upgrade = "Upgrade: websocket"
  static let connection = "Connection: Upgrade"
  static let accept = "Sec-WebSocket-Accept: {accept}"

  /// What may be changed.
  private enum Part { case accept, upgrade, connection, extensions, subprotocol, status, syntax }

  private static let parts: [(weight: Int, element: Part)] = [
    (20, .accept), (13, .upgrade), (16, .connection), (7, .extensions), (9, .subprotocol), (14, .status),
    (21, .syntax),
  ]

  private var statusLine = "HTTP/1.1 101 Switching Protocols"
  private var fields = [Self.upgrade, Self.connection, Self.accept]
  private var lineEnd = "\r\n"
  /// A value of Sec-WebSocket-Accept that comes near the right one.
  private var form: AcceptForm?

  var response: OpeningResponse {
    guard let form else {
      return .raw(.text(([statusLine] + fields + ["", ""]).joined(separator: lineEnd)))
    }
    return .accept(edits: [.accept(form)])
  }

  /// Changes something; `asked` are the subprotocols that the client asks for.
  mutating func change(_ dice: inout Dice, _ asked: inout [String]) {
    switch dice.inTurn(weighted: Self.parts) {
    case .accept: changeAccept(&dice)
    case .upgrade: set("Upgrade", to: dice.inTurn(Self.upgrades), &dice)
    case .connection: set("Connection", to: dice.inTurn(Self.connections), &dice)
    case .extensions: addExtension(&dice)
    case .subprotocol: chooseSubprotocol(&dice, &asked)
    case .status:
      statusLine = dice.inTurn(Self.statusLines)
      if statusLine.contains(" 30") {
        fields.append("Location: \(dice.pick(["?", "/elsewhere", "//127.0.0.1:9/"]))")
      }
    case .syntax: changeSyntax(&dice)
    }
  }

  private func index(of name: String) -> Int? {
    fields.firstIndex { $0.lowercased().hasPrefix(name.lowercased() + ":") }
  }

  /// Replaces a header's value, removes the header, repeats it, or gives it another name.
  private mutating func set(_ name: String, to value: String, _ dice: inout Dice) {
    guard let index = index(of: name) else { return }
    switch dice.number(0...19) {
    case 0: fields.remove(at: index)
    case 1: fields.append(fields[index])
    case 2: fields.insert("\(name): \(value)", at: index)
    case 3: fields.append("\(name): \(value)")
    case 4: fields[index] = dice.pick(["X-", "Proxy-"]) + fields[index]
    case 5: fields[index] = name + dice.pick(["s", "-Id"]) + fields[index].dropFirst(name.count)
    case 6:
      statusLine += " " + fields[index]
      fields.remove(at: index)
    default: fields[index] = "\(name): \(value)"
    }
  }

  private mutating func changeAccept(_ dice: inout Dice) {
    if dice.chance(60) { return form = dice.inTurn(AcceptForm.allCases) }
    if dice.chance(15) {
      // Beside the right one, before it or behind it: which of them counts?
      let other = "Sec-WebSocket-Accept: \(dice.pick(["s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", "{accept}A"]))"
      return fields.insert(other, at: dice.chance(50) ? 0 : fields.count)
    }
    set("Sec-WebSocket-Accept", to: dice.inTurn(Self.accepts), &dice)
  }

  private mutating func addExtension(_ dice: inout Dice) {
    let value = dice.pick([
      "permessage-deflate", "x-unknown; level=1", "permessage-deflate; server_max_window_bits=10", "=;,", "",
      "x-one, x-two; a=\"b, c\"", "permessage-bzip2",
    ])
    fields.append("\(dice.chance(80) ? "Sec-WebSocket-Extensions" : "sec-websocket-extensions"): \(value)")
  }

  private mutating func chooseSubprotocol(_ dice: inout Dice, _ asked: inout [String]) {
    asked = dice.chance(80) ? Array(dice.shuffled(Self.subprotocols).prefix(dice.number(1...4))) : []
    let near = asked + asked.map { $0 + "s" } + asked.map { "\"\($0)\"" } + [asked.joined(separator: ", ")]
    let value = dice.chance(55) ? dice.pick(asked + ["mqtt"]) : dice.pick(near + ["", "mqtt", "chat; v=1"])
    guard dice.chance(85) else { return }
    fields.append("Sec-WebSocket-Protocol: \(value)")
    if dice.chance(8) { fields.append("Sec-WebSocket-Protocol: \(value)") }
  }

  /// How lines may be written (RFC 7230 section 3.2), and how not.
  private mutating func changeSyntax(_ dice: inout Dice) {
    switch dice.inTurn(Array(0...15)) {
    case 0: fields = fields.map { Self.renamed($0) { $0.lowercased() } }
    case 1: fields = fields.map { Self.renamed($0) { $0.uppercased() } }
    case 2: fields = fields.map { $0.replacing(": ", with: dice.pick([":", ":\t", ": \t "])) }
    case 3: fields = fields.map { $0 + dice.pick([" ", "\t", " \t "]) }
    case 4: fields = dice.shuffled(fields)
    case 5: fields.insert(dice.inTurn(Self.others), at: dice.number(0...fields.count))
    case 6: for number in 0..<dice.pick([12, 30, 60]) { fields.append("X-Header-\(number): \(number)") }
    case 7: grow(to: dice.inTurn([256, 512, 768, 1024, 1500, 3100, 4000]) + dice.pick([0, 0, 0, 1, -1]))
    case 8: fields.insert("X-Cookie: " + String(repeating: "c", count: dice.pick([300, 1000, 3500])), at: 0)
    case 9: for _ in 0..<2 { fields.append("Set-Cookie: a=\(dice.number(0...9)); Path=/") }
    case 10: lineEnd = "\n"
    case 11: fields.insert(dice.inTurn(Self.malformed), at: dice.number(0...fields.count))
    case 12: fields[0] = fields[0].replacing(":", with: " :")
    case 13:
      let line = dice.pick([
        "X-Look: a\r\(Self.upgrade)", "X-Look: Upgrade: h2c", "X-Look: Connection: close",
      ])
      fields.insert(line, at: 0)
      // Who takes a bare CR for the end of a line finds there what is nowhere else.
      if dice.chance(60) { fields.removeAll { $0 == Self.upgrade } }
    case 14: fields.append("X-Empty:")
    default: fields.append(dice.inTurn(Self.similar))
    }
  }

  private static func renamed(_ field: String, _ change: (String) -> String) -> String {
    let name = field.prefix { $0 != ":" }
    return change(String(name)) + field.dropFirst(name.count)
  }

  /// Makes the head that long, once the value of Sec-WebSocket-Accept is in it, which has 28 characters.
  private mutating func grow(to count: Int) {
    let head = ([statusLine] + fields + ["", ""]).joined(separator: "\r\n")
    // Bytes: to Swift, CR and LF are one character.
    let length = head.utf8.count - "{accept}".count + 28
    let name = "X-Filler: "
    fields.append(name + String(repeating: "f", count: max(0, count - length - name.count - 2)))
  }
}

/// Values, right and wrong, that some comparison takes for what they are not.
extension Head {
  private static let upgrades = [
    "WebSocket", "WEBSOCKET", "websocket", "h2c", "websockets", "websocket/13", "websocket, h2c",
    "h2c, websocket", "", "websoc\u{212A}et", "web socket", "xwebsocket",
  ]
  private static let connections = [
    "upgrade", "uPgRaDe", "keep-alive, Upgrade", "upgrade,keep-alive", "keep-alive\t,\tUpgrade\t, x",
    ", ,Upgrade,,",
    "close", "Upgraded", "X-Upgrade", "keep-alive", "", "keep-alive; Upgrade", "\"Upgrade\"",
    "keep-alive Upgrade",
    "close, Upgrade", String(repeating: "x-hop-by-hop, ", count: 24) + "Upgrade", "a, Upgrade, b",
  ]
  private static let accepts = [
    "", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "{accept}A", "A{accept}", " \t {accept} \t", "x{accept}", "{accept},",
  ]
  private static let subprotocols = ["chat", "superchat", "v1.board", "mqtt5", "x-odd!#$%"]
  private static let others = [
    "Date: Sun, 22 Nov 2026 22:00:00 GMT", "Server: a/1 (b; c)", "X-Name: caf\u{E9}", "Vary: Origin, Cookie",
    "X-Quoted: \"a: b\", c", "Content-Length: 0", "Transfer-Encoding: chunked", "X-!#$%&'*+.^_`|~9: odd",
  ]
  private static let malformed = [
    "no colon in this line", ": no name", " X-Folded: folded", "X Bad: name", "X-Nul: a\u{0}b",
  ]
  private static let similar = [
    "Upgrade-Insecure-Requests: 1", "Connection-Id: close", "Sec-WebSocket-Accept-Hash: none",
    "X-Upgrade: h2c",
    "Proxy-Connection: close", "Sec-WebSocket-Extensions-Off: 1",
  ]
  private static let statusLines = [
    "HTTP/1.1 101 ", "HTTP/1.1 101 OK", "HTTP/1.1 101 Zug\u{E9}",
    "HTTP/1.1 101 " + String(repeating: "s", count: 90),
    "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 302 Found", "HTTP/1.1 1010 Switching Protocols",
    "HTTP/1.1 10 Switching Protocols", "ICY 101 Switching Protocols", "HTTP/1.1 Switching Protocols",
    "HTTP/1.1 ABC Switching Protocols", "HTTP/1.1 1O1 Switching Protocols",
    "HTTP/1.1 +101 Switching Protocols",
    "HTTP/1.1 101x Switching Protocols", "HTTP/1.1 101.0 Switching Protocols", "101 Switching Protocols",
    "HTTP/1.1 \u{FF11}\u{FF10}\u{FF11} Switching Protocols", "HTTP 101 Switching Protocols",
    "HTTP/1.1 404 101 Switching Protocols", "HTTP/1.0 101 Switching Protocols", "HTTP/1.1 100 Continue",
    "HTTP/1.1  101 Switching Protocols", "http/1.1 101 Switching Protocols", "HTTP/1.1 201 101",
    "HTTP/1.1 0x65 Switching Protocols", "",
  ]
}
