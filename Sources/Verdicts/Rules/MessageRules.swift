import Scenarios
import Traces

/// The application gets each message as the server sent it, and nothing else (RFC 6455 sections 5.4 and 6.2).
extension Rule {
  static let messages: [Rule] =
    [
      Rule(
        "message-delivered", .messages, rfc: "6.2", .must, "Every message is delivered to the application."
      ) {
        $0.undeliveredFindings
      },
      Rule("message-as-sent", .messages, rfc: "6.2", .must, "Messages are delivered as sent, in order.") {
        $0.alteredFindings
      },
      Rule(
        "message-type", .messages, rfc: "5.6", .must, "Text is delivered as text, binary data as binary data."
      ) {
        $0.typeFindings
      },
      Rule(
        "message-not-cut", .messages, rfc: "6.2", .must,
        "A message cut by the end of the stream is not delivered."
      ) {
        $0.cutFindings
      },
      Rule(
        "message-after-close", .messages, rfc: "1.4", .quality,
        "Nothing is delivered from behind the server's Close."
      ) {
        $0.behindCloseFindings
      },
      Rule(
        "message-after-violation", .messages, rfc: "7.1.7", .must, "Nothing is delivered from a violation on."
      ) {
        $0.behindViolationFindings
      },
      Rule("message-not-invented", .messages, rfc: "6.2", .must, "Only what the server sent is delivered.") {
        $0.inventedFindings
      },
      Rule("message-limit", .messages, rfc: "10.4", .quality, "A client takes messages of usual size.") {
        $0.limitFindings
      },
    ] + sending
}

/// How what was delivered compares with what the server sent: at most one cause, so that one defect is told once.
enum Delivered: Sendable {
  /// All equal, as far as it goes.
  case equal
  /// Some are missing at the end; the first missing.
  case missing(DecodedMessage)
  /// One was left out in the middle.
  case skipped(DecodedMessage)
  /// The payload is right, the type is not.
  case otherType(MessageDigest, DecodedMessage)
  /// Something else than the message.
  case altered(MessageDigest, DecodedMessage, String)
  /// More than the server sent.
  case extra(MessageDigest)
}

extension RuleContext {
  /// Compares messages one by one and classifies the first that differs.
  func compareDelivered() -> Delivered {
    let sent = server.messages
    let got = application.messages
    for (index, digest) in got.enumerated() {
      guard index < sent.count else { return server.isComplete ? .extra(digest) : .equal }
      if digest.matches(sent[index]) { continue }
      if digest.hasPayload(of: sent[index]) { return .otherType(digest, sent[index]) }
      if let later = sent[(index + 1)...].firstIndex(where: { digest.matches($0) }) {
        let isReordered = got[(index + 1)...].contains { $0.matches(sent[index]) }
        return isReordered
          ? .altered(digest, sent[index], "in place of message \(later + 1), out of order")
          : .skipped(sent[index])
      }
      return classify(digest, at: index)
    }
    return got.count < sent.count ? .missing(sent[got.count]) : .equal
  }

  private func classify(_ digest: MessageDigest, at index: Int) -> Delivered {
    let message = server.messages[index]
    if index > 0, digest.matches(server.messages[index - 1]) {
      return .altered(digest, message, "a second time")
    }
    if !message.isCut, digest.length < message.length, digest.isBeginning(of: message.payload) {
      return .altered(digest, message, "cut")
    }
    return .altered(digest, message, isMerged(digest, from: index) ? "merged with the next" : "altered")
  }

  /// Whether it is several messages put together.
  private func isMerged(_ digest: MessageDigest, from index: Int) -> Bool {
    var joined = server.messages[index].payload
    for message in server.messages[(index + 1)...] where joined.count < digest.length {
      joined += message.payload
      if joined.count == digest.length { return digest.isBeginning(of: joined) }
    }
    return false
  }

  /// How many messages the application had to be given: those sent before the client could lawfully stop.
  private var dueCount: Int {
    guard isEstablished, !application.mayStopReceiving, !serverReset else { return 0 }
    let visible = server.messages.prefix { $0.eventIndex < clientStopIndexForReceiving }.count
    return min(visible, application.receiveLimit ?? visible)
  }

  /// A client that closed with its application's consent need not take what comes later; without it, it must.
  private var clientStopIndexForReceiving: Int {
    applicationMayClose ? clientStopIndex : .max
  }

  /// Whether an earlier step of the application failed or is not supported, so that it never came to receive.
  private var neverReceived: Bool {
    application.failures.contains { !$0.isInReceivingStep } || !application.unsupported.isEmpty
  }

  /// Whether the application asked for no further message because it could not send one back, as is lawful once the server has
  /// closed, ended its stream or broken a rule.
  private var stoppedSendingBack: Bool {
    application.isSendingBack && serverStopIndex < decoded.deadlineIndex ?? .max
  }

  private var isRefusedByLimit: Bool { clientHitLimit && announcesTooMuch }

