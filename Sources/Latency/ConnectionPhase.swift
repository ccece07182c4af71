import Traces
import WebSocketProtocol

/// A part of a connection's life that has a duration of its own, as the server sees it.
public enum ConnectionPhase: String, Sendable, Hashable, Codable, CaseIterable {
  /// From the server's answer to the client's connecting to the acknowledgement of that: one round trip of TCP.
  case tcpConnect
  /// From accepting the connection to the end of the TLS handshake.
  case tlsHandshake
  /// From the open TCP connection, or the end of the TLS handshake, to the last byte of the request; none where that came in one flight
  /// with the end of a TLS 1.3 handshake.
  case openingHandshake
  /// From the first message to its echo: the client has just taken the connection as open.
  case firstMessage
  /// From a later message to its echo.
  case echo
  /// From the server's Close to the client's.
  case closingHandshake
  /// From the client's Close on one connection, or its end of stream where it sent none, to the last byte of its request for the next.
  case reconnect
}

/// How long a phase took.
public struct PhaseSample: Sendable, Hashable {
  /// Which phase.
  public var phase: ConnectionPhase
  /// How long, in nanoseconds.
  public var nanoseconds: Int
}

extension AttemptTrace {
  /// The phases of its connections; those that did not come about are missing.
  public var phases: [PhaseSample] {
    connections.flatMap(\.openingPhases) + exchangePhases + connections.compactMap(\.closingHandshake)
      + zip(connections, connections.dropFirst()).compactMap { $0.reconnection($1) }
  }

  private var exchangePhases: [PhaseSample] {
    exchanges.map {
      PhaseSample(phase: $0.index == 0 ? .firstMessage : .echo, nanoseconds: $0.wireNanoseconds)
    }
  }
}

extension ConnectionTrace {
  fileprivate var openingPhases: [PhaseSample] {
    var samples: [PhaseSample] = []
    if let tcpRoundTripNanoseconds {
      samples.append(PhaseSample(phase: .tcpConnect, nanoseconds: Int(tcpRoundTripNanoseconds)))
    }
    samples += tlsHandshakes.map { PhaseSample(phase: .tlsHandshake, nanoseconds: $0.nanoseconds) }
    let ready = events.last { event in
      switch event.kind {
      case .opened, .secured: true
      default: false
      }
    }
    // The kernel may have the request before the server has the connection: both instants are the server's own.
    if let ready, let request, !cameWithTLS(request, ready) {
      let time = Exchange.between(ready.instantNanoseconds, request.instantNanoseconds)
      samples.append(PhaseSample(phase: .openingHandshake, nanoseconds: time))
    }
    return samples
  }

  /// Whether the request lay in the kernel when TLS was ready: a TLS 1.3 client sends both in one flight, and no time is between them.
  private func cameWithTLS(_ request: WireEvent, _ ready: WireEvent) -> Bool {
    guard case .secured = ready.kind, let received = request.kernelInstantNanoseconds else { return false }
    return received <= ready.instantNanoseconds
  }

  /// The arrival of the last byte of the request.
  private var request: WireEvent? {
    guard let requestHeadLength else { return nil }
    var total = 0
    for event in events {
      guard case .received(let count) = event.kind else { continue }
      total += count
      if total >= requestHeadLength { return event }
    }
    return nil
  }

  fileprivate var closingHandshake: PhaseSample? {
    let decoded = DecodedConnection(self)
    guard let ours = decoded.server.frames.first(where: { $0.opcode == .close }),
      let theirs = decoded.client.frames.first(where: { $0.opcode == .close })
    else { return nil }
    let sent = events[ours.eventIndex].transmission?.sentNanoseconds ?? ours.instantNanoseconds
    let received = theirs.kernelInstantNanoseconds ?? theirs.instantNanoseconds
    return received > sent
      ? PhaseSample(phase: .closingHandshake, nanoseconds: Exchange.between(sent, received)) : nil
  }

  /// The client's coming back by this later connection.
  fileprivate func reconnection(_ next: ConnectionTrace) -> PhaseSample? {
    let close = DecodedConnection(self).client.frames.first { $0.opcode == .close }?.instantNanoseconds
    let end = close ?? events.first { $0.kind == .receivedEnd }?.instantNanoseconds
    guard let end, let request = next.request?.instantNanoseconds, request > end else { return nil }
    return PhaseSample(phase: .reconnect, nanoseconds: Exchange.between(end, request))
  }
}
