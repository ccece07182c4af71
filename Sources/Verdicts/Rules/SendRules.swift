import Scenarios
import Traces
import WebSocketProtocol

/// What the application sends must come out whole (RFC 6455 section 6.1). Part of `Rule.messages`.
extension Rule {
  static let sending: [Rule] = [
    Rule(
      "send-whole", .messages, rfc: "6.1", .must, "A message that the application sent is on the wire whole."
    ) {
      $0.damagedSend.map { [$0.finding] } ?? []
    },
    Rule("send-not-lost", .messages, rfc: "6.1", .must, "A message that the application sent is on the wire.")
    {
      $0.lostSendFindings
    },
    Rule(
      "send-possible", .messages, rfc: "6.1", .must, "The application can send while the connection is open."
    ) {
      $0.refusedSendFindings
    },
    Rule("send-not-invented", .messages, rfc: "6.1", .must, "Only what the application sent is on the wire.")
    {
      $0.inventedSendFindings
    },
    // RFC 6455 has no sentence on it; that messages are a stream is what every application counts on.
    Rule(
      "send-in-order", .messages, rfc: "6.1", .quality, "What one task sends is on the wire in that order."
    ) {
      $0.overtakenSendFindings
    },
  ]
}

/// A message that reached the wire with other bytes than the application gave, or not to its end.
struct DamagedSend: Sendable {
  var offset: Int
  var finding: Finding
}

extension RuleContext {
  /// Finds the first message of the application's that was cut or altered on its way out. Behind it the stream is no longer
  /// readable.
  func findDamagedSend() -> DamagedSend? {
    guard isEstablished, client.isComplete else { return nil }
    var waiting = application.sent
    for message in client.wholeMessages {
      if let index = waiting.firstIndex(where: { $0.matches(message) }) {
        waiting.remove(at: index)
      } else if let wanted = waiting.first(where: {
        $0.length == message.length && $0.isText == message.isText
      }) {
        let sentence =
          "The application sent a \(Words.message(wanted)), but the server got \(Words.hex(message.payload))"
          + " and other bytes in its place. A message must be on the wire whole."
        return DamagedSend(offset: message.streamOffset, finding: Finding(at: message.streamOffset, sentence))
      }
    }
    return cutSend(waiting)
  }

  private func cutSend(_ waiting: [MessageDigest]) -> DamagedSend? {
    guard let tail = client.tail, let header = tail.header, !header.opcode.isControl, !serverReset else {
      return nil
    }
    guard let wanted = waiting.first(where: { UInt64($0.length) == header.payloadLength }) else { return nil }
    // Only where the client's stream has an end is it known that no more came.
    guard clientEnd.map({ $0.kind == .finished }) ?? (decoded.deadlineIndex != nil) else { return nil }
    // A client that is being told to fail may drop what it was sending, as may one whose server has ended its stream; one that was
    // interrupted could not finish.
    guard visibleViolation == nil, !serverEndedFirst else { return nil }
    let sentence =
      "The application sent a \(Words.message(wanted)), of which only \(Words.bytes(tail.payload.count))"
      + " came to the server. A message must be on the wire whole."
    return DamagedSend(offset: tail.streamOffset, finding: Finding(at: tail.streamOffset, sentence))
  }

  /// Messages whose send returned and which are nowhere on the wire.
  fileprivate var lostSendFindings: [Finding] {
    // A reset may have destroyed what was sent; why the client reset is told by other rules.
    guard isEstablished, client.isComplete, damagedSend == nil, !serverReset, clientEnd?.kind != .reset,
      !application.mayAbandonClosing
    else { return [] }
    var onWire = client.wholeMessages
    var missing: (digest: MessageDigest, index: Int)?
    var lastFound = -1
    for (index, digest) in application.sent.enumerated() {
      if let place = onWire.firstIndex(where: { digest.matches($0) }) {
        onWire.remove(at: place)
        lastFound = index
      } else if missing == nil {
        missing = (digest, index)
      }
    }
    // After a violation, a Close or the end of the server's stream, what the application still sends may come to nothing; what
    // it sent before something that arrived may not.
    // A client may fail the connection at the first bytes of a frame, before it is complete.
    let violated = server.violation.flatMap { chunkIndex(of: $0.streamOffset) } ?? .max
    let isReleased = min(serverStopIndex, violated) < clientEnd?.eventIndex ?? .max
    guard let missing else { return [] }
    // What came with the other type was sent, and nothing releases from sending it right.
    let other = onWire.first { missing.digest.hasPayload(of: $0) }
    // Who idled after its send was told of the end long after that: no release, whatever came later.
    guard
      !isReleased || other != nil || (missing.index < lastFound && application.sendsInOneTask)
        || application.idled(afterSending: missing.index)
    else { return [] }
    let what = other == nil ? "never came to the server" : "came to the server with the other type"
    let sentence = "The \(Words.message(missing.digest)) that the application sent \(what)."
    return [Finding(at: other?.streamOffset, sentence)]
  }

  /// A send that threw, or an echo that was not sent, on a connection on which nothing was wrong.
  fileprivate var refusedSendFindings: [Finding] {
    guard isEstablished, !serverReset, serverStopIndex == .max else { return [] }
    guard client.close == nil, clientEnd == nil || !applicationMayClose else { return [] }
    let inSend = application.failures.first { !$0.isInReceivingStep && !$0.isInClosingStep }
    if let failure = inSend {
      return [
        Finding("The application's send threw \(Words.exception(failure.exception)) on an open connection.")
      ]
    }
    // In an echo step the exception is the sending's where the message before it was delivered and not sent.
    guard application.isEcho, application.messages.count > application.sent.count, !isHung,
      let failure = application.failures.first(where: \.isInReceivingStep)
    else { return [] }
    guard !client.wholeMessages.contains(where: { application.messages.last?.matches($0) == true }) else {
      return []
    }
    let message = application.messages[application.sent.count]
    return [
      Finding("Sending back the \(Words.message(message)) threw \(Words.exception(failure.exception)).")
    ]
  }

  /// A message that another one overtook, of one task that sent both, one after the other.
  fileprivate var overtakenSendFindings: [Finding] {
    guard isEstablished, damagedSend == nil, application.sendsInOneTask else { return [] }
    var waiting = application.sent
    var later = waiting[...]
    for message in client.wholeMessages {
      // What is not among them is told by other rules.
      guard let place = waiting.firstIndex(where: { $0.matches(message) }) else { continue }
      waiting.remove(at: place)
      guard let next = later.firstIndex(where: { $0.matches(message) }) else {
        let sentence = "The \(Words.message(message)) was sent before others that came to the server first."
        return [Finding(at: message.streamOffset, sentence)]
      }
      later = later[(next + 1)...]
    }
    return []
  }

  /// Messages on the wire that nobody sent.
  fileprivate var inventedSendFindings: [Finding] {
    guard isEstablished, damagedSend == nil, client.isComplete else { return [] }
    // Without a record of its sends there is nothing to compare with; what a send that threw had sent is not recorded.
    var known = application.sent + application.messages
    for send in application.sends {
      guard let payload = send.payload else { return [] }
      known.append(MessageDigest(isText: send.isText, payload: payload))
    }
    let stranger = client.wholeMessages.first { message in !known.contains { $0.hasPayload(of: message) } }
    return stranger.map {
      [Finding(at: $0.streamOffset, "The client sent a \(Words.message($0)), which no application gave it.")]
    } ?? []
  }
}
