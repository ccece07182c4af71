import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// What the client makes of the server's answer to the opening handshake (RFC 6455 section 4.1).
extension Rule {
  static let openingAnswer: [Rule] = [
    Rule(
      "connection-opened", .opening, rfc: "4.1", .must,
      "The client opens the connection that the application asks for."
    ) {
      $0.unopenedFindings
    },
    Rule("opening-accepted", .opening, rfc: "4.1", .must, "A lawful answer establishes the connection.") {
      $0.unacceptedFindings + $0.impatienceFindings
    },
    Rule("opening-refused", .opening, rfc: "4.1", .must, "An unlawful answer fails the connection.") {
      $0.unrefusedFindings
    },
    Rule(
      "no-frames-after-refusal", .opening, rfc: "4.1", .must,
      "On a connection that was not established no frame is sent."
    ) {
      $0.framesAfterRefusalFindings
    },
    Rule(
      "subprotocol-in-use", .opening, rfc: "4.1", .must,
      "The subprotocol in use is the one that the server chose."
    ) {
      $0.subprotocolFindings
    },
  ]
}

extension RuleContext {
  fileprivate var unopenedFindings: [Finding] {
    guard decoded.request == nil, expected.opening == .accepted, application.unsupported.isEmpty,
      unreachableLoopback == nil, !failedInTLS
    else { return [] }
    if application.isConnected {
      return [Finding("The client reported a connection on which it had sent no request.")]
    }
    // When the server has given up one connection, it takes no further one.
    let isGivenUp = siblings.contains { $0.deadlineIndex != nil }
    guard !isGivenUp, let failure = application.connectFailure else { return [] }
    let stream = trace?.clientStream.bytes ?? []
    let got =
      stream.isEmpty
      ? "no request for its path came to the server" : "only \(Words.quoted(stream)) came to the server"
    return [
      Finding("The client did not open the connection: it threw \(Words.exception(failure)), and \(got).")
    ]
  }

  fileprivate var unacceptedFindings: [Finding] {
    guard expected.opening == .accepted, decoded.response != nil, !application.isConnected, !serverReset
    else { return [] }
    // A violation in the same chunk as the response may already make the connecting call fail.
    guard server.violation == nil, application.unsupported.isEmpty, !application.mayStopReceiving else {
      return []
    }
    var requirement: Requirement?
    switch opening {
    case .accepted: break
    case .undecided: requirement = scenario.requirement
    case .refused, .unanswered: return []
    }
    let how =
      application.connectFailure.map { "threw \(Words.exception($0))" } ?? "did not report a connection"
    return [
      Finding("The server's answer was lawful, but the client \(how)\(pieces).", requirement: requirement)
    ]
  }

  /// A client that takes the part of an answer that has come for all of it. Whether what was still to come would have been lawful, it
  /// cannot know.
  fileprivate var impatienceFindings: [Finding] {
    guard expected.opening == .accepted, decoded.request != nil, decoded.response == nil, !isHung,
      decoded.deadlineIndex == nil, decoded.clientEnd != nil, !serverReset,
      decoded.clientEnd?.eventIndex ?? .max < decoded.serverEnd?.eventIndex ?? .max,
      application.unsupported.isEmpty, let failure = application.connectFailure,
      let sent = trace?.serverStream.bytes, !sent.isEmpty, OpeningModel.mayBecomeLawful(sent)
    else { return [] }
    return [
      Finding(
        "The client did not wait for the rest of the server's answer, of which \(Words.bytes(sent.count)) had come: it"
          + " threw \(Words.exception(failure)).")
    ]
  }

  fileprivate var unrefusedFindings: [Finding] {
    guard let refusal, expected.opening != .either, application.isConnected else { return [] }
    // The server answers what the script asked for: an adapter that cannot ask for it has made the answer unlawful.
    guard expected.opening != .accepted || application.unsupported.isEmpty else { return [] }
    let isDerived = if case .refused = opening { true } else { false }
    let requirement = isDerived ? nil : scenario.requirement
    let verb = isDerived || requirement == .must ? "must" : "should"
    return [
      Finding(
        "The client took the connection as established, though \(refusal.reason). It \(verb) fail the connection.",
        requirement: requirement, rfc: refusal.section)
    ]
  }

  /// Says that the response head did not come in one write, where that may be why a client got no further than its opening.
  var pieces: String {
    guard let length = decoded.response?.bytes.count, application.messages.isEmpty else { return "" }
    var total = 0
    var count = 0
    for event in trace?.events ?? [] {
      guard case .sent(let bytes) = event.kind, total < length else { continue }
      total += max(0, bytes)
      count += 1
    }
    return count > 1 ? "; the response head had come in \(count) pieces" : ""
  }

  fileprivate var framesAfterRefusalFindings: [Finding] {
    guard let refusal, expected.opening != .either, !application.isConnected, let first = client.frames.first
    else { return [] }
    // A Close, as of failing an established connection, does no harm (section 7.1.7 leaves it open).
    guard client.frames.contains(where: { $0.opcode != .close }) else { return [] }
    return [
      Finding(at: first.streamOffset, "The client sent a \(Words.frame(first)), though \(refusal.reason).")
    ]
  }

  fileprivate var subprotocolFindings: [Finding] {
    guard isEstablished, let chosen = decoded.response?.values("Sec-WebSocket-Protocol").first else {
      return []
    }
    guard let reported = application.subprotocol else {
      // An API without subprotocols in its results is no breach of the RFC, but its application cannot know.
      let asked = application.connectStep?.subprotocols.isEmpty == false && application.unsupported.isEmpty
      guard asked else { return [] }
      return [
        Finding(
          "The client did not tell that subprotocol \(Words.line(chosen)) is in use.", requirement: .quality)
      ]
    }
    guard reported != chosen else { return [] }
    return [
      Finding(
        "The client reports subprotocol \(Words.line(reported)), the server chose \(Words.line(chosen)).")
    ]
  }
}
