import Foundation
import Steps
import Traces
import WebSocketProtocol

/// One record that the agent printed: a line `~W:` + CRC-32 of the JSON text in eight hexadecimal digits + `:` + the JSON text
/// (`fixtures/board/README.md`).
struct AgentRecord: Decodable, Sendable {
  /// What the record is about.
  enum Subject: String, Decodable { case loaded, identity, begin, event, end }

  /// The heartbeat's figures, in microseconds.
  struct Heartbeat: Decodable, Sendable {
    var period: Int
    var count: Int
    var gap: Int
    var since: Int
  }

  /// A task that had not ended, and the index of the step it was in.
  struct Position: Decodable, Sendable {
    var task: String
    var step: Int

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      task = try values.decode(String.self)
      step = try values.decode(Int.self)
    }
  }

  var k: Subject
  var n: Int?
  var `case`: String?
  var us: Int?
  var task: String?
  var step: Int?
  var conn: String?
  var kind: String?
  var subprotocol: String?
  var type: String?
  var message: String?
  var text: Bool?
  var length: Int?
  var sha1: String?
  var head: String?
  var code: Int?
  var reason: String?
  var clean: Bool?
  var what: String?
  var rtt: Int?
  var events: Int?
  var dropped: Int?
  var heap: Int?
  var hb: Heartbeat?
  var interrupted: Bool?
  var `where`: [Position]?
  var error: [String]?
  var machine: String?
  var firmware: String?
  var id: String?
  var adapter: String?
  var features: [String]?
}

extension AgentRecord {
  /// The client event that the record tells of; nil if it is none, or lacks what its kind needs.
  var clientEvent: ClientEvent? {
    guard k == .event, let us, let task, let step, let eventKind else { return nil }
    return ClientEvent(microseconds: us, task: task, step: step, connection: conn, kind: eventKind)
  }

  private var eventKind: ClientEvent.Kind? {
    switch kind {
    case "connected": .connected(subprotocol: subprotocol)
    case "connectFailed": .connectFailed(exception)
    case "message": digest.map(ClientEvent.Kind.message)
    case "sent": digest.map(ClientEvent.Kind.sent)
    case "ended": .ended(closeCode: code, reason: reason, wasClean: clean)
    case "closed": .closed
    case "pong": .pong(roundTripMicroseconds: rtt)
    case "exception": .exception(exception)
    case "cancelled": .cancelled
    case "unsupported": .unsupported(step: what ?? "")
    default: nil
    }
  }

  private var exception: ClientException { ClientException(type: type ?? "?", message: message ?? "") }

  private var digest: MessageDigest? {
    guard let text, let length, let sha1, let head = head.flatMap({ Hexadecimal.bytes($0) }) else {
      return nil
    }
    return MessageDigest(isText: text, length: length, sha1: sha1, head: head)
  }
}
