import Foundation
import Scenarios
import Steps
import Traces

/// The client's request (RFC 6455 section 4.1).
extension Rule {
  static let openingRequest: [Rule] = [
    Rule("request-line", .opening, rfc: "4.1", .must, "The request is a GET of HTTP/1.1 or higher.") {
      $0.onRequest { $0.requestLineFindings }
    },
    Rule("request-target", .opening, rfc: "3", .must, "The request names the URL's path and query.") {
      $0.onRequest { $0.targetFindings }
    },
    Rule("request-form", .opening, rfc: "4.1", .must, "The request is well-formed: whole lines, fields once.")
    {
      $0.onRequest { $0.formFindings }
    },
    Rule("request-host", .opening, rfc: "4.1", .must, "One Host header names the server and its port.") {
      $0.onRequest { $0.hostFindings }
    },
    Rule(
      "request-upgrade", .opening, rfc: "4.1", .must,
      "Upgrade: websocket and Connection: Upgrade ask for the protocol."
    ) {
      $0.onRequest { $0.upgradeFindings }
    },
    Rule(
      "request-key", .opening, rfc: "4.1", .must,
      "Sec-WebSocket-Key holds 16 random bytes, fresh for each connection."
    ) {
      $0.onRequest { $0.keyFindings }
    },
    Rule("request-version", .opening, rfc: "4.1", .must, "Sec-WebSocket-Version is 13.") {
      $0.onRequest { $0.versionFindings }
    },
    Rule(
      "request-headers", .opening, rfc: "4.1", .quality,
      "The application's headers are in the request, intact and once."
    ) {
      $0.onRequest { $0.headerFindings }
    },
    Rule(
      "request-subprotocols", .opening, rfc: "4.1", .must,
      "The application's subprotocols are asked for, in order."
    ) {
      $0.onRequest { $0.subprotocolRequestFindings }
    },
    Rule(
      "request-no-injection", .opening, rfc: "4.1", .must,
      "Line ends in what the application gives make no new lines."
    ) {
      $0.onRequest { $0.injectionFindings }
    },
    Rule(
      "request-then-wait", .opening, rfc: "4.1", .must, "After its request a client waits for the response."
    ) {
      $0.earlyDataFindings
    },
  ]
}

extension RuleContext {
  fileprivate func onRequest(_ find: (RequestView) -> [Finding]) -> [Finding] {
    guard let request = decoded.request else { return [] }
    let view = RequestView(context: self, head: request)
    guard view.isMisused else { return find(view) }
    return find(view).map { Finding(at: $0.streamOffset, $0.sentence, requirement: .quality, rfc: $0.rfc) }
  }

  /// Certain where the server had sent nothing when the bytes came.
  fileprivate var earlyDataFindings: [Finding] {
    guard let head = trace?.requestHeadLength, let events = trace?.events else { return [] }
    var received = 0
    for event in events {
      if case .sent = event.kind { return [] }
      if case .received(let count) = event.kind { received += max(0, count) }
      if received > head {
        return [
          Finding(
            at: head,
            "The client sent \(Words.bytes(received - head)) behind its request before any response.")
        ]
      }
    }
    return []
  }
}

/// A request and what it was to contain.
private struct RequestView {
  let context: RuleContext
  let head: DecodedHead

  var step: ConnectStep? { context.application.connectStep }
  var expectation: RequestExpectation? { context.expected.request }

  /// Words of the start line.
  var words: [Substring] { head.startLine.split(separator: " ", omittingEmptySubsequences: false) }

  var requestLineFindings: [Finding] {
    let version = words.last.flatMap { Self.version($0) }
    guard words.count == 3, words[0] == "GET", !words[1].isEmpty, let version, version >= (1, 1) else {
      return [
        Finding(at: 0, "The request line is \(Words.quoted(Array(head.startLine.utf8))), not GET … HTTP/1.1.")
      ]
    }
    guard words[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      let target = Words.quoted(Array(words[1].utf8))
      return [Finding(at: 0, "The request asks for \(target), which has characters that no URL has.")]
    }
    return []
  }