  fileprivate var undeliveredFindings: [Finding] {
    let message: DecodedMessage
    var isTail = false
    switch delivered {
    case .skipped(let first) where isEstablished: message = first
    case .missing(let first) where application.messages.count < dueCount:
      message = first
      isTail = true
    default: return []
    }
    if isTail, neverReceived || stoppedSendingBack || clientHitLimit { return [] }
    // Whether the client gave up at a limit stands in its Close, which the capture may have lost.
    if isTail, !client.isComplete, client.close?.isKnown != true { return [] }
    let place = "at offset \(message.streamOffset) of the server's stream"
    var sentence = "The application was not given the \(Words.message(message)) \(place)"
    if let failure = application.failures.first(where: \.isInReceivingStep) {
      sentence += ": the client threw \(Words.exception(failure.exception))"
    } else if let close = client.close, isTail,
      visibleClose == nil || close.eventIndex < visibleClose!.eventIndex
    {
      sentence += ": the client sent \(close.content.text)"
    }
    let isFragmented = message.frameIndices.count > 1
    // Whole messages that arrive together with a violation may be lost in failing; they should not be.
    var requirement: Requirement?
    if isTail, server.violation != nil { requirement = .quality }
    // What a cancelled receive had taken is nobody's in the RFC.
    if application.mayLoseByCancelling { requirement = .quality }
    return [
      Finding(
        sentence + (isFragmented ? "" : pieces) + ".", requirement: requirement,
        rfc: isFragmented ? "5.4" : nil)
    ]
  }

  fileprivate var alteredFindings: [Finding] {
    guard isEstablished, case .altered(let digest, let message, let how) = delivered else { return [] }
    return [
      Finding(
        "The application was given a \(Words.message(digest)) where the server sent a \(Words.message(message)): \(how).",
        rfc: message.frameIndices.count > 1 ? "5.4" : nil)
    ]
  }

  fileprivate var typeFindings: [Finding] {
    guard isEstablished, case .otherType(_, let message) = delivered else { return [] }
    let wrong = message.isText ? "binary data" : "text"
    return [Finding("The \(Words.message(message)) was delivered as \(wrong).")]
  }

  // MARK: more than was sent

  private enum Surplus { case cut, behindClose, behindViolation, invented }

  private var surplus: (kind: Surplus, digest: MessageDigest)? {
    guard isEstablished, case .extra(let digest) = delivered else { return nil }
    if server.violation != nil { return (.behindViolation, digest) }
    if let unfinished = server.unfinished, digest.isBeginning(of: unfinished.payload) {
      return (.cut, digest)
    }
    if server.close != nil, server.messagesBehind.contains(where: { digest.hasPayload(of: $0) }) {
      return (.behindClose, digest)
    }
    // A control frame that was cut may be handed over as well, or an empty message made of a cut header.
    if case .insideFrame = server.position, digest.length == 0 { return (.cut, digest) }
    return (.invented, digest)
  }

  fileprivate var cutFindings: [Finding] {
    guard let surplus, surplus.kind == .cut else { return [] }
    let sentence =
      "\(server.close == nil ? "The server's stream ended" : "The server closed") inside a message, of which the application was given the first"
      + " \(Words.bytes(surplus.digest.length)) as a whole \(surplus.digest.isText ? "text" : "binary") message."
    return [Finding(sentence)]
  }

  fileprivate var behindCloseFindings: [Finding] {
    guard let surplus, surplus.kind == .behindClose else { return [] }
    return [
      Finding(
        "The \(Words.message(surplus.digest)) was delivered, though the server sent it after its Close.")
    ]
  }

  fileprivate var behindViolationFindings: [Finding] {
    guard let surplus, surplus.kind == .behindViolation, let violation = server.violation else { return [] }
    let sentence =
      "The \(Words.message(surplus.digest)) was delivered after \(violation.what). The connection"
      + " \(violation.verb) be failed there."
    return [Finding(sentence, requirement: violation.requirement, rfc: violation.section)]
  }

  /// What was delivered of a violation or from behind it, as what the client did; nil where nothing was.
  var deliveredBehindViolation: String? {
    guard let surplus, surplus.kind == .behindViolation else { return nil }
    return "delivered the \(Words.message(surplus.digest))"
  }

  fileprivate var inventedFindings: [Finding] {
    guard let surplus, surplus.kind == .invented else { return [] }
    return [
      Finding("The application was given a \(Words.message(surplus.digest)), which the server did not send.")
    ]
  }

  fileprivate var limitFindings: [Finding] {
    guard isEstablished, clientHitLimit, server.violation == nil, !isRefusedByLimit,
      expected.closeCodes?.contains(1009) != true,
      dueCount > application.messages.count || server.unfinished != nil || decoded.server.tail != nil
    else { return [] }
    // What a small board cannot hold is its own affair; 64 KiB are what the rig takes for usual.
    let sentence =
      ownFailureCode == 1003
      ? "The client closed with 1003 at a kind of message that it does not take."
      : "The client closed with 1009 at a limit of its own, before \(server.longestAnnounced) bytes."
    return [
      Finding(
        at: client.close?.streamOffset, sentence, requirement: server.longestAnnounced > 65536 ? .may : nil)
    ]
  }
}
