import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// What a client does when the server breaks a rule, and that it does so only then (RFC 6455 section 7.1.7).
extension Rule {
  static let failing: [Rule] = [
    Rule(
      "violation-fails-connection", .failing, rfc: "7.1.7", .must,
      "A violation makes the client fail the connection."
    ) {
      $0.notFailedFindings
    },
    Rule(
      "failure-close-frame", .failing, rfc: "7.1.7", .should, "Who fails the connection sends a Close first."
    ) {
      $0.missingFailureCloseFindings
    },
    Rule(
      "failure-close-code", .failing, rfc: "7.4.1", .should,
      "The Close on a failure carries a code that fits."
    ) {
      $0.failureCodeFindings
    },
    Rule(
      "fail-fast", .failing, rfc: "8.1", .quality,
      "Bad text fails the connection at the first impossible byte."
    ) {
      $0.failFastFindings
    },
    Rule(
      "no-failure-without-cause", .failing, rfc: "6.2", .must,
      "A connection without a violation is not failed."
    ) {
      $0.causelessFailureFindings
    },
    Rule(
      "expected-failure", .failing, rfc: "7.1.7", .must,
      "The client fails the connection where the scenario demands it."
    ) {
      $0.expectedFailureFindings
    },
  ]
}

extension RuleContext {
  /// The violation, where the slowest client had to notice it.
  private var dueViolation: ServerViolation? {
    guard isEstablished, !serverReset, let violation = visibleViolation else { return nil }
    return violation.mayBeUnnoticed ? nil : violation
  }

  /// Whether the client gave up the connection, by a Close or by the end of its stream.
  private var gaveUp: Bool { client.close != nil || clientEnd != nil }

  /// The Close that the server sent behind its violation, not in answer to the client's; nil where it sent none.
  private var closeBehindViolation: DecodedFrame? {
    guard let violation = server.violation else { return nil }
    return decoded.server.frames.first {
      $0.opcode == .close && $0.endOffset > violation.streamOffset
        && $0.eventIndex < client.close?.eventIndex ?? .max
    }
  }

  /// Whether both sides may have closed before the client looked at a bad message, so that nothing was left to fail: who reads ahead comes
  /// to the server's Close first, unless the server paused before it, and the application may have closed by itself.
  var closedBeforeBadMessage: Bool {
    guard let violation = server.violation, violation.mayBeFoundLate, deliveredBehindViolation == nil,
      client.close != nil
    else { return false }
    if application.hasCloseStep { return decoded.server.frames.contains { $0.opcode == .close } }
    guard let close = closeBehindViolation else { return false }
    let data = decoded.server.frames.last { !$0.opcode.isControl && $0.streamOffset < close.streamOffset }
    guard violation.isComplete, let data else { return true }
    return !pausedBetween(data.eventIndex, close.eventIndex)
  }

  fileprivate func allowedCodes(_ violation: ServerViolation) -> [UInt16] {
    // Where the adapter could not do what the scenario asks for, the server's frames may break another rule than was meant.
    application.unsupported.isEmpty ? expected.closeCodes ?? violation.closeCodes : violation.closeCodes
  }

  fileprivate var notFailedFindings: [Finding] {
    guard var violation = dueViolation else { return [] }
    // Who looks at a frame when all of it has come may wait for its end, unless the stream ends inside of it.
    if !violation.isComplete, !serverEndedFirst { violation.requirement = .quality }
    // Bad text is told by its byte already.
    let place = violation.isText ? "" : " at offset \(violation.streamOffset)"
    let cause = "after \(violation.what)\(place) of the server's stream"
    let duty = "It \(violation.verb) fail the connection"
    let section = violation.section
    if !gaveUp {
      guard client.isComplete, !mayLieUnread(from: violation.streamOffset) else { return [] }
      let sentence = "The client \(deliveredBehindViolation ?? "went on") \(cause). \(duty)."
      return [Finding(sentence, requirement: violation.requirement, rfc: section)]
    }
    // An answer to the server's later Close shows that the client took the violation for nothing; a Close that the application wanted
    // is no answer.
    if let close = client.close, close.isKnown, close.eventIndex > violation.eventIndex,
      !application.hasCloseStep, let behind = closeBehindViolation.map({ CloseContent($0.payload) }),
      let code = behind.code, close.content.code == code, !allowedCodes(violation).contains(code),
      !closedBeforeBadMessage
    {
      let what = deliveredBehindViolation.map { "\($0) and " } ?? ""
      let sentence = "The client \(what)answered \(behind.text) \(cause). \(duty) at the violation."
      return [Finding(at: close.streamOffset, sentence, requirement: violation.requirement, rfc: section)]
    }
    // A message may be checked no sooner than it is handed out: a client that reads ahead answers the Ping before.
    guard let pong = pongBehindViolation, !violation.mayBeFoundLate || deliveredBehindViolation != nil else {
      return []
    }
    let what = deliveredBehindViolation.map { "\($0) and " } ?? ""
    let sentence = "The client \(what)answered a Ping \(cause). \(duty) there."
    return [Finding(at: pong.streamOffset, sentence, requirement: violation.requirement, rfc: section)]
  }

