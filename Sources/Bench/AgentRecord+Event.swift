import Traces
import WebSocketProtocol

extension AgentRecord {
  /// Something that the client did or met.
  struct Event: Decodable, Sendable {
    /// The event's place in the case; one that an interrupt cut short is printed again under the same number.
    var number: Int?
    /// What it was; nil where the record lacks what its kind needs, or its kind is unknown.
    var clientEvent: ClientEvent?

    private enum CodingKeys: String, CodingKey {
      case task, step, kind
      case number = "n", microseconds = "us", connection = "conn"
    }

    /// Reads what all events have, then what its kind has.
    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      number = try values.decodeIfPresent(Int.self, forKey: .number)
      guard let kind = try values.decodeIfPresent(Kind.self, forKey: .kind),
        let microseconds = try values.decodeIfPresent(Int.self, forKey: .microseconds),
        let task = try values.decodeIfPresent(String.self, forKey: .task),
        let step = try values.decodeIfPresent(Int.self, forKey: .step),
        let content = try kind.content(from: decoder)
      else { return }
      clientEvent = ClientEvent(
        microseconds: microseconds, task: task, step: step,
        connection: try values.decodeIfPresent(String.self, forKey: .connection), kind: content)
    }
  }

  /// The value of an event's key `kind`; others may come from a newer agent.
  private enum Kind: String, Decodable {
    case connected, connectFailed, message, sent, ended, closed, pong, exception, cancelled, unsupported
    case measured
    case unknown

    init(from decoder: any Decoder) throws {
      self = Kind(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }

    /// Reads what an event of this kind has besides; nil where it lacks something.
    func content(from decoder: any Decoder) throws -> ClientEvent.Kind? {
      let values = try decoder.container(keyedBy: ContentKeys.self)
      func text(_ key: ContentKeys) throws -> String? { try values.decodeIfPresent(String.self, forKey: key) }
      switch self {
      case .connected: return .connected(subprotocol: try text(.subprotocol))
      case .connectFailed: return .connectFailed(try values.exception())
      case .message: return try values.digest().map(ClientEvent.Kind.message)
      case .sent: return try values.digest().map(ClientEvent.Kind.sent)
      case .ended:
        return .ended(
          closeCode: try values.decodeIfPresent(Int.self, forKey: .code), reason: try text(.reason),
          wasClean: try values.decodeIfPresent(Bool.self, forKey: .wasClean))
      case .closed: return .closed
      case .pong:
        return .pong(roundTripMicroseconds: try values.decodeIfPresent(Int.self, forKey: .roundTrip))
      case .exception: return .exception(try values.exception())
      case .cancelled: return .cancelled
      case .unsupported: return .unsupported(step: try text(.feature) ?? "")
      case .measured:
        return .measured(
          ClientEvent.Measurement(
            heapFree: try values.decodeIfPresent(Int.self, forKey: .free),
            allocated: try values.decodeIfPresent(Int.self, forKey: .allocated),
            longestGapMicroseconds: try values.decodeIfPresent(Int.self, forKey: .gap),
            busyThousandths: try values.decodeIfPresent(Int.self, forKey: .busy)))
      case .unknown: return nil
      }
    }
  }

  /// What the kinds of events have between them.
  fileprivate enum ContentKeys: String, CodingKey {
    case subprotocol, type, message, length, sha1, head, code, reason, free, allocated, gap, busy
    case isText = "text", wasClean = "clean", roundTrip = "rtt", feature = "what"
  }
}

extension KeyedDecodingContainer<AgentRecord.ContentKeys> {
  fileprivate func exception() throws -> ClientException {
    ClientException(
      type: try decodeIfPresent(String.self, forKey: .type) ?? "?",
      message: try decodeIfPresent(String.self, forKey: .message) ?? "")
  }

  fileprivate func digest() throws -> MessageDigest? {
    guard let isText = try decodeIfPresent(Bool.self, forKey: .isText),
      let length = try decodeIfPresent(Int.self, forKey: .length),
      let sha1 = try decodeIfPresent(String.self, forKey: .sha1),
      let head = try decodeIfPresent(String.self, forKey: .head).flatMap({ Hexadecimal.bytes($0) })
    else { return nil }
    return MessageDigest(isText: isText, length: length, sha1: sha1, head: head)
  }
}
