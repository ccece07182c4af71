import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// The closing handshake (RFC 6455 sections 5.5.1 and 7.1).
extension Rule {
  static let closing: [Rule] = [
    Rule("close-answered", .closing, rfc: "5.5.1", .must, "The server's Close is answered by a Close.") {
      $0.unansweredCloseFindings
    },
    Rule("close-code-echoed", .closing, rfc: "5.5.1", .quality, "The answer to a Close carries its code.") {
      $0.closeCodeFindings
    },
    Rule("close-sent", .closing, rfc: "7.1.2", .must, "To close, a client sends a Close before it ends TCP.")
    {
      $0.unsentCloseFindings
    },
    Rule(
      "close-awaits-answer", .closing, rfc: "7.1.1", .should,
      "Who sent Close waits for the other's before ending TCP."
    ) {
      $0.impatienceFindings
    },
    Rule(
      "expected-close-code", .closing, rfc: "7.4", .must, "The Close carries a code that the scenario allows."
    ) {
      $0.expectedCodeFindings
    },
    Rule(
      "close-as-asked", .closing, rfc: "7.1.2", .must,
      "A client's own Close carries the code and the reason that the application gave."
    ) {
      $0.otherThanAskedFindings
    },
    Rule(
      "tcp-ended", .closing, rfc: "5.5.1", .must,
      "After the closing handshake, or when the opening handshake has failed, the client ends TCP."
    ) {
      $0.openTCPFindings
    },
  ]
}

extension RuleContext {
  fileprivate var unansweredCloseFindings: [Finding] {
    guard isEstablished, client.isComplete, !serverReset, damagedSend == nil, client.tail == nil else {
      return []
    }
    guard let close = visibleClose, client.close == nil, !mayLieUnread(from: close.streamOffset) else {
      return []
    }
    // The application may have ended the connection at the same time: whether it had to send a Close is `close-sent`'s matter.
    guard !(applicationMayClose && clientEnd != nil) else { return [] }
    let text = CloseContent.text(code: close.code, reason: close.reason)
    let how = clientEnd == nil ? "did nothing" : "ended TCP"
    return [missingClose("The client did not answer the server's \(text) by a Close, but \(how).")]
  }

  /// That a Close of the client's never came. A reset destroys what is under way, and is what becomes of ending TCP while bytes wait to be
  /// read: then there may have been one, and what is certain is that TCP was not ended cleanly (section 7.1.1).
  func missingClose(_ sentence: String, requirement: Requirement? = nil) -> Finding {
    guard clientEnd?.kind == .reset else { return Finding(sentence, requirement: requirement) }
    return Finding(
      sentence + " It reset the connection, by which a Close may be lost: TCP should be ended cleanly.",
      requirement: requirement ?? .should, rfc: "7.1.1")
  }

  fileprivate var closeCodeFindings: [Finding] {
    // With a close step of its own, the client's Close may have crossed the server's.
    guard isEstablished, !application.hasCloseStep, expected.closeCodes == nil, ownFailureCode == nil else {
      return []
    }
    guard let close = server.close, let answer = client.close, answer.isKnown,
      answer.eventIndex > close.eventIndex,
      answer.content.defect == nil, closesOnlyInAnswer
    else { return [] }
    if answer.content.code == close.code { return [] }
    // Nothing to echo: 1000 says the same as no code.
    if close.code == nil, answer.content.code == 1000 { return [] }
    let text = CloseContent.text(code: close.code, reason: close.reason)
    return [
      Finding(
        at: answer.streamOffset,
        "The client answered \(text) by \(answer.content.text), not by the same code.")
    ]
  }

  /// Whether nothing but the server's Close makes the client send one; otherwise the two may have crossed.
  private var closesOnlyInAnswer: Bool { application.isListening || !applicationMayClose }

