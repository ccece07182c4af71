import Scenarios
import Traces
import WebSocketProtocol

/// What the rules say of a client in a case of which nobody said what is expected. The RFCs often allow several behaviours: a client
/// that shows any of them breaks no rule.
public struct Examination: Sendable {
  /// Every rule that the client broke, each once with its place, the strongest first.
  public var broken: [BrokenRule] = []
  /// Why the trace says nothing about the client; nil where it does.
  public var obstacle: String?

  /// The examination of an attempt in which the bench failed, or that could not be made.
  public init(obstacle: String) { self.obstacle = obstacle }

  /// The examination of an attempt that the board did not survive, again and again, and nothing else.
  public init(boardLost violation: Violation) {
    broken = [BrokenRule(violation: violation, place: "the board was lost")]
  }

  fileprivate init(broken: [BrokenRule]) { self.broken = broken }
}

/// A rule that a client broke, and where. What breaks the same rule at the same place has one cause, as far as that can be seen from
/// outside.
public struct BrokenRule: Sendable, Hashable {
  /// The rule and what happened.
  public var violation: Violation
  /// What the client was doing then, in words without figures: `after reserved bits in a Text frame`.
  public var place: String

  /// Creates a finding.
  public init(violation: Violation, place: String) {
    self.violation = violation
    self.place = place
  }

  /// What tells one group of findings from another: rule and place.
  public var group: String { "\(violation.rule): \(place)" }
}

extension Judge {
  /// Examines an attempt at a case without its author's expectations.
  ///
  /// What the RFC leaves open (MAY) is no broken rule; a SHOULD, and what a good client does beyond the RFC (QUALITY), is one and says
  /// so.
  public static func examine(
    case: Case, trace: AttemptTrace, limits: ResourceLimits = ResourceLimits()
  ) -> Examination {
    examine(case: `case`.withDerivedExpectations, derived: trace, limits)
  }

  /// Examines what came of an echo loop at a server that is not the rig's, of which nobody knows what it was about to send.
  /// - Parameter client: what the client says of itself; nil where only its connections tell.
  public static func examine(
    echoing testCase: Case, wire connections: [ConnectionTrace], client: ClientTrace?
  ) -> Examination {
    let derived = testCase.withDerivedExpectations
    var trace = witnessed(derived, connections)
    if let client { trace.client = client }
    return examine(case: derived, derived: trace, ResourceLimits())
  }

  private static func examine(
    case testCase: Case, derived trace: AttemptTrace, _ limits: ResourceLimits
  ) -> Examination {
    let contexts = RuleContext.all(case: testCase, attempt: trace, limits: limits)
    let found = violations(trace, contexts)
    let (verdict, reason) = verdict(device: trace, devices: contexts, reference: trace, violations: found)
    switch verdict {
    case .inconclusive, .unsupported:
      return Examination(obstacle: reason ?? "The attempt says nothing about the client.")
    case .passed, .informational: return Examination(broken: [])
    case .failed, .nonStrict:
      var groups: Set<String> = []
      let broken = found.filter { $0.requirement != .may }.map { violation in
        let context = contexts.first { $0.name == violation.connection } ?? contexts.first
        return BrokenRule(violation: violation, place: context?.place(of: violation) ?? "")
      }
      return Examination(broken: broken.filter { groups.insert($0.group).inserted })
    }
  }
}

extension RuleContext {
  /// Where a rule was broken: by what the server had done that the rule is about.
  fileprivate func place(of violation: Violation) -> String {
    let topic = Rule.all.first { $0.id == violation.rule }?.topic
    switch topic {
    case .opening: return placeInOpening(of: violation)
    case .messages where server.violation == nil: return placeOfMessages(violation)
    // What its frames look like hardly depends on what they answer.
    case .frames where server.violation == nil: return "the client's frames"
    case .resources: return "the board's memory and time"
    case .pings where violation.rule == "pong-not-answered": return "an unsolicited Pong"
    case .closing where violation.rule == "tcp-ended" || violation.rule == "close-answered":
      return placeOfEnd
    default: return placeInStream
    }
  }

  private func placeInOpening(of violation: Violation) -> String {
    if violation.rule.hasPrefix("request-") { return "the request" }
    if let refusal { return "though \(refusal.reason.withoutFigures)" }
    guard let failure = application.connectFailure else { return "an answer that was lawful" }
    return "an answer that was lawful, at which it threw \(failure.type) \(failure.message.withoutFigures)"
  }

  private func placeOfMessages(_ violation: Violation) -> String {
    let isFragmented = decoded.server.frames.contains {
      $0.opcode == .continuation || !$0.opcode.isControl && !$0.isFinal
    }
    let isCompressed = deflate != nil
    let thrown = application.failures.first.map { ", at which it threw \($0.exception.type)" } ?? ""
    return [isCompressed ? "compressed" : "", isFragmented ? "fragmented" : "", "messages"]
      .filter { !$0.isEmpty }.joined(separator: " ") + thrown
  }

  /// What made the connection end: what exactly came before hardly matters to that.
  private var placeOfEnd: String {
    if !isEstablished { return "after an opening handshake that failed" }
    if server.violation != nil { return "after a breach of the protocol" }
    if server.close != nil { return "after a Close" }
    return application.hasCloseStep ? "while the application closes" : "on a connection that was open"
  }

  /// The last thing of the server's that asked something of the client.
  private var placeInStream: String {
    if let violation = server.violation { return "after \(violation.what.withoutFigures)" }
    if let refusal { return "though \(refusal.reason.withoutFigures)" }
    if let close = server.close {
      let inside = server.unfinished == nil ? "" : " inside a message"
      return "after a Close \(close.code == nil ? "without a code" : "with a code")\(inside)"
    }
    switch server.position {
    case .insideFrame: return decoded.serverEnd == nil ? "inside a frame" : "after an end inside a frame"
    case .insideMessage:
      return decoded.serverEnd == nil ? "inside a message" : "after an end inside a message"
    case .boundary, .unknown: break
    }
    if decoded.serverEnd?.kind == .reset { return "after a reset" }
    return application.hasCloseStep ? "while the application closes" : "on an open connection"
  }
}

extension String {
  /// The text with every quotation as `…` and every word that has a digit as `N`, such as the token in a URL, so that what differs in
  /// nothing else is the same.
  fileprivate var withoutFigures: String {
    String(
      replacing(/"[^"]*"|\[[0-9A-F ]+( …)?\]/, with: "…").replacing(/\w*[0-9]\w*/, with: "N").prefix(160))
  }
}
