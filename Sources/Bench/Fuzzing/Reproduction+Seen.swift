import RawREPL
import Traces
import WebSocketProtocol

/// What the client did, as the programs compare it.
extension Reproduction {
  // MARK: what the application saw

  /// The events as `client.py` notes them.
  static func seen(_ client: ClientTrace) -> PythonLiteral {
    var events = client.events.compactMap { event in
      values(event.kind).map { PythonLiteral.tuple([.string(event.task)] + $0) }
    }
    if case .hung = client.ending {
      events.append(.tuple([.string(client.events.last?.task ?? "main"), "hung"]))
    }
    return .list(events)
  }

  private static func values(_ kind: ClientEvent.Kind) -> [PythonLiteral]? {
    switch kind {
    case .connected(let subprotocol): ["connected", optional(subprotocol)]
    case .connectFailed(let exception): ["connectFailed", .string(exception.type)]
    case .exception(let exception): ["exception", .string(exception.type)]
    case .message(let digest): ["message"] + values(digest)
    case .sent(let digest): ["sent"] + values(digest)
    case .ended(let code, let reason, let wasClean):
      [
        "ended", code.map(PythonLiteral.int) ?? .none, optional(reason),
        wasClean.map(PythonLiteral.bool) ?? .none,
      ]
    case .closed: ["closed"]
    case .pong: ["pong"]
    case .cancelled: ["cancelled"]
    case .unsupported, .measured: nil
    }
  }

  private static func values(_ digest: MessageDigest) -> [PythonLiteral] {
    [digest.isText ? "text" : "binary", .int(digest.length), .string(digest.sha1)]
  }

  private static func optional(_ text: String?) -> PythonLiteral { text.map(PythonLiteral.string) ?? .none }

  /// The digests of what the application sent.
  static func sent(_ client: ClientTrace) -> PythonLiteral {
    .list(
      client.events.compactMap { event in
        if case .sent(let digest) = event.kind { .string(digest.sha1) } else { nil }
      })
  }

  // MARK: what the server saw

  /// All connections of an attempt.
  static func seen(_ trace: AttemptTrace) -> PythonLiteral {
    let isHung = if case .hung = trace.client.ending { true } else { false }
    return .list(trace.connections.map { seen($0, isHung: isHung) })
  }

  /// A connection as the `Seen` of `server.py`.
  /// - Parameter isHung: whether the client was interrupted: then what ended its stream was the rig.
  private static func seen(_ connection: ConnectionTrace, isHung: Bool) -> PythonLiteral {
    let decoded = DecodedConnection(connection)
    let stream = connection.clientStream.bytes
    let frames = decoded.client.frames.map { frame in
      PythonLiteral.tuple([
        .bytes(Array(stream[frame.streamOffset..<frame.payloadOffset])),
        .string(SHA1.hexadecimal(of: frame.payload)),
      ])
    }
    let (chunks, end) = arrivals(connection, isHung: isHung)
    return .tuple([
      .bytes(Array(stream.prefix(connection.requestHeadLength ?? stream.count))), .list(frames),
      .int(decoded.client.tail?.count ?? 0), chunks, end,
    ])
  }

  /// How much the server had sent when bytes came: for each chunk behind the request, and at the client's end.
  private static func arrivals(
    _ connection: ConnectionTrace, isHung: Bool
  ) -> (chunks: PythonLiteral, end: PythonLiteral) {
    var (received, sent) = (-(connection.requestHeadLength ?? 0), 0)
    var hasEnded = false
    var chunks: [PythonLiteral] = []
    for event in connection.events {
      switch event.kind {
      case .received(let count):
        received += count
        chunks.append(.tuple([.int(max(0, received)), .int(sent)]))
      case .sent(let count): sent += count
      case .sentEnd, .sentReset, .closed: hasEnded = true
      case .deadlinePassed where isHung: return (.list(chunks), .none)
      case .receivedEnd, .receivedReset: return (.list(chunks), .tuple([.int(sent), .bool(hasEnded)]))
      default: break
      }
    }
    return (.list(chunks), .none)
  }
}