  fileprivate var unsentCloseFindings: [Finding] {
    guard isEstablished, application.closeReturned, application.hasCloseStep else { return [] }
    guard client.close == nil, client.isComplete, !serverReset, damagedSend == nil,
      !application.mayAbandonClosing
    else { return [] }
    guard serverStopIndex > clientEnd?.eventIndex ?? .max || serverStopIndex == .max else { return [] }
    let how = clientEnd == nil ? "nothing came" : "the client ended TCP without one"
    return [missingClose("The application closed the connection, which takes a Close frame, but \(how).")]
  }

  fileprivate var impatienceFindings: [Finding] {
    guard isEstablished, application.closeReturned, application.hasCloseStep, serverIsLawful,
      let close = client.close, let clientEnd, !serverReset, !serverPauses,
      !announcesTooMuch, !application.mayAbandonClosing
    else { return [] }
    // The order is certain only where the client's end had come before the server did anything: sent its Close, ended its stream,
    // or left both for the client's end.
    guard server.close.map({ $0.eventIndex > clientEnd.eventIndex }) ?? true,
      close.eventIndex < clientEnd.eventIndex,
      decoded.serverEnd.map({ $0.eventIndex > clientEnd.eventIndex }) ?? true
    else { return [] }
    return [Finding(at: close.streamOffset, "The client ended TCP before the server had answered its Close.")]
  }

  /// No client that waits at all loses its patience sooner.
  private static let leastPatienceMilliseconds = 500

  /// Whether the server keeps its answer back, so that a client may lose patience.
  private var serverPauses: Bool {
    let steps = scenario.server.connections.first { $0.name == name }?.steps ?? []
    var milliseconds = 0
    for step in steps {
      switch step {
      case .pause(let pause): milliseconds += pause
      case .waitUntil(let instant): milliseconds = max(milliseconds, instant)
      case .barrier, .stopReading, .expectEnd: return true
      default: break
      }
    }
    return milliseconds >= Self.leastPatienceMilliseconds
  }

  fileprivate var expectedCodeFindings: [Finding] {
    guard let codes = expected.closeCodes, isEstablished, serverIsLawful, let close = client.close
    else { return [] }
    guard close.isKnown, !codes.contains(close.content.reportedCode) else { return [] }
    let wanted = codes.map(String.init).joined(separator: " or ")
    return [
      Finding(
        at: close.streamOffset, "The client sent \(close.content.text); \(wanted) is expected.",
        requirement: scenario.requirement, rfc: scenario.rfc)
    ]
  }

  fileprivate var otherThanAskedFindings: [Finding] {
    guard isEstablished, serverIsLawful, let close = client.close,
      close.isKnown, close.eventIndex < server.close?.eventIndex ?? .max,
      !application.unsupported.contains(OptionalFeature.closeCode.rawValue),
      application.closeRequests.count == 1, let request = application.closeRequests.first,
      let code = request.code
    else { return [] }
    let asked = CloseContent(code: code, reason: Array((request.reason ?? "").utf8))
    // What must not be sent, a client may refuse or replace as it likes.
    guard asked.defect == nil, close.content != asked else { return [] }
    return [
      Finding(
        at: close.streamOffset,
        "The application asked for \(asked.text), but the client sent \(close.content.text).")
    ]
  }

  fileprivate var openTCPFindings: [Finding] {
    guard !isHung, decoded.clientEnd == nil, decoded.deadlineIndex != nil, !serverReset,
      decoded.serverEnd != nil, lateByteCount == 0, client.close != nil || !mayLieUnread(from: .max)
    else { return [] }
    let sentence = "The server had ended its side of TCP, and the client never ended its own"
    if isEstablished { return [Finding(sentence + ".")] }
    return [Finding(sentence + ", though the opening handshake had failed.", rfc: "7.1.7")]
  }
}

extension CloseContent {
  init(code: UInt16?, reason: [UInt8]) {
    self.init((code.map { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } ?? []) + reason)
  }

  static func text(code: UInt16?, reason: [UInt8]) -> String { CloseContent(code: code, reason: reason).text }
}
