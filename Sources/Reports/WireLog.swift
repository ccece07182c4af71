import Steps
import Traces
import WebSocketProtocol

/// What was on the wire, for people: the frames of both directions in order of time, then every chunk in hexadecimal digits.
enum WireLog {
  /// The log of all connections of an attempt.
  static func text(of attempt: AttemptTrace) -> String {
    guard !attempt.connections.isEmpty else { return "No connection was opened.\n" }
    return attempt.connections.map(text).joined(separator: "\n")
  }

  private static func text(of trace: ConnectionTrace) -> String {
    let start = trace.events.first?.instantNanoseconds ?? 0
    var lines = ["connection \(trace.name), token \(trace.token)", "", "time         direction         what"]
    lines += rows(of: trace).map { row in
      let time = String(milliseconds: row.instantNanoseconds, since: start)
      return "\(time)  \(row.direction.padded(to: 16))  \(row.text)"
    }
    lines += ["", "chunks"]
    lines += chunks(of: trace, start: start)
    for (name, stream) in [("client", trace.clientStream), ("server", trace.serverStream)] where stream.isCut
    {
      let digest = stream.sha1.map { "; SHA-1 of all \(Hexadecimal.text($0))" } ?? ""
      lines.append(
        "the \(name)'s bytes were cut: \(stream.bytes.count) of \(stream.totalCount) kept\(digest)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// One line of the frame log.
  struct Row {
    var instantNanoseconds: UInt64
    var direction: String
    var text: String
  }

  fileprivate static let toServer = "client -> server"
  private static let toClient = "server -> client"

  /// Heads, frames and endings in order of time.
  static func rows(of trace: ConnectionTrace) -> [Row] {
    let decoded = DecodedConnection(trace)
    var rows = trace.events.compactMap(row)
    for (head, direction) in [(decoded.request, toServer), (decoded.response, toClient)] {
      guard let head else { continue }
      let instant = trace.instant(completing: head.bytes.count, of: direction)
      rows.append(Row(instantNanoseconds: instant, direction: direction, text: head.startLine))
    }
    for (stream, direction) in [(decoded.client, toServer), (decoded.server, toClient)] {
      rows += stream.frames.map {
        Row(instantNanoseconds: $0.instantNanoseconds, direction: direction, text: describe($0))
      }
      if let tail = stream.tail, let instant = trace.events[safe: tail.eventIndex]?.instantNanoseconds {
        let text = "incomplete frame: \(tail.count) bytes \(Hexadecimal.text(tail.head))"
        rows.append(Row(instantNanoseconds: instant, direction: direction, text: text))
      }
    }
    // A stable order: what happened at one instant stays in the order above.
    return rows.enumerated().sorted {
      ($0.element.instantNanoseconds, $0.offset) < ($1.element.instantNanoseconds, $1.offset)
    }.map(\.element)
  }

  private static func row(_ event: WireEvent) -> Row? {
    guard let (direction, text) = words(for: event.kind) else { return nil }
    return Row(instantNanoseconds: event.instantNanoseconds, direction: direction, text: text)
  }

  private static func words(for kind: WireEvent.Kind) -> (direction: String, text: String)? {
    switch kind {
    case .opened(let peer): (toServer, "TCP connection from \(peer)")
    case .secured(let facts): ("both", words(for: facts))
    case .tlsFailed(let reason, _): ("server", reason)
    case .receivedEnd: (toServer, "end of stream (FIN)")
    case .receivedReset: (toServer, "reset (RST)")
    case .sentEnd: (toClient, "end of stream (FIN)")
    case .sentReset: (toClient, "reset (RST)")
    case .requestRefused(let reason): ("server", "refused the request: \(reason)")
    case .expectationMissed(let index, let reason): ("server", "step \(index) missed: \(reason)")
    case .deadlinePassed(let index): ("server", "the deadline passed in step \(index)")
    case .received, .sent, .closed, .stepStarted: nil
    }
  }

  private static func words(for facts: TLSFacts) -> String {
    var words = ["\(facts.version) with \(facts.cipher)"]
    if let group = facts.group { words.append("group \(group)") }
    words.append(facts.serverName.map { "server name \($0)" } ?? "no server name")
    if let subject = facts.clientSubject { words.append("client certificate \(subject)") }
    let time = String(milliseconds: UInt64(max(0, facts.handshakeNanoseconds)), since: 0)
    words.append("handshake \(time.drop { $0 == " " })")
    return words.joined(separator: ", ")
  }

  /// A frame on one line: opcode, bits, length, the first bytes of the payload.
  static func describe(_ frame: DecodedFrame) -> String {
    var words = ["\(frame.opcode)"]
    if !frame.isFinal { words.append("not final") }
    if frame.header.reservedBits != 0 { words.append("reserved bits \(frame.header.reservedBits)") }
    if let key = frame.header.maskingKey { words.append("masking key \(Hexadecimal.text(key.bytes))") }
    words.append("\(frame.payloadLength) bytes")
    if !frame.payload.isEmpty { words.append(excerpt(frame.payload, isText: frame.opcode == .text)) }
    return words.joined(separator: ", ")
  }

  private static func excerpt(_ payload: [UInt8], isText: Bool) -> String {
    let head = payload.prefix(48)
    let more = payload.count > head.count ? "..." : ""
    let isPrintable = head.allSatisfy { (0x20..<0x7F).contains($0) }
    return isPrintable ? "\"\(String(decoding: head, as: UTF8.self))\"\(more)" : Hexadecimal.text(head) + more
  }

  private static func chunks(of trace: ConnectionTrace, start: UInt64) -> [String] {
    var received = 0
    var sent = 0
    return trace.events.flatMap { event -> [String] in
      let time = String(milliseconds: event.instantNanoseconds, since: start)
      switch event.kind {
      case .received(let count):
        defer { received += count }
        return dump(
          trace.clientStream, received, count, title: "\(time)  \(toServer)  \(count) bytes at \(received)")
      case .sent(let count):
        defer { sent += count }
        return dump(trace.serverStream, sent, count, title: "\(time)  \(toClient)  \(count) bytes at \(sent)")
      default: return []
      }
    }
  }

  private static func dump(_ stream: CapturedStream, _ offset: Int, _ count: Int, title: String) -> [String] {
    let end = min(offset + count, stream.bytes.count)
    guard offset < end else { return [title + " (not kept)"] }
    return [title]
      + stride(from: offset, to: end, by: 16).map { start in
        let row = stream.bytes[start..<min(start + 16, end)]
        let hex = Hexadecimal.text(row, separator: " ").padded(to: 47)
        let text = String(
          decoding: row.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
        return "    \(String(start).leftPadded(to: 6))  \(hex)  \(text)"
      }
  }
}

extension ConnectionTrace {
  /// When the chunk moved that completed the first `count` bytes of a direction.
  fileprivate func instant(completing count: Int, of direction: String) -> UInt64 {
    var total = 0
    for event in events {
      switch event.kind {
      case .received(let bytes) where direction == WireLog.toServer: total += bytes
      case .sent(let bytes) where direction != WireLog.toServer: total += bytes
      default: continue
      }
      if total >= count { return event.instantNanoseconds }
    }
    return events.last?.instantNanoseconds ?? 0
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension String {
  /// Milliseconds with three places, right-aligned in eleven columns.
  init(milliseconds instant: UInt64, since start: UInt64) {
    let value = Double(instant >= start ? instant - start : 0) / 1e6
    let whole = String(Int(value))
    let thousandths = String(Int((value - Double(Int(value))) * 1000))
    self =
      (whole + "." + String(repeating: "0", count: 3 - thousandths.count) + thousandths).leftPadded(to: 8)
      + " ms"
  }

  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
