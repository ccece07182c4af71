import Scenarios
import Steps
import Traces

extension Case {
  /// The case as if nobody had said what is expected of it: what the rules of every trace do not know by themselves is derived from
  /// what the application asks for. What the server's answer and its frames mean, they find in the trace.
  public var withDerivedExpectations: Case {
    var derived = self
    derived.scenario.dispute = nil
    // Nothing is a MUST because an author says so.
    derived.scenario.requirement = .may
    let connects = scenario.client.connects
    // Who inflates a message when it is complete finds bad text then, as clients on boards do.
    let mayInflateLate = connects.contains(where: \.compression)
    // Who cannot get rid of an echo reads nothing meanwhile.
    let mayBlock = scenario.server.connections.contains { $0.steps.contains(.stopReading) }
    derived.scenario.expected = Expected(
      failFast: !mayInflateLate && !mayBlock, messageLimit: Self.usualMessage)
    for step in connects {
      switch URLReading(step, serverPort: scenario.server.port, speaksTLS: scenario.speaksTLS) {
      case .lawful where step.isPlainRequest: break
      case .lawful, .undecided:
        if derived.scenario.expected.opening == .accepted { derived.scenario.expected.opening = .either }
      case .unlawful(let why):
        derived.scenario.expected.opening = .refused
        derived.scenario.requirement = .must
        derived.scenario.rfc = "3"
        derived.scenario.description = "The URL \(why)."
      }
    }
    return derived
  }

  /// A message of so many bytes every client should take; a larger one it may refuse.
  private static let usualMessage = 65536
}

extension ConnectStep {
  private static let longestUsualName = 2048

  /// Whether the application asks for nothing that a client may refuse.
  fileprivate var isPlainRequest: Bool {
    headers.allSatisfy { $0.isSendable && !$0.isOfHandshake } && subprotocols.allSatisfy(DecodedHead.isToken)
      && Set(subprotocols).count == subprotocols.count
      // A board has room for so much of a name, not for any.
      && (url ?? target).utf8.count <= Self.longestUsualName
      // Who sends one sends one origin (RFC 6454 section 7.3).
      && headers.count { $0.name.lowercased() == "origin" } < 2
  }
}

extension ClientScript {
  /// The connections that the application asks for.
  fileprivate var connects: [ConnectStep] {
    tasks.flatMap(\.steps).compactMap { if case .connect(let step) = $0 { step } else { nil } }
  }
}
