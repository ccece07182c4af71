import Steps
import WebSocketProtocol

// Steps as sentences without a subject and a full stop: "sends a text frame, not final, "frag"".

extension Payload {
  /// Most of a short payload, or the beginning of a long one and its length.
  var words: String {
    switch self {
    case .text(let text) where text.isEmpty: return "no payload"
    case .text(let text): return Self.excerpt(text)
    case .bytes(let bytes) where bytes.isEmpty: return "no payload"
    case .bytes(let bytes):
      let head = Hexadecimal.text(bytes.prefix(Self.shownBytes), separator: " ")
      return bytes.count > Self.shownBytes ? "\(head) ... (\(bytes.count) bytes)" : "bytes \(head)"
    case .repeated(let unit, let count):
      return "\(count) times \(Payload.bytes(unit).words) (\(unit.count * count) bytes)"
    case .random(let count, let kind): return "\(count) bytes of random \(kind.words)"
    }
  }

  private static let shownBytes = 24
  private static let shownCharacters = 60

  private static func excerpt(_ text: String) -> String {
    let shown = text.prefix(shownCharacters).description.escaped
    return text.count > shownCharacters ? "\"\(shown)...\" (\(text.utf8.count) bytes)" : "\"\(shown)\""
  }
}

extension Payload.RandomKind {
  fileprivate var words: String {
    switch self {
    case .binary: "binary data"
    case .ascii: "ASCII"
    case .words: "JSON-like text"
    case .utf8: "UTF-8"
    }
  }
}

extension String {
  /// Line ends as they are written in programs; other controls replaced.
  fileprivate var escaped: String {
    // Scalar by scalar: CR LF is one character.
    unicodeScalars.map { scalar in
      switch scalar {
      case "\r": "\\r"
      case "\n": "\\n"
      default: String(scalar).withoutControls
      }
    }.joined()
  }
}

extension FrameSpec {
  /// The frame with whatever is not as usual about it.
  var words: String {
    var parts = ["a \(opcode) frame"]
    if !isFinal { parts.append("not final") }
    if reservedBits != 0 { parts.append("reserved bits \(reservedBits)") }
    if maskingKey != nil { parts.append("masked") }
    switch lengthEncoding {
    case .minimal: break
    case .sixteenBit: parts.append("its length in the 16-bit form")
    case .sixtyFourBit: parts.append("its length in the 64-bit form")
    }
    if let declaredLength { parts.append("declaring \(declaredLength) bytes") }
    return (parts + [payload.words]).joined(separator: ", ")
  }
}

extension OpeningResponse {
  var words: String {
    switch self {
    case .accept(let edits) where edits.isEmpty: "answers the opening handshake with the lawful 101"
    case .accept(let edits):
      "answers the opening handshake with a 101 that \(edits.map(\.words).joined(separator: ", "))"
    case .raw(let payload): "answers the opening handshake with \(payload.words)"
    }
  }
}

extension OpeningResponse.HeadEdit {
  fileprivate var words: String {
    switch self {
    case .statusLine(let line): "has the status line \(Payload.text(line).words)"
    case .set(let name, let value): "has \(name) set to \(Payload.text(value).words)"
    case .add(let name, let value): "has another \(name) header, \(Payload.text(value).words)"
    case .remove(let name): "lacks \(name)"
    case .rename(let name, let other): "writes \(name) as \(other)"
    case .append(let payload): "is followed by \(payload.words)"
    case .subprotocol(let name): "chooses the subprotocol \(name)"
    case .accept(let form): "has Sec-WebSocket-Accept in another form, \(form.rawValue)"
    case .deflate(let answer): "accepts an offer of compression\(answer.words)"
    }
  }
}

