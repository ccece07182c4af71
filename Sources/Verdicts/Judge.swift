import Scenarios
import Traces

/// Judges what a client did: the rules of RFC 6455 over its trace, beside what the reference did.
public enum Judge {
  /// The three-way judgement of a case. The verdict depends on the rules alone; the comparison stands beside it.
  /// - Parameter limits: those of the rules about resources.
  public static func judge(
    case: Case, device: AttemptTrace, reference: AttemptTrace, limits: ResourceLimits = ResourceLimits()
  ) -> Judgement {
    // Each trace is decoded and modelled once, for the rules and for the comparison.
    judge(`case`, device, RuleContext.all(case: `case`, attempt: device, limits: limits), reference)
  }

  /// The judgement of a client that says nothing of itself: its one connection proves what it did, and what it does not prove is
  /// held against nobody. The client may have been told another URL than the scenario's.
  /// - Returns: the judgement, and the attempt with what was inferred of the client's side.
  public static func judge(
    case: Case, wire connections: [ConnectionTrace], reference: AttemptTrace
  ) -> (judgement: Judgement, device: AttemptTrace) {
    let device = witnessed(`case`, connections)
    let devices = RuleContext.all(case: `case`, attempt: device)
    let echoes = devices.first.map { WireWitness($0).violations } ?? []
    return (judge(`case`, device, devices, reference, besides: echoes), device)
  }

  /// The attempt of a client that says nothing of itself, with what its connection tells of it.
  static func witnessed(_ case: Case, _ connections: [ConnectionTrace]) -> AttemptTrace {
    var device = AttemptTrace(
      endpoint: .device, connections: connections.map(\.namedByTarget), client: ClientTrace())
    let bare = RuleContext.all(case: `case`, attempt: device)
    device.client = bare.first.map { WireWitness($0).trace } ?? device.client
    return device
  }

  /// - Parameter more: what is broken besides the rules, unless a broken one explains it.
  private static func judge(
    _ testCase: Case, _ device: AttemptTrace, _ devices: [RuleContext], _ reference: AttemptTrace,
    besides more: [Violation] = []
  ) -> Judgement {
    let references = RuleContext.all(case: testCase, attempt: reference)
    var violations = violations(device, devices)
    if !violations.contains(where: { $0.requirement == .must }) { violations = more + violations }
    if violations.isEmpty, unsupported(device, devices) == nil, case .completed = device.client.ending,
      let miss = unexplainedMiss(testCase, device: device, reference: reference)
    {
      guard device.client.showsRunning else {
        return Judgement(
          verdict: .inconclusive, reason: "The board hardly ran while the server waited for its client.")
      }
      violations = [miss]
    }
    let comparison = Comparison(devices: devices, references: references, violations: violations)
    let (verdict, reason) = verdict(
      device: device, devices: devices, reference: reference, violations: violations)
    var judgement = Judgement(
      verdict: verdict, violations: violations, referenceViolations: Self.violations(reference, references),
      differences: comparison.differences, reason: reason)
    if let largest = device.client.largestFreeBlockBefore {
      judgement.heapWasInPieces = largest < 2 * testCase.scenario.longestMessage
    }
    return judgement
  }

  /// Every rule that a trace breaks: the strongest first, then by connection and rule.
  public static func violations(
    case: Case, trace: AttemptTrace, limits: ResourceLimits = ResourceLimits()
  ) -> [Violation] {
    violations(trace, RuleContext.all(case: `case`, attempt: trace, limits: limits))
  }

  static func violations(_ trace: AttemptTrace, _ contexts: [RuleContext]) -> [Violation] {
    if case .unusable = trace.client.ending { return [] }
    var found = contexts.flatMap { context in Rule.all.flatMap { $0.check(context) } }
    found = withoutConsequences(found)
    found += unexplainedHang(found, contexts: contexts)
    return Requirement.allCases.flatMap { level in found.filter { $0.requirement == level } }
  }

  /// Drops what only repeats another finding on the same connection.
  private static func withoutConsequences(_ found: [Violation]) -> [Violation] {
    found.filter { violation in
      let others = found.filter { $0.connection == violation.connection }
      if violation.requirement == .quality, hasLessToSay(violation.rule),
        others.contains(where: { $0.requirement == .must })
      {
        return false
      }
      // What the RFC merely recommends is no cause of a breach of what it demands.
      let causes = causes[violation.rule] ?? []
      return !others.contains {
        causes.contains($0.rule) && $0.requirement.strength >= violation.requirement.strength
      }
    }
  }

  /// Whether a limit of ours that was missed is no news where a MUST was broken: how a client ends that should not have ended, or
  /// what runs out when it goes on. What it costs the board otherwise is told whatever it broke.
  private static func hasLessToSay(_ rule: String) -> Bool {
    rule.hasPrefix("end-") || rule == "in-time" || rule == "memory-checked"
  }

