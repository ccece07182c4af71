import Results
import Scenarios
import Steps
import Traces
import Verdicts
import WebSocketProtocol

extension Reproduction {
  /// Why programs cannot show a finding, so that they would always say the same, or never; nil where they can.
  static func obstacle(_ group: FindingGroup, adapter: String?) -> String? {
    ruleObstacle(group.broken.violation.rule) ?? caseObstacle(group.smallest)
      ?? adapterObstacle(adapter) ?? traceObstacle(group)
  }

  private static func ruleObstacle(_ rule: String) -> String? {
    if rule == Rule.boardLostID { return "what was lost is the board itself" }
    if Rule.all.first(where: { $0.id == rule })?.topic == .resources {
      return "what a client costs a board, in memory or in time, only measurements on the board can tell"
    }
    switch rule {
    case "client-frame-in-one-write":
      return "in which pieces bytes come depends on the moment, and counts only over many frames"
    case "optional-only-unsupported":
      return "it is about what the adapter says of the client, and not about what the client does"
    default: return nil
    }
  }

  private static func caseObstacle(_ testCase: Case) -> String? {
    if testCase.scenario.speaksTLS { return "TLS is spoken, and they speak none" }
    return testCase.scenario.server.port.map {
      "the client's URL names no port, so that the server would have to listen on port \($0)"
    }
  }

  private static func adapterObstacle(_ adapter: String?) -> String? {
    guard let adapter else { return "the client is the rig's own" }
    let isCallback = adapter.contains(/(?m)^KIND *= *["']callback["']/)
    return isCallback ? "the client hands its messages to callbacks, which they do not have" : nil
  }

  private static func traceObstacle(_ group: FindingGroup) -> String? {
    guard let trace = group.trace else { return "nothing is known of what the client did" }
    if trace.connections.contains(where: { $0.serverStream.isCut || $0.clientStream.isCut }) {
      return "more bytes went over the connection than are kept"
    }
    if trace.client.events.contains(where: \.isForWantOfMemory) {
      return "the board had too little memory, and this computer has more"
    }
    let violation = group.broken.violation
    if violation.rule == "failure-close-frame",
      trace.connections.contains(where: { $0.name == violation.connection && $0.clientReset })
    {
      return "whether a reset destroys a Close that was on its way depends on the moment"
    }
    if trace.client.keepsLoop { return "the client lets nothing else run for ever, and they with it" }
    switch Aspect(of: violation.rule) {
    case .maskingKeys where !hasPattern(trace):
      return "the masking keys come from a known generator, which only a search for it shows"
    case .wholeness where !trace.showsDamage:
      return "what was cut was a fragment or compressed, and what it had to be is not known"
    default: return nil
    }
  }

  /// Whether the masking keys are no chance by themselves.
  private static func hasPattern(_ trace: AttemptTrace) -> Bool {
    var keys = RunKeys()
    keys.add(trace)
    return !keys.violations.isEmpty
  }
}

extension ClientEvent {
  fileprivate var isForWantOfMemory: Bool {
    switch kind {
    case .exception(let exception), .connectFailed(let exception): exception.type == "MemoryError"
    default: false
    }
  }
}

extension ClientTrace {
  /// Whether the client hung, and no other task ran meanwhile.
  fileprivate var keepsLoop: Bool {
    guard case .hung = ending, let heartbeat else { return false }
    return heartbeat.countSinceLastEvent < Pace.provingHeartbeats
  }
}

extension AttemptTrace {
  /// Whether it can be seen that a message did not come whole: it was cut, or is one frame that nobody gave the client. What a fragment
  /// or a compressed message had to be is not known.
  fileprivate var showsDamage: Bool {
    let sent = Set(
      client.events.compactMap { if case .sent(let digest) = $0.kind { digest.sha1 } else { nil } })
    return connections.map(DecodedConnection.init).contains { connection in
      connection.client.tail != nil
        || connection.client.frames.contains {
          $0.isWholeMessage && !sent.contains(SHA1.hexadecimal(of: $0.payload))
        }
    }
  }
}

extension ConnectionTrace {
  /// Whether the client reset TCP.
  fileprivate var clientReset: Bool { events.contains { $0.kind == .receivedReset } }
}

extension DecodedFrame {
  fileprivate var isWholeMessage: Bool {
    isFinal && header.reservedBits == 0 && (opcode == .text || opcode == .binary)
  }
}
