import Steps
import WebSocketProtocol

extension OpeningResponse {
  /// The bytes that answer a request.
  func bytes(for request: ServerHandshake.Request) -> [UInt8] {
    switch self {
    case .raw(let payload):
      let bytes = payload.bytes ?? []
      return bytes.replacing(Array("{accept}".utf8), with: request.accept)
    case .accept(let edits):
      var head = ResponseHead(accept: String(decoding: request.accept, as: UTF8.self), key: request.key)
      for edit in edits { head.apply(edit, for: request) }
      return head.bytes
    }
  }

  /// What of permessage-deflate this agrees on with a request; nil where it leaves the extension unused.
  func agreement(with request: ServerHandshake.Request) -> DeflateParameters? {
    guard case .accept(let edits) = self else { return nil }
    let answers = edits.compactMap { edit in if case .deflate(let answer) = edit { answer } else { nil } }
    return answers.last?.granted(to: request)
  }

  /// The length of the head at the start of a response's bytes: to the empty line, or all where there is none.
  static func headLength(of bytes: [UInt8]) -> Int {
    bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? bytes.count
  }

  /// Whether a client may take the connection as open after these bytes.
  static func opens(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "HTTP/1.1 101".utf8) }
}

/// The lawful 101 (RFC 6455 section 4.2.2 item 5), open to edits.
private struct ResponseHead {
  var statusLine = "HTTP/1.1 101 Switching Protocols"
  var fields: [(name: String, value: String)]
  var appended: [UInt8] = []
  private let key: String

  init(accept: String, key: String) {
    self.key = key
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
  }

  mutating func apply(_ edit: OpeningResponse.HeadEdit, for request: ServerHandshake.Request) {
    switch edit {
    case .statusLine(let line): statusLine = line
    case .set(let name, let value): set(name, value)
    case .add(let name, let value): fields.append((name, value))
    case .remove(let name): fields.removeAll { $0.name.lowercased() == name.lowercased() }
    case .rename(let name, let other):
      for index in fields.indices where fields[index].name.lowercased() == name.lowercased() {
        fields[index].name = other
      }
    case .append(let payload): appended += payload.bytes ?? []
    case .subprotocol(let name): set("Sec-WebSocket-Protocol", name)
    case .accept(let form): set("Sec-WebSocket-Accept", form.value(forKey: key))
    case .deflate(let answer):
      if let granted = answer.granted(to: request) { set("Sec-WebSocket-Extensions", granted.element.text) }
    }
  }

  private mutating func set(_ name: String, _ value: String) {
    if let index = fields.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) {
      fields[index].value = value
    } else {
      fields.append((name, value))
    }
  }

  var bytes: [UInt8] {
    let lines = [statusLine] + fields.map { "\($0.name): \($0.value)" }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + appended
  }
}