  private static func version(_ text: Substring) -> (Int, Int)? {
    guard text.hasPrefix("HTTP/") else { return nil }
    let numbers = text.dropFirst(5).split(separator: ".").map { Int($0) }
    guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
    return (major, minor)
  }

  var targetFindings: [Finding] {
    guard words.count == 3, var wanted = (expectation?.target ?? step?.plainTarget)?.uppercasingEscapes else {
      return []
    }
    let target = String(askedResource(words[1])).uppercasingEscapes
    // The resource name has a question mark only before a query that is not empty (section 3); to keep a lone one is as good.
    if wanted.hasSuffix("?"), !target.hasSuffix("?") { wanted.removeLast() }
    let parts = wanted.components(separatedBy: "{token}")
    let token = context.trace?.token ?? ""
    if parts.count == 1, target == wanted { return [] }
    if parts.count == 2, target.hasPrefix(parts[0] + token), target.hasSuffix(parts[1]) {
      // The connection's name may stand behind the token.
      let between = target.dropFirst((parts[0] + token).count).dropLast(parts[1].count)
      if between.isEmpty || between.hasSuffix(context.name) || between.allSatisfy(\.isHexDigit) { return [] }
    }
    let sentence =
      "The request asks for \(Words.quoted(Array(target.utf8))), not for \(Words.quoted(Array(wanted.utf8)))."
    return [Finding(at: 0, sentence)]
  }

  /// Path and query of a request target. It may be an absolute URI in place of them (section 4.1), if that names the same server.
  private func askedResource(_ target: Substring) -> Substring {
    guard let absolute = AbsoluteTarget(target) else { return target }
    let isRight =
      url.map {
        $0.isSecure == absolute.isSecure && $0.hostValues.contains(absolute.authority.lowercased())
      } ?? true
    return isRight ? absolute.resource : target
  }

  var formFindings: [Finding] {
    if let offset = head.bareLineEndOffset {
      return [Finding(at: offset, "A line of the request does not end in CR LF.")]
    }
    if let field = head.fields.first(where: { !$0.isWellFormed }) {
      return [
        Finding(
          at: field.streamOffset,
          "The request has the malformed line \(Words.quoted(Array((field.name + ": " + field.value).utf8)))."
        )
      ]
    }
    let single = ["host", "upgrade", "sec-websocket-key", "sec-websocket-version", "origin"]
    for name in single where head.values(name).count > max(1, askedCount(name)) {
      let offset = head.fields.last { $0.name.lowercased() == name }?.streamOffset
      return [
        Finding(at: offset, "The request has \(head.values(name).count) \(name) headers; it must have one.")
      ]
    }
    let refusals = (context.trace?.events ?? []).compactMap { event -> String? in
      if case .requestRefused(let reason) = event.kind { reason } else { nil }
    }
    return refusals.prefix(1).map { Finding(at: 0, "The server refused the request: \(Words.line($0))") }
  }

  /// How often the application itself asks for a header.
  private func askedCount(_ name: String) -> Int {
    step?.headers.count { $0.name.lowercased() == name } ?? 0
  }

  var hostFindings: [Finding] {
    let values = head.values("Host")
    guard let host = values.first else { return [Finding(at: 0, "The request has no Host header.")] }
    // An application may ask a server for another host's content.
    if let step, step.headers.contains(where: { $0.name.lowercased() == "host" }) { return [] }
    guard let url else { return unknownHostFindings(host) }
    guard !url.hostValues.contains(host.lowercased()) else { return [] }
    let wanted = url.hostValues.joined(separator: " or ")
    return [
      Finding(at: offset("Host"), "The Host header is \(Words.quoted(Array(host.utf8))), not \(wanted).")
    ]
  }

