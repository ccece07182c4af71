import Scenarios

/// A requirement, as a value: what is asked, by which section, and how to see in a trace that it was broken.
public struct Rule: Sendable {
  /// Where in the comparison of two traces the rule has its place.
  public enum Topic: String, Sendable, Hashable, CaseIterable {
    case opening, frames, messages, pings, failing, closing, application, resources
  }

  /// The stable name, for example `pong-for-every-ping`.
  public let id: String
  /// What it is about.
  public let topic: Topic
  /// The section of RFC 6455, or as `RFC 7692 7.2.1` that of RFC 7692; empty for a QUALITY rule of our own.
  public let rfc: String
  /// How strongly it binds; a finding may say less.
  public let requirement: Requirement
  /// What it asks, in one sentence.
  public let title: String
  private let find: @Sendable (RuleContext) -> [Finding]

  init(
    _ id: String, _ topic: Topic, rfc: String, _ requirement: Requirement, _ title: String,
    find: @escaping @Sendable (RuleContext) -> [Finding]
  ) {
    self.id = id
    self.topic = topic
    self.rfc = rfc
    self.requirement = requirement
    self.title = title
    self.find = find
  }

  /// Finds how one connection of an attempt breaks the rule.
  public func check(_ context: RuleContext) -> [Violation] {
    find(context).map { finding in
      Violation(
        rule: id, rfc: finding.rfc ?? rfc, requirement: finding.requirement ?? requirement,
        connection: context.name, streamOffset: finding.streamOffset, sentence: finding.sentence)
    }
  }

  /// All rules; their order is that of the reports.
  public static let all: [Rule] =
    tls + openingRequest + openingAnswer + clientFrames + deflate + messages + pings + failing + closing
    + application + resources
}

/// A broken rule, before it is told which rule it was.
struct Finding {
  var streamOffset: Int?
  var sentence: String
  var requirement: Requirement?
  var rfc: String?

  init(at offset: Int? = nil, _ sentence: String, requirement: Requirement? = nil, rfc: String? = nil) {
    streamOffset = offset
    self.sentence = sentence
    self.requirement = requirement
    self.rfc = rfc
  }
}