extension ServerStep {
  /// What the server does or waits for.
  var words: String {
    switch self {
    case .respond(let response): response.words
    case .sendFrame(let frame): "sends \(frame.words)"
    case .sendMessage(let message): "sends \(message.words)"
    case .sendBytes(let payload): "sends bytes that are no whole frame: \(payload.words)"
    case .expectFrame(let expectation): "waits for \(expectation.words)"
    case .expectMessage(let kind, let payload):
      "waits for a \(kind.map { "\($0.rawValue) " } ?? "")message\(payload.map { ", \($0.words)" } ?? "")"
    case .expectClose: "waits for a Close"
    case .expectEnd: "waits for the client's end of stream"
    case .pause(let milliseconds): "stays silent for \(milliseconds) ms"
    case .waitUntil(let milliseconds): "waits until \(milliseconds) ms after its first step"
    case .stopReading: "stops reading"
    case .resumeReading: "reads again"
    case .halfClose: "sends its end of stream and goes on reading"
    case .closeTCP: "ends TCP without a Close"
    case .resetTCP: "resets TCP"
    case .truncateTLS: "sends its end of stream without TLS's close_notify, and goes on reading"
    case .cutTLS(let count): "from here on sends only \(count) bytes of TLS, and then ends TCP"
    case .renegotiateTLS: "asks for another TLS handshake"
    case .barrier(let name): "waits until all connections have come to \(name)"
    }
  }
}

extension FrameExpectation {
  fileprivate var words: String {
    let parts = [
      opcode.map { "a \(Opcode(rawValue: $0)) frame" } ?? "a frame",
      isFinal.map { $0 ? "final" : "not final" }, payload?.words,
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}

extension ServerScript.Ending {
  /// What the server does after its steps.
  var words: String {
    switch self {
    case .closingHandshake: "then closes the connection with a closing handshake"
    case .awaitFailure: "then waits for the client to fail the connection"
    case .endOfStream: "then ends the stream"
    }
  }
}

extension ClientStep {
  /// What the client side does.
  var words: String {
    switch self {
    case .connect(let step): step.words
    case .echo(let name, let count):
      "echoes \(Self.messages(count))\(Self.place(name))"
    case .receive(let name, let count):
      "receives \(Self.messages(count))\(Self.place(name))"
    case .send(let name, let kind, let payload):
      "sends a \(kind.rawValue) message, \(payload.words)\(Self.place(name))"
    case .ping(let name, let payload): "sends a Ping, \(payload.words)\(Self.place(name))"
    case .close(let name, let code, let reason):
      "starts the closing handshake\(code.map { " with \($0)" } ?? "")"
        + "\(reason.map { " and \(Payload.text($0).words)" } ?? "")\(Self.place(name))"
    case .start(let task): "starts the task \(task)"
    case .join(let task): "waits for the task \(task) to end"
    case .cancel(let task): "cancels the task \(task)"
    case .barrier(let name): "waits until all tasks have come to \(name)"
    case .pause(let milliseconds): "waits \(milliseconds) ms"
    case .measure(let countsAllocations):
      "measures heap and heartbeat" + (countsAllocations ? ", and counts what is allocated from here" : "")
    case .watchLoad: "watches how busy the event loop is, until the other tasks are over"
    }
  }

  private static func messages(_ count: Int?) -> String {
    guard let count else { return "every message to the end" }
    return count == 1 ? "one message" : "\(count) messages"
  }

  private static func place(_ connection: String) -> String {
    connection == "main" ? "" : " on the connection \(connection)"
  }
}

extension ConnectStep {
  fileprivate var words: String {
    var parts = ["connects\(connection == "main" ? "" : " as \(connection)")"]
    if let url { parts.append("URL \(Payload.text(url).words)") }
    if target != "/{token}" { parts.append("target \(Payload.text(target).words)") }
    parts += headers.map { "header \($0.name.escaped): \(Payload.text($0.value).words)" }
    if !subprotocols.isEmpty {
      parts.append("asking for \(subprotocols.map(\.escaped).joined(separator: ", "))")
    }
    if compression { parts.append("offering compression") }
    if let tls { parts += tls.words }
    return parts.joined(separator: ", ")
  }
}