  /// The URL of the request, as far as it is known where the client was sent to.
  private var url: RequestedURL? {
    guard let step, let server = context.attempt.server, let token = context.trace?.token else { return nil }
    return RequestedURL(step.url(host: server.host, port: server.port, token: token))
  }

  /// Where nobody knows the server's port, one must be there all the same, unless it is the default one.
  private func unknownHostFindings(_ host: String) -> [Finding] {
    if context.scenario.server.port == UInt16(RequestedURL.defaultPort) { return [] }
    let afterAddress = host.hasPrefix("[") ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
    guard afterAddress.hasPrefix(":"), let port = UInt16(afterAddress.dropFirst()), port > 0,
      !host.hasPrefix(":")
    else {
      return [
        Finding(
          at: offset("Host"), "The Host header \(Words.quoted(Array(host.utf8))) does not name host and port."
        )
      ]
    }
    return []
  }

  var upgradeFindings: [Finding] {
    if !head.list("Upgrade").contains(where: { $0.lowercased() == "websocket" }) {
      return [Finding(at: offset("Upgrade"), "The request has no Upgrade header with websocket.")]
    }
    if !head.list("Connection").contains(where: { $0.lowercased() == "upgrade" }) {
      return [Finding(at: offset("Connection"), "The request has no Connection header with Upgrade.")]
    }
    return []
  }

  var keyFindings: [Finding] {
    guard let key = head.values("Sec-WebSocket-Key").first else {
      return [Finding(at: 0, "The request has no Sec-WebSocket-Key.")]
    }
    guard Data(base64Encoded: key)?.count == 16 else {
      return [
        Finding(
          at: offset("Sec-WebSocket-Key"),
          "The key \(Words.quoted(Array(key.utf8))) is not 16 bytes in Base64.")
      ]
    }
    let earlier = context.siblings.prefix(context.siblingIndex ?? 0)
    if earlier.contains(where: { $0.request?.values("Sec-WebSocket-Key").first == key }) {
      return [
        Finding(
          at: offset("Sec-WebSocket-Key"),
          "The key \(key) is that of an earlier connection. Each must have a fresh one.")
      ]
    }
    // Told on the last connection, as it takes all of them to see it.
    guard context.siblingIndex == context.siblings.count - 1,
      let defect = ClientKeys(of: context.siblings).handshakeDefect(spending: ClientKeys.handshakePortion)
    else { return [] }
    return [Finding(at: offset("Sec-WebSocket-Key"), defect)]
  }

  var versionFindings: [Finding] {
    let values = head.values("Sec-WebSocket-Version")
    if values.first == "13" { return [] }
    let what = values.first.map { "is \(Words.quoted(Array($0.utf8)))" } ?? "is missing"
    return [
      Finding(at: offset("Sec-WebSocket-Version") ?? 0, "Sec-WebSocket-Version \(what); it must be 13.")
    ]
  }

  /// Whether the application itself gives a header that is the client's business: what comes of it is not the client's breach alone.
  var isMisused: Bool { (step?.headers ?? []).contains(where: \.isOfHandshake) }

  var headerFindings: [Finding] {
    // Whether an adapter can pass headers at all is told by `unsupported`.
    guard context.application.unsupported.isEmpty else { return [] }
    let given = (step?.headers ?? []).filter { $0.isSendable && !$0.isOfHandshake }
    let wanted = given + (expectation?.headers ?? [])
    var seen: Set<ConnectStep.HeaderField> = []
    for field in wanted where seen.insert(field).inserted {
      let count = head.values(field.name).count { $0 == field.value.trimmingBlanks() }
      let asked = max(1, (step?.headers ?? []).count { $0 == field })
      if count == asked || isJoined(field.name, given) { continue }
      let got = head.values(field.name).map { Words.quoted(Array($0.utf8)) }.joined(separator: ", ")
      let sentence =
        "The header \(Words.line(field.name)): \(Words.line(field.value)) is in the request"
        + " \(count) times (\(got.isEmpty ? "none of that name" : got)); it must be there once."
      return [Finding(at: offset(field.name), sentence)]
    }
    return []
  }

