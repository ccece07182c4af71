import Foundation
import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// One thing that a client did, normalised: what is compared and what is shown.
struct Entry: Sendable, Hashable {
  /// What must be equal.
  var key: String
  /// What must be equal where both clients tell it.
  var detail: String?
  /// What is shown.
  var text: String
  /// The bytes of the client's stream that it is about.
  var range: Range<Int>?

  init(_ key: String, detail: String? = nil, _ text: String? = nil, range: Range<Int>? = nil) {
    self.key = key
    self.detail = detail
    self.text = text ?? key
    self.range = range
  }

  func agrees(with other: Entry) -> Bool {
    guard key == other.key else { return false }
    guard let detail, let otherDetail = other.detail else { return true }
    return detail == otherDetail
  }

  func covers(_ offset: Int) -> Bool { range?.contains(offset) ?? false }

  /// The most entries of one part; what lies beyond is counted in one more.
  static let limit = 2000

  static func all(_ part: Comparison.Part, of context: RuleContext) -> [Entry] {
    let entries: [Entry] =
      switch part {
      case .request: request(context)
      case .server: server(context)
      case .messages: messages(context)
      case .control: control(context)
      case .closing: closing(context)
      case .application: application(context)
      }
    guard entries.count > limit else { return entries }
    return entries.prefix(limit) + [Entry("… and \(entries.count - limit) more")]
  }

  // MARK: the wire

  private static func request(_ context: RuleContext) -> [Entry] {
    guard let head = context.decoded.request else {
      let got = context.trace?.clientStream.bytes ?? []
      return [Entry(got.isEmpty ? "no request" : "an incomplete request")]
    }
    let token = context.trace?.token ?? ""
    let line =
      token.isEmpty ? head.startLine : head.startLine.replacingOccurrences(of: token, with: "{token}")
    let lineEnd = head.bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? head.bytes.count
    var entries = [Entry(Words.line(line), range: 0..<max(lineEnd, 1))]
    // Header fields that nobody asked for are the client's own affair.
    var names = [
      "connection", "sec-websocket-extensions", "sec-websocket-protocol", "sec-websocket-version", "upgrade",
    ]
    names += context.application.connectStep?.headers.map { $0.name.lowercased() } ?? []
    for name in Set(names).sorted() {
      for field in head.fields where field.name.lowercased() == name {
        let isToken = ["connection", "upgrade"].contains(name)
        let value = isToken ? field.value.lowercased() : field.value
        let end = field.streamOffset + field.name.utf8.count + field.value.utf8.count + 2
        entries.append(Entry(Words.line("\(name): \(value)"), range: field.streamOffset..<end))
      }
    }
    return entries
  }

  private static func server(_ context: RuleContext) -> [Entry] {
    var entries: [Entry] = []
    if let response = context.decoded.response { entries.append(Entry(Words.line(response.startLine))) }
    for frame in context.decoded.server.frames {
      entries.append(
        Entry(
          "\(frame.opcode.rawValue) \(frame.payloadLength)", detail: Words.hex(frame.payload),
          Words.frame(frame)))
    }
    if let tail = context.decoded.server.tail {
      entries.append(Entry("incomplete frame: \(Words.hex(tail.head))"))
    }
    if let end = context.decoded.serverEnd { entries.append(Entry(end.kind == .reset ? "RST" : "FIN")) }
    return entries
  }

  private static func messages(_ context: RuleContext) -> [Entry] {
    var entries = context.client.messages.map { message in
      var text = Words.message(message)
      let frames = message.frameIndices.compactMap {
        context.decoded.client.frames.indices.contains($0) ? context.decoded.client.frames[$0] : nil
      }
      if frames.contains(where: { !$0.header.isMasked }) { text += ", not masked" }
      if frames.contains(where: { $0.header.reservedBits != 0 }) { text += ", reserved bits set" }
      if frames.contains(where: { !$0.header.isMinimal }) { text += ", length not minimal" }
      if !message.isComplete { text += ", unfinished" }
      if let close = context.client.close, close.streamOffset < message.streamOffset {
        text += ", after the Close"
      }
      let digest = message.isCut ? "" : " " + SHA1.hexadecimal(of: message.payload)
      return Entry(
        text + digest, text, range: message.streamOffset..<max(message.endOffset, message.streamOffset + 1))
    }
    for frame in context.client.frames where frame.opcode.isReserved {
      entries.append(Entry(Words.frame(frame), range: frame.streamOffset..<frame.endOffset))
    }
    if let tail = context.client.tail {
      let range = tail.streamOffset..<(tail.streamOffset + max(1, tail.count))
      entries.append(
        Entry("an incomplete frame", "an incomplete frame: \(Words.hex(tail.head))", range: range))
    }
    return entries
  }

  private static func control(_ context: RuleContext) -> [Entry] {
    context.client.frames.filter { $0.opcode == .pong || $0.opcode == .ping }.map { frame in
      let key =
        "\(Words.name(frame.opcode)) \(Words.quoted(frame.payload))"
        + (frame.header.isMasked ? "" : ", not masked")
      return Entry(
        key, detail: SHA1.hexadecimal(of: frame.payload), range: frame.streamOffset..<frame.endOffset)
    }
  }

  private static func closing(_ context: RuleContext) -> [Entry] {
    var entries = context.client.frames.filter { $0.opcode == .close }.map { frame in
      let content = CloseContent(frame.payload)
      let key = content.code.map { "Close \($0)" } ?? "Close without a code"
      return Entry(key, content.text, range: frame.streamOffset..<frame.endOffset)
    }
    guard context.trace != nil else { return entries }
    if let end = context.clientEnd {
      entries.append(Entry("ends TCP", end.kind == .reset ? "ends TCP (RST)" : "ends TCP (FIN)"))
    } else {
      entries.append(Entry("does not end TCP"))
    }
    return entries
  }

  // MARK: the application

  private static func application(_ context: RuleContext) -> [Entry] {
    var entries = context.application.events.compactMap(application)
    if case .hung(let detail) = context.attempt.client.ending {
      entries.append(Entry("hung", "hung: \(Words.line(detail))"))
    }
    return entries
  }

  private static func application(_ event: ClientEvent) -> Entry? {
    switch event.kind {
    case .connected(let subprotocol):
      let text = subprotocol.map { "connected, subprotocol \(Words.line($0))" } ?? "connected"
      return Entry("connected", detail: subprotocol, text)
    case .connectFailed(let exception):
      return Entry("refused", "refused: \(Words.exception(exception))")
    case .message(let digest):
      let text = "got " + Words.message(digest)
      return Entry("\(text) \(digest.sha1.lowercased())", text)
    case .ended(let code, let reason, let clean):
      var text = "told the end" + (code.map { ", code \($0)" } ?? "")
      if let reason, !reason.isEmpty { text += ", reason \(Words.quoted(Array(reason.utf8)))" }
      if let clean { text += clean ? ", clean" : ", not clean" }
      return Entry("ended", detail: code.map(String.init), text)
    case .exception(let exception): return Entry("exception", "threw \(Words.exception(exception))")
    case .unsupported(let step): return Entry("unsupported \(Words.line(step))")
    case .sent, .closed, .pong, .cancelled, .measured: return nil
    }
  }
}
