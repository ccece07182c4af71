import Traces

/// What the server's answer to the opening handshake means for a client (RFC 6455 section 4.1).
public enum OpeningModel: Sendable, Hashable {
  /// Nothing came of it: no request, or no answer before the end of the attempt.
  case unanswered
  /// A lawful 101: the connection is established.
  case accepted
  /// The client must fail the connection; what is wrong, and the section that says so.
  case refused(String, section: String)
  /// A 101 that is odd in a way that the RFC does not decide.
  case undecided(String)

  /// Judges an answer by the request that it answers.
  public init(_ connection: DecodedConnection, serverByteCount: Int) {
    guard let request = connection.request else {
      self = .unanswered
      return
    }
    guard let response = connection.response else {
      self =
        serverByteCount == 0 && connection.serverEnd == nil
        ? .unanswered : .refused("the response head never was complete", section: "4.1")
      return
    }
    // Where more came than the head that is known, the capture was cut, and nothing is known of its end.
    guard response.isEnded || response.bytes.count < serverByteCount else {
      self = .refused("the response head never was complete", section: "4.1")
      return
    }
    // Before the status line some pass over empty lines, as servers should before a request line (RFC 7230 section 3.5).
    let lines = DecodedHead(response.bytes.drop { $0 == 0x0D || $0 == 0x0A })
    if let defect = Self.defect(of: lines, for: request) {
      self = .refused(defect, section: "4.1")
    } else if case .broken(let defect, let section) = DeflateNegotiation(connection) {
      self = .refused(defect, section: section)
    } else if let oddity = Self.oddity(of: response) ?? Self.oddity(of: connection) {
      self = .undecided(oddity)
    } else {
      self = .accepted
    }
  }

  /// Whether an answer of which only these bytes have come may still be lawful; a client need not wait for the rest of another, nor
  /// of one that is longer than usual.
  static func mayBecomeLawful(_ bytes: [UInt8]) -> Bool {
    guard bytes.count <= longestUsualHead else { return false }
    guard let end = bytes.lastIndex(of: 0x0A) else {
      return zip(bytes, "HTTP/1.1 101".utf8).allSatisfy { $0 == $1 }
        && !bytes.dropLast().contains(where: DecodedHead.isStrayControl)
    }
    let rest = bytes[(end + 1)...]
    let name = rest.prefix { $0 != 0x3A && $0 != 0x0D }
    let hasControls = rest.dropLast().contains(where: DecodedHead.isStrayControl)
    let isName =
      name.isEmpty ? rest.first != 0x3A : DecodedHead.isToken(String(decoding: name, as: UTF8.self))
    return !hasControls && isName && oddity(of: DecodedHead(bytes[...end])) == nil
  }

  /// The first of the reasons for which section 4.1 demands that the client fail the connection.
  private static func defect(of response: DecodedHead, for request: DecodedHead) -> String? {
    // Blanks, letter case and leading zeros may be read leniently (RFC 7230 section 3.5); that is odd, and no more.
    let status = response.startLine.split(maxSplits: 2) { $0 == " " || $0 == "\t" }
    guard status.count >= 2, Words.isSameInASCII(String(status[0].prefix(5)), "HTTP/"),
      status[1].drop(while: { $0 == "0" }) == "101"
    else {
      return "the status line is \(Words.quoted(Array(response.startLine.utf8)))"
    }
    let upgrade = response.values("Upgrade")
    guard !upgrade.isEmpty, upgrade.allSatisfy({ Words.isSameInASCII($0, "websocket") }) else {
      return upgrade.isEmpty ? "the Upgrade header is missing" : "the Upgrade header is not websocket"
    }
    guard response.list("Connection").contains(where: { Words.isSameInASCII($0, "upgrade") }) else {
      return "the Connection header has no token Upgrade"
    }
    return acceptDefect(of: response, for: request) ?? choiceDefect(of: response, for: request)
  }

  private static func acceptDefect(of response: DecodedHead, for request: DecodedHead) -> String? {
    let values = response.values("Sec-WebSocket-Accept")
    guard let key = request.values("Sec-WebSocket-Key").first, !values.isEmpty else {
      return values.isEmpty ? "the Sec-WebSocket-Accept header is missing" : nil
    }
    let right = Digests.accept(forKey: key)
    return values.contains(right) ? nil : "Sec-WebSocket-Accept is not the value for the key"
  }

  private static func choiceDefect(of response: DecodedHead, for request: DecodedHead) -> String? {
    let offered = request.extensions.map(\.name)
    if let unasked = response.extensions.map(\.name).first(where: { !offered.contains($0) }) {
      return "the extension \(Words.line(unasked)) was not asked for"
    }
    // An empty value, or a name in other letters, may be read leniently; that is odd, and no more.
    let wanted = request.list("Sec-WebSocket-Protocol").map { $0.lowercased() }
    let chosen = response.values("Sec-WebSocket-Protocol").filter { !$0.isEmpty }
    return chosen.first { !wanted.contains($0.lowercased()) }.map {
      "the subprotocol \(Words.line($0)) was not asked for"
    }
  }

  /// What only the whole connection tells.
  private static func oddity(of connection: DecodedConnection) -> String? {
    if connection.interimCount > 0 { return "an interim answer before it" }
    let wanted = connection.request?.list("Sec-WebSocket-Protocol") ?? []
    let chosen = connection.response?.values("Sec-WebSocket-Protocol") ?? []
    if chosen.contains(where: { !wanted.contains($0) }) {
      return "a subprotocol that is empty or in other letters"
    }
    // A client that cannot support what was agreed fails the connection (RFC 7692 section 7.1), and zlib has no compressor
    // whose window has 8 bits.
    let agreement = DeflateNegotiation(connection).agreement
    return agreement?.client.windowBits == 8 ? "a window of 8 bits for the client's messages" : nil
  }

  /// So many bytes of a head every client takes; none of the RFCs names a limit, and a board has to have one.
  private static let longestUsualHead = 8192

  private static func oddity(of response: DecodedHead) -> String? {
    if response.bytes.count > longestUsualHead { return "a head of more than \(longestUsualHead) bytes" }
    if response.bareLineEndOffset != nil { return "a line does not end in CR LF" }
    if response.startLine.isEmpty { return "an empty line before the status line" }
    if !response.startLine.hasPrefix("HTTP/1.1 101 ") { return "an unusual status line" }
    if response.fields.contains(where: { !$0.isWellFormed }) { return "a malformed header line" }
    if !response.values("Connection").allSatisfy(isTokenList) { return "a malformed Connection header" }
    if response.hasMalformedExtensions { return "a malformed Sec-WebSocket-Extensions header" }
    // RFC 7230 sections 3.3.1 and 3.3.2 forbid a server both, and 6.1 has `close` end the connection behind the answer.
    for name in ["Content-Length", "Transfer-Encoding"] where !response.values(name).isEmpty {
      return "a \(name) header"
    }
    if response.list("Connection").contains(where: { Words.isSameInASCII($0, "close") }) {
      return "a Connection header with close"
    }
    for name in ["Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Upgrade"]
    where response.values(name).count > 1 {
      return "several \(name) headers"
    }
    return nil
  }

  /// Whether a value is a list of tokens, at least one, between which empty members count for nothing (RFC 7230 section 7).
  private static func isTokenList(_ value: String) -> Bool {
    let members = DecodedHead.members(of: value)
    return !members.isEmpty && members.allSatisfy(DecodedHead.isToken)
  }
}

extension StringProtocol {
  func trimmingBlanks() -> String { DecodedHead.trimmed(Substring(self)) }
}
