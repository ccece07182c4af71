import Scenarios

/// The outcome of a case for the device client.
public enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
  /// Every rule kept.
  case passed
  /// A SHOULD or a QUALITY limit missed, no MUST broken.
  case nonStrict
  /// The RFC leaves the behaviour open, and the client chose otherwise than the expectation says.
  case informational
  /// A MUST broken, the client hung, or the board lost in the same case twice.
  case failed
  /// The client or the board cannot do what RFC 6455 makes optional.
  case unsupported
  /// The bench failed: cable, REPL, WLAN, server.
  case inconclusive
}

/// A rule that a trace breaks.
public struct Violation: Sendable, Hashable, Codable {
  /// The rule's stable name, for example `pong-for-every-ping`.
  public var rule: String
  /// The section of RFC 6455, or as `RFC 7692 7.2.1` that of RFC 7692; empty for a QUALITY rule of our own.
  public var rfc: String
  /// How strongly the rule binds.
  public var requirement: Requirement
  /// The connection on which it was broken.
  public var connection: String
  /// Where: the offset in the stream of the side at fault, in bytes, where there is one.
  public var streamOffset: Int?
  /// What happened and what the rule wants, in one sentence.
  public var sentence: String

  /// Creates a violation.
  public init(
    rule: String, rfc: String, requirement: Requirement, connection: String, streamOffset: Int? = nil,
    sentence: String
  ) {
    self.rule = rule
    self.rfc = rfc
    self.requirement = requirement
    self.connection = connection
    self.streamOffset = streamOffset
    self.sentence = sentence
  }
}

/// One row of the comparison of the two traces: what each client did at the same place.
public struct Difference: Sendable, Hashable, Codable {
  /// The connection.
  public var connection: String
  /// The row's place in the aligned table, from 0.
  public var index: Int
  /// What the device did, in words (`Close 1002 "reserved bits"`), nil where it did nothing there.
  public var device: String?
  /// What the reference did.
  public var reference: String?
  /// The rule that the device's side breaks, where one is broken at that place.
  public var rule: String?

  /// Creates a row.
  public init(connection: String, index: Int, device: String?, reference: String?, rule: String? = nil) {
    self.connection = connection
    self.index = index
    self.device = device
    self.reference = reference
    self.rule = rule
  }
}

/// The judgement of one case.
public struct Judgement: Sendable, Hashable, Codable {
  /// The outcome for the device.
  public var verdict: Verdict
  /// Every rule that the device broke.
  public var violations: [Violation]
  /// Every rule that the reference broke; not empty means `referenceFailed`.
  public var referenceViolations: [Violation]
  /// Where the two traces differ after normalisation.
  public var differences: [Difference]
  /// Why, in one sentence, where the verdict is not `passed`.
  public var reason: String?
  /// Whether no free block of the heap had room for the case's longest message twice: earlier cases may have left it in pieces.
  public var heapWasInPieces = false

  /// Creates a judgement.
  public init(
    verdict: Verdict, violations: [Violation] = [], referenceViolations: [Violation] = [],
    differences: [Difference] = [], reason: String? = nil
  ) {
    self.verdict = verdict
    self.violations = violations
    self.referenceViolations = referenceViolations
    self.differences = differences
    self.reason = reason
  }

  /// Whether nothing is wrong but what memory was kept or left in pieces, or that a message did not fit into such pieces. MicroPython's
  /// collector takes whatever looks like an address for one, so that a single measurement may be chance.
  public var restsOnMemoryAlone: Bool {
    let kept: Set = ["memory-leak", "memory-returned", "memory-whole"]
    let onMemory = heapWasInPieces ? kept.union(["message-limit"]) : kept
    return verdict == .nonStrict && !violations.isEmpty
      && violations.allSatisfy { onMemory.contains($0.rule) }
  }

  /// The reason of a case that is unsupported for what the adapter cannot do.
  public static func lacking(_ feature: String) -> String {
    "The client's adapter does not support \(Words.line(feature))."
  }

  /// Whether the two clients did the same.
  public var agreesWithReference: Bool { differences.isEmpty }
  /// Whether the reference itself broke a MUST.
  public var referenceFailed: Bool { referenceViolations.contains { $0.requirement == .must } }
}