  /// What makes a rule break by itself where another one was broken before.
  private static let causes: [String: [String]] = [
    // Who delivers or answers what lies behind a violation has not failed the connection: told once, by what it did.
    "failure-close-frame": ["violation-fails-connection"],
    "failure-close-code": ["violation-fails-connection"],
    "fail-fast": ["violation-fails-connection"],
    "message-after-violation": ["violation-fails-connection"],
    "client-control-frame": ["violation-fails-connection"],
    // A client that gives up for no reason cannot answer, deliver or send what comes after.
    "pong-for-every-ping": ["message-delivered", "message-as-sent", "no-failure-without-cause"],
    "no-failure-without-cause": [
      "message-delivered", "message-as-sent", "send-possible", "send-whole", "client-frame-complete",
    ],
    "close-answered": ["send-whole", "client-frame-complete"],
    "send-not-lost": ["message-delivered"],
    "expected-failure": ["opening-refused"],
    // Who does not fail the connection in the handshake of TLS takes what comes through it.
    "opening-refused": ["tls-refused"],
    "connection-opened": ["tls-spoken"],
    // What cannot be inflated is neither text nor a message.
    "client-text-utf8": ["client-deflate-stream", "client-reserved-bits"],
    "send-not-invented": ["client-deflate-stream", "client-reserved-bits"],
  ]

  /// A hang is always told, even where the server gave no reason to end, unless another broken rule explains it.
  private static func unexplainedHang(_ found: [Violation], contexts: [RuleContext]) -> [Violation] {
    guard let context = contexts.first, case .hung(let detail) = context.attempt.client.ending else {
      return []
    }
    guard !found.contains(where: { $0.requirement == .must }) else { return [] }
    // To wait for the end of a frame whose header is already bad, or of a message whose text is, is lawful; `fail-fast` and
    // `violation-fails-connection` say that it should not.
    let waitsForRest = contexts.contains { $0.server.violation?.isComplete == false }
    return [
      Violation(
        rule: Rule.hangID, rfc: "7.1.1", requirement: waitsForRest ? .quality : .must,
        connection: context.name,
        sentence: "The client hung: \(Words.line(detail))")
    ]
  }

  // MARK: the verdict

  static func verdict(
    device: AttemptTrace, devices: [RuleContext], reference: AttemptTrace, violations: [Violation]
  ) -> (Verdict, String?) {
    if case .unusable(let detail) = device.client.ending { return (.inconclusive, detail) }
    // Silence is no proof of anything: whoever played the client side has at least to say that it connected, or did not.
    if device.client.events.isEmpty, case .completed = device.client.ending {
      return (.inconclusive, "The client side reported nothing at all.")
    }
    if let must = violations.first(where: { $0.requirement == .must }) {
      if let reason = tooBigForBoard(device, devices, violations: violations) {
        return (.unsupported, reason)
      }
      return (.failed, must.sentence)
    }
    if case .unusable(let detail) = reference.client.ending {
      return (.inconclusive, "The reference's trace cannot be used: \(detail)")
    }
    if let reason = unsupported(device, devices) { return (.unsupported, reason) }
    if let first = violations.first(where: { $0.requirement == .should || $0.requirement == .quality }) {
      return (.nonStrict, first.sentence)
    }
    return violations.first.map { (.informational, $0.sentence) } ?? (.passed, nil)
  }

  private static func unsupported(_ trace: AttemptTrace, _ contexts: [RuleContext]) -> String? {
    for event in trace.client.events {
      if case .unsupported(let step) = event.kind {
        return Judgement.lacking(step)
      }
    }
    return contexts.lazy.compactMap(\.unreachableLoopback).first
  }

  /// A message that fills half of the board's free heap may not fit: then the board cannot do it, whatever the client.
  private static func tooBigForBoard(
    _ device: AttemptTrace, _ contexts: [RuleContext], violations: [Violation]
  ) -> String? {
    guard let heap = device.client.heapFreeBefore else { return nil }
    let ranOut = device.client.events.contains { event in
      switch event.kind {
      case .exception(let exception), .connectFailed(let exception): exception.type == "MemoryError"
      default: false
      }
    }
    let explained = ["message-delivered", "send-possible", "send-not-lost", "violation-fails-connection"]
    guard ranOut, violations.allSatisfy({ $0.requirement != .must || explained.contains($0.rule) }) else {
      return nil
    }
    let longest = contexts.map(\.server.longestAnnounced).max() ?? 0
    guard longest > UInt64(max(0, heap) / 2) else { return nil }

    return "A message of \(longest) bytes does not fit the board's free heap of \(heap) bytes."
  }
}

extension Requirement {
  /// How strongly it binds, to compare with.
  fileprivate var strength: Int {
    switch self {
    case .must: 3
    case .should: 2
    case .may: 1
    case .quality: 0
    }
  }
}