  /// A Pong for a Ping that the server sent behind its violation.
  private var pongBehindViolation: DecodedFrame? {
    guard let violation = server.violation else { return nil }
    let behind = decoded.server.frames.filter {
      $0.opcode == .ping && $0.streamOffset > violation.streamOffset && $0.isFinal && !$0.payload.isEmpty
    }
    let payloads = Set(behind.map(\.payload)).subtracting(server.pings.map(\.payload)).subtracting(
      server.pongs.map(\.payload))
    return client.pongs.first { payloads.contains($0.payload) }
  }

  fileprivate var missingFailureCloseFindings: [Finding] {
    guard client.close == nil, clientEnd != nil, client.isComplete, damagedSend == nil else { return [] }
    if isLimitDue, let codes = expected.closeCodes {
      return [
        missingClose("The client gave up without a Close; it should send \(CloseContent.words(codes)) first.")
      ]
    }
    guard let violation = dueViolation else { return [] }
    let closes = CloseContent.words(allowedCodes(violation))
    return [
      missingClose(
        "The client ended TCP after \(violation.what), without a Close; it should send \(closes) first.",
        requirement: violation.requirement == .must ? nil : violation.requirement)
    ]
  }

  /// Whether a limit of the client's own, not a violation of the server's, is what it must fail the connection for.
  private var isLimitDue: Bool {
    expected.failure == true && isEstablished && !serverReset && server.violation == nil && server.isComplete
  }

  fileprivate var failureCodeFindings: [Finding] {
    guard isEstablished, !serverReset, let violation = visibleViolation, let close = client.close,
      close.isKnown,
      close.eventIndex > violation.eventIndex, !application.hasCloseStep, !mayHaveHitLimit,
      notFailedFindings.isEmpty, !closedBeforeBadMessage
    else { return [] }
    let codes = allowedCodes(violation)
    guard !(codes + codesBehindText).contains(close.content.reportedCode) else { return [] }
    let wanted = CloseContent.words(codes)
    let sentence = "The client sent \(close.content.text) after \(violation.what); it should send \(wanted)."
    // No stronger than the duty to fail at all.
    let requirement = violation.requirement == .must ? nil : violation.requirement
    return [Finding(at: close.streamOffset, sentence, requirement: requirement)]
  }

  /// Whether a limit explains the client's 1009: a message no longer than a control frame may be is beyond nobody's, and who takes a
  /// masking key for a length has met none.
  private var mayHaveHitLimit: Bool {
    clientHitLimit && (server.longestAnnounced > 125 || ownFailureCode == 1003)
  }

  /// The codes for what is wrong behind bad text: who looks at text late comes to it first.
  private var codesBehindText: [UInt16] {
    guard server.violation?.isText == true else { return [] }
    let behind = ServerStreamModel(decoded.server, deflate: deflate, checksText: false)
    return behind.violation?.closeCodes ?? (isViolatedByItsLastBytes ? [1002] : [])
  }

