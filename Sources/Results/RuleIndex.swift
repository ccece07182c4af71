import Foundation
import Scenarios

/// What RFC 6455 demands: an entry for each occurrence of MUST, MUST NOT, REQUIRED, SHALL and SHALL NOT in its sections 3 to 11
/// (`fixtures/rules/rfc6455.json`), so that what a catalogue tests can be counted.
public struct RuleIndex: Sendable, Hashable, Codable {
  /// The keywords that demand (RFC 2119).
  public enum Keyword: String, Sendable, Hashable, Codable, CaseIterable {
    case must = "MUST"
    case mustNot = "MUST NOT"
    case required = "REQUIRED"
    case shall = "SHALL"
    case shallNot = "SHALL NOT"
  }

  /// Whom a demand binds.
  public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    case client, server
    /// Client and server.
    case both
    /// Proxies and the like.
    case intermediary
    /// Those who register names and numbers.
    case registry
    /// No party to a connection: authors of URLs or of other specifications.
    case none
  }

  /// How often the keywords occur in a section.
  public struct Section: Sendable, Hashable, Codable {
    /// The section's number.
    public var section: String
    /// The number of occurrences, its subsections' left out.
    public var count: Int
  }

  /// One demand.
  public struct Entry: Sendable, Hashable, Codable {
    /// The section's number.
    public var section: String
    /// Its place in the section, from 1.
    public var ordinal: Int
    /// The keyword.
    public var keyword: Keyword
    /// Whom it binds.
    public var role: Role
    /// What it says, in our words.
    public var paraphrase: String
    /// The scenarios of the catalogue that test it, by id or pattern; nil where there is none.
    public var scenarios: [String]?
    /// The rules of the judge that judge it in its scenarios. Elsewhere their breach may be one of another demand.
    public var rules: [String]?
    /// The rules whose breach is one of this demand in whatever case it comes.
    public var everywhere: [String]?
    /// The sections that a breach of its rules cites, beside its own, where it is one of this demand all the same.
    public var citing: [String]?
    /// Why there is no scenario, where it binds a client.
    public var reason: String?

    /// Section and ordinal: `5.5.2 #1`.
    public var id: String { "\(section) #\(ordinal)" }
    /// Whether a client must heed it.
    public var bindsClient: Bool { role == .client || role == .both }

    /// Whether the scenario of that id is there to test it.
    public func isTested(by scenarioID: String) -> Bool {
      (scenarios ?? []).contains { Glob($0).matches(scenarioID) }
    }
  }

  /// The version of the format.
  public var schemaVersion: Int
  /// The counts, in order, sections without an occurrence included.
  public var sections: [Section]
  /// The demands, in order.
  public var entries: [Entry]

  /// Reads the content of the file.
  /// - Throws: `DecodingError`.
  public init(json: Data) throws { self = try JSONDecoder().decode(Self.self, from: json) }
}
