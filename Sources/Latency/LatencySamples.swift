import Traces

/// One measured echo, or TLS handshake.
public struct LatencySample: Sendable, Hashable {
  /// What was measured.
  public var measure: LatencySeries.Measure
  /// The payload's length in bytes; nil where there is none.
  public var payloadLength: Int?
  /// How long it took, in nanoseconds.
  public var nanoseconds: Int
}

extension AttemptTrace {
  /// The latency of every echo of the attempt: its round trip at the server, and the client's own processing time; before them the
  /// TLS handshakes.
  public var latencySamples: [LatencySample] {
    connections.flatMap(\.tlsHandshakes) + connections.flatMap(\.roundTrips) + client.processingTimes
  }
}

extension ConnectionTrace {
  /// The time from accepting the connection to the end of the TLS handshake, where there was one.
  var tlsHandshakes: [LatencySample] {
    events.compactMap { event in
      guard case .secured(let facts) = event.kind else { return nil }
      return LatencySample(
        measure: .tlsHandshake, payloadLength: nil, nanoseconds: Int(facts.handshakeNanoseconds))
    }
  }

  /// From the instant at which the kernel took the last byte of a message to the one at which the last byte of the client's
  /// message of the same content came; the kernel's instant where there is one. A message that was not echoed has none.
  var roundTrips: [LatencySample] {
    echoes(in: DecodedConnection(self)).compactMap { message, answer in
      let arrival = events[answer.eventIndex]
      let sent = events[message.eventIndex].instantNanoseconds
      let received = arrival.kernelInstantNanoseconds ?? arrival.instantNanoseconds
      guard received > sent else { return nil }
      return LatencySample(
        measure: .roundTrip, payloadLength: message.length, nanoseconds: Int(received - sent))
    }
  }

  /// The server's messages with the client's messages of the same content, each answer once, in order.
  func echoes(in decoded: DecodedConnection) -> [(message: DecodedMessage, answer: DecodedMessage)] {
    var answers = decoded.client.messages.filter { $0.isComplete && !$0.isCut }[...]
    return decoded.server.messages.filter { $0.isComplete && !$0.isCut }.compactMap { message in
      guard
        let index = answers.firstIndex(where: { $0.isText == message.isText && $0.payload == message.payload }
        )
      else { return nil }
      defer { answers = answers[(index + 1)...] }
      return (message, answers[index])
    }
  }
}

extension ClientTrace {
  /// From the delivery of a message to the application to the return of the send of the same content, by the client's own clock.
  var processingTimes: [LatencySample] {
    events.indices.compactMap { index in
      processing(at: index).map {
        LatencySample(measure: .processing, payloadLength: $0.digest.length, nanoseconds: $0.nanoseconds)
      }
    }
  }

  /// The message that was delivered there, and how long its echo took; nil where none was, or it was not sent back.
  func processing(at index: Int) -> (digest: MessageDigest, nanoseconds: Int)? {
    guard case .message(let digest) = events[index].kind,
      let answer = events[(index + 1)...].first(where: { $0.task == events[index].task }),
      case .sent(digest) = answer.kind, answer.connection == events[index].connection
    else { return nil }
    return (digest, (answer.microseconds - events[index].microseconds) * 1000)
  }
}