  /// Judged only where the order of things is no chance: the message never ends, or the server paused before it went on.
  fileprivate var failFastFindings: [Finding] {
    guard expected.failFast, isEstablished, !serverReset, let violation = server.violation, violation.isText,
      client.isComplete, !mayLieUnread(from: violation.streamOffset)
    else { return [] }
    let sentence =
      "The client waited for the rest of the message after \(violation.what). It should fail at that byte."
    guard violation.isComplete else {
      // Who sent a Close of its own and did not go on reading has failed it.
      let hasFailed = client.close != nil && pongBehindViolation == nil
      return hasFailed ? [] : [Finding(sentence)]
    }
    guard let events = trace?.events, let chunk = chunkIndex(of: violation.streamOffset) else { return [] }
    // Nobody waits for the rest of a message that is there as a whole.
    let frame = decoded.server.frames.first { $0.endOffset > violation.streamOffset }
    if let frame, frame.isFinal, frame.eventIndex <= chunk { return [] }
    let rest = events.indices.first { index in
      guard index > chunk, case .sent = events[index].kind else { return false }
      return pausedBetween(chunk, index)
    }
    guard let rest, clientStopIndex > rest else { return [] }
    return [Finding(sentence)]
  }

  /// Whether a waiting step began between two events, and the client had time meanwhile: what is expected may have come already.
  private func pausedBetween(_ first: Int, _ second: Int) -> Bool {
    guard let events = trace?.events,
      let steps = scenario.server.connections.first(where: { $0.name == name })?.steps
    else { return false }
    let tookTime = { (event: WireEvent) in
      events[second].instantNanoseconds >= event.instantNanoseconds + Self.shortestWaitNanoseconds
    }
    return events[first..<second].contains { event in
      guard case .stepStarted(let step) = event.kind, steps.indices.contains(step) else { return false }
      switch steps[step] {
      case .pause, .waitUntil: return true
      case .expectFrame, .expectMessage, .expectClose, .expectEnd, .barrier: return tookTime(event)
      default: return false
      }
    }
  }

  private static let shortestWaitNanoseconds: UInt64 = 2_000_000

  /// The client gave up a connection on which nothing was wrong and which the application did not close.
  fileprivate var causelessFailureFindings: [Finding] {
    guard isEstablished, !isHung, !applicationMayClose, server.isComplete, client.isComplete,
      expected.failure != true
    else {
      return []
    }
    guard !clientHitLimit, decoded.deadlineIndex == nil || gaveUp else { return [] }
    guard !isViolatedByItsLastBytes else { return [] }
    let act = min(client.close?.eventIndex ?? .max, clientEnd?.eventIndex ?? .max)
    // What the server sent only afterwards is no cause. Text that ends within a character is wrong at its end, behind which more may come.
    if let violation = server.violation,
      min(chunkIndex(of: violation.streamOffset) ?? 0, violation.eventIndex) < act
    {
      return []
    }
    // A Close of the server's is none either: to say that something was wrong is no answer to it.
    let stop = ownFailureCode == nil ? serverStopIndex : decoded.serverEnd?.eventIndex ?? .max
    guard act != .max, act < stop, application.isListening else { return [] }
    let how = client.close.map { "sent \($0.content.text)" } ?? "ended TCP"
    var sentence = "The client \(how), though nothing was wrong with the connection and nobody had closed it"
    if let failure = application.failures.first {
      sentence += "; it threw \(Words.exception(failure.exception))"
    }
    // The script went no further than its first fragments, so that no message is missing that could be named.
    let isInMessage = server.unfinished != nil && server.messages.count == application.messages.count
    // The closing handshake was finished all the same, by another code than the server's.
    let requirement: Requirement? = server.close.map { $0.eventIndex < act } ?? false ? .quality : nil
    if isInMessage { sentence += " inside a fragmented message" }
    return [
      Finding(
        at: client.close?.streamOffset, sentence + (isInMessage ? "" : pieces) + ".",
        requirement: requirement, rfc: isInMessage ? "5.4" : nil)
    ]
  }

  /// What the server's frames do not tell, the scenario states. A Close that answers none of the server's shows the failure; so
  /// does an end of stream before the server's.
  fileprivate var expectedFailureFindings: [Finding] {
    guard expected.failure == true, isEstablished, !serverReset, server.violation == nil, server.isComplete,
      client.isComplete
    else { return [] }
    if let close = client.close, close.eventIndex < server.close?.eventIndex ?? .max { return [] }
    if let end = clientEnd, end.eventIndex < serverStopIndex { return [] }
    let what =
      clientEnd == nil ? "did not fail the connection" : "ended with the server's stream, without a Close"
    let sentence = "The client \(what). Expected: \(scenario.expectation)"
    return [Finding(sentence, requirement: scenario.requirement, rfc: scenario.rfc)]
  }
}

extension ApplicationView {
  /// Whether it wanted messages to the end of the connection.
  var isListening: Bool { receiveLimit == nil }
}