  /// Whether several values of one name are sent as one, with commas between, which says the same (RFC 7230 section 3.2.2).
  private func isJoined(_ name: String, _ given: [ConnectStep.HeaderField]) -> Bool {
    let wanted = given.filter { $0.name.lowercased() == name.lowercased() }.map { $0.value.trimmingBlanks() }
    let got = head.values(name)
    return !got.isEmpty && got.count < wanted.count
      && head.list(name) == wanted.flatMap { $0.split(separator: ",").map { $0.trimmingBlanks() } }
  }

  var subprotocolRequestFindings: [Finding] {
    guard context.application.unsupported.isEmpty else { return [] }
    let asked = step?.subprotocols ?? []
    guard let wanted = expectation?.subprotocols ?? (asked.isEmpty ? nil : asked) else { return [] }
    let elements = head.values("Sec-WebSocket-Protocol").flatMap {
      $0.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingBlanks() }
    }
    if let bad = elements.first(where: { !DecodedHead.isToken($0) }) {
      let sentence =
        "The request asks for the subprotocol \(Words.quoted(Array(bad.utf8))), which is no token."
      return [Finding(at: offset("Sec-WebSocket-Protocol"), sentence)]
    }
    if Set(elements).count < elements.count {
      let sentence = "The request asks for a subprotocol twice: \(elements.joined(separator: ", "))."
      return [Finding(at: offset("Sec-WebSocket-Protocol"), Words.line(sentence))]
    }
    let got = head.list("Sec-WebSocket-Protocol")
    // What the application must not ask for the client may leave out.
    guard got != wanted, wanted.allSatisfy(DecodedHead.isToken), Set(wanted).count == wanted.count else {
      return []
    }
    let sentence =
      "The request asks for the subprotocols \(got.joined(separator: ", ")), not for \(wanted.joined(separator: ", "))."
    return [Finding(at: offset("Sec-WebSocket-Protocol"), Words.line(sentence))]
  }

  var injectionFindings: [Finding] {
    guard let step else { return [] }
    let given = step.headers.flatMap { [$0.name, $0.value] } + step.subprotocols + [step.urlTemplate]
    // What was smuggled in may stand behind an empty line, where it is no part of this head any more.
    let sent = context.trace?.clientStream.bytes ?? head.bytes
    for text in given {
      // A value may begin with a line end: then its first line is empty.
      let lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\r" || $0 == "\n" }
        .map { String($0) }
      guard text.unicodeScalars.contains(where: { $0 == "\r" || $0 == "\n" }) else { continue }
      for line in lines.dropFirst() {
        guard let offset = Self.offset(ofLineBeginningWith: line, in: sent) else { continue }
        return [
          Finding(
            at: offset,
            "The line \(Words.quoted(Array(line.utf8))) came into the request out of a value with a line end."
          )
        ]
      }
    }
    return []
  }

  private func offset(_ name: String) -> Int? {
    head.fields.first { $0.name.lowercased() == name.lowercased() }?.streamOffset
  }

  private static func offset(ofLineBeginningWith text: String, in bytes: [UInt8]) -> Int? {
    let wanted = Array(text.utf8)
    guard !wanted.isEmpty else { return nil }
    var start = 0
    while start < bytes.count {
      if start > 0, bytes[start...].starts(with: wanted) { return start }
      guard let end = bytes[start...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else { return nil }
      start = end + 1
    }
    return nil
  }
}

extension String {
  /// The text with the digits of percent-encoded bytes in upper case, which means the same (RFC 3986 section 6.2.2.1).
  fileprivate var uppercasingEscapes: String {
    replacing(/%[0-9A-Fa-f]{2}/) { $0.output.uppercased() }
  }
}
