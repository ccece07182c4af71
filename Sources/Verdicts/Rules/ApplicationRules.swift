import Scenarios
import Traces
import WebSocketProtocol

/// What the application is told (RFC 6455 section 7.1), and that the client's calls return.
extension Rule {
  static let hangID = "client-hung"

  static let application: [Rule] = [
    Rule(hangID, .application, rfc: "7.1.1", .must, "The client's calls return when the connection is over.")
    {
      $0.hangFindings
    },
    Rule(
      "end-code", .application, rfc: "7.1.5", .must,
      "The reported close code is the server's; 1006 without a Close."
    ) {
      $0.endCodeFindings
    },
    Rule(
      "end-reason", .application, rfc: "7.1.6", .must, "The reported close reason is the server's."
    ) {
      $0.endReasonFindings
    },
    Rule(
      "end-clean", .application, rfc: "7.1.4", .must,
      "Only a finished closing handshake is reported as clean."
    ) {
      $0.cleanFindings
    },
    Rule(
      "end-reported", .application, rfc: "", .quality, "The application learns that the connection is over."
    ) {
      $0.unreportedEndFindings
    },
    Rule(
      "end-not-internal-error", .application, rfc: "", .quality, "An end is not told by an internal error."
    ) {
      $0.internalErrorFindings
    },
    Rule(
      "in-time", .application, rfc: "", .quality, "The client is done before the rig's patience ends."
    ) {
      $0.latenessFindings
    },
    Rule(
      "optional-only-unsupported", .application, rfc: "", .must,
      "Only what the RFC makes optional may be unsupported."
    ) {
      $0.optOutFindings
    },
  ]
}

extension RuleContext {
  /// Hung though the server gave a reason to end that no other rule tells of. A client that hangs without one hangs because of
  /// something else that it broke, or for no reason of the server's: the judge adds that.
  fileprivate var hangFindings: [Finding] {
    guard case .hung(let detail) = attempt.client.ending, !application.knowsTheEnd else { return [] }
    let cause: String
    if let close = visibleClose {
      cause = "The server had sent \(CloseContent.text(code: close.code, reason: close.reason))"
    } else if let end = decoded.serverEnd {
      cause = end.kind == .reset ? "The server had reset the connection" : "The server had ended its stream"
    } else {
      return []
    }
    return [Finding("\(cause), and the client hung: \(Words.line(detail))")]
  }

  private var endedWithoutClose: Bool {
    server.close == nil && server.violation == nil && server.isComplete && decoded.serverEnd != nil
      && decoded.serverEnd?.eventIndex ?? .max < clientEnd?.eventIndex ?? .max
  }

  fileprivate var endCodeFindings: [Finding] {
    guard isEstablished, let told = application.ends.first?.closeCode else { return [] }
    if let close = visibleClose, client.close != nil {
      let code = Int(close.code ?? 1005)
      // Who has failed the connection does not look at what comes then (section 7.1.7), and was told of no Close.
      guard told != code, ownFailureCode == nil, !(told == 1006 && gaveUpWhileClosing) else { return [] }
      return [Finding("The client reported close code \(told), the server's Close means \(code).")]
    }
    guard endedWithoutClose, told != 1006 else { return [] }
    return [Finding("The client reported close code \(told), but no Close came, which is 1006.")]
  }

  /// Whether the client may have failed the connection at a message beyond its limit (section 10.4) while it closed: it had no Close left to
  /// say so.
  private var gaveUpWhileClosing: Bool {
    guard application.hasCloseStep, announcesTooMuch, let limit = expected.messageLimit else {
      return false
    }
    return !application.messages.contains { $0.length > limit }
  }

  fileprivate var endReasonFindings: [Finding] {
    // Who meets a limit of its own may do so with the very code of the server's Close, and for a reason of its own.
    guard isEstablished, ownFailureCode == nil, !announcesTooMuch, client.close != nil,
      let close = visibleClose, let end = application.ends.first, let told = end.reason,
      end.closeCode == Int(close.code ?? 1005),
      Array(told.utf8) != close.reason
    else { return [] }
    return [
      Finding(
        "The client reported the close reason \(Words.quoted(told.utf8)), the server's is \(Words.quoted(close.reason))."
      )
    ]
  }

  fileprivate var cleanFindings: [Finding] {
    guard isEstablished, application.ends.contains(where: { $0.wasClean == true }) else { return [] }
    if let violation = server.violation {
      // A compressed message that was never finished need not have been inflated.
      guard violation.requirement == .must, !(violation.isCompressed && violation.mayBeUnnoticed) else {
        return []
      }
      // The closing handshake was finished, which is what the RFC calls clean; that there was bad text should be told all the same.
      let requirement: Requirement? = closedBeforeBadMessage ? .quality : nil
      return [Finding("The client reported a clean end after \(violation.what).", requirement: requirement)]
    }
    guard endedWithoutClose else { return [] }
    return [Finding("The client reported a clean end, but the server's stream ended without a Close.")]
  }

  fileprivate var unreportedEndFindings: [Finding] {
    guard isEstablished, !isHung, application.isListening, !application.mayStopReceiving, clientEnd != nil
    else { return [] }
    guard !application.knowsTheEnd else { return [] }
    return [Finding("The connection ended, and the application was not told.")]
  }

  fileprivate var internalErrorFindings: [Finding] {
    guard isEstablished, serverStopIndex != .max || clientEnd != nil else { return [] }
    let internalErrors: Set = [
      "NotImplementedError", "TypeError", "AttributeError", "IndexError", "KeyError", "NameError",
      "AssertionError",
      "UnboundLocalError", "ZeroDivisionError", "RecursionError",
    ]
    let failure = application.failures.first { internalErrors.contains($0.exception.type) }
    return failure.map {
      [Finding("The client threw \(Words.exception($0.exception)), an error inside of it.")]
    } ?? []
  }

  /// How many bytes the client sent after the server had given up waiting, a Close not counted: it was neither hung nor done.
  var lateByteCount: Int { isHung ? 0 : decoded.lateByteCount }

  fileprivate var latenessFindings: [Finding] {
    guard isEstablished, lateByteCount > 0 else { return [] }
    return [
      Finding(
        "The client was still at work when the server gave up waiting: \(Words.bytes(lateByteCount)) came later,"
          + " too late to be judged.")
    ]
  }

  fileprivate var optOutFindings: [Finding] {
    application.unsupported.filter { OptionalFeature(rawValue: $0) == nil }.prefix(1).map {
      Finding("The adapter does not support \(Words.line($0)), which every client must.")
    }
  }
}
