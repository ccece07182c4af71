import Scenarios
import Traces

/// What the two clients did, side by side, after normalisation.
///
/// Left out, because it may differ between conforming clients or by chance: masking keys, the key of the opening handshake, how
/// messages are fragmented and writes are cut, instants, order and case of header fields, header fields that nobody asked for,
/// the order of Pongs among messages, reasons of Closes, texts of exceptions, whether an end of stream was FIN or RST.
public struct Comparison: Sendable, Hashable, Codable {
  /// What a row is about; also the order of the parts of one connection.
  public enum Part: String, Sendable, Hashable, Codable, CaseIterable {
    /// The request head.
    case request
    /// The server's response and frames: context. That a server sent more to one client than to the other follows from what the
    /// clients did, so these rows are no differences.
    case server
    /// The client's messages.
    case messages
    /// The client's Pongs and Pings.
    case control
    /// The client's Close and its end of stream.
    case closing
    /// What the application was told.
    case application
  }

  /// A row of the table: the same place in both traces.
  public struct Row: Sendable, Hashable, Codable {
    /// The connection.
    public var connection: String
    /// The place in the table, from 0.
    public var index: Int
    /// What the row is about.
    public var part: Part
    /// What the device did; nil where it did nothing there.
    public var device: String?
    /// What the reference did.
    public var reference: String?
    /// Whether both did the same.
    public var isSame: Bool
    /// The rule that the device breaks at that place.
    public var rule: String?

    /// Whether the two clients differ here.
    public var isDifference: Bool { !isSame && part != .server }
  }

  /// The whole table, connection by connection and part by part.
  public private(set) var rows: [Row]

  /// The rows in which the clients differ, as a judgement keeps them.
  public var differences: [Difference] {
    rows.filter(\.isDifference).map {
      Difference(
        connection: $0.connection, index: $0.index, device: $0.device, reference: $0.reference, rule: $0.rule)
    }
  }

  /// Compares two attempts and puts the device's violations beside the rows where they happened.
  public init(case: Case, device: AttemptTrace, reference: AttemptTrace, violations: [Violation]) {
    self.init(
      devices: RuleContext.all(case: `case`, attempt: device),
      references: RuleContext.all(case: `case`, attempt: reference), violations: violations)
  }

  /// As ``init(case:device:reference:violations:)``, of traces that are prepared already.
  init(devices: [RuleContext], references: [RuleContext], violations: [Violation]) {
    rows = []
    let others = references.filter { other in !devices.contains { $0.name == other.name } }
    for context in devices + others {
      let mine = devices.first { $0.name == context.name }
      let theirs = references.first { $0.name == context.name }
      for part in Part.allCases {
        add(part, connection: context.name, device: mine, reference: theirs, violations: violations)
      }
    }
    for index in rows.indices { rows[index].index = index }
    placeRest(of: violations)
  }

  /// Compares two attempts, judging the device's first.
  public init(case: Case, device: AttemptTrace, reference: AttemptTrace) {
    let violations = Judge.violations(case: `case`, trace: device)
    self.init(case: `case`, device: device, reference: reference, violations: violations)
  }

  private mutating func add(
    _ part: Part, connection: String, device: RuleContext?, reference: RuleContext?, violations: [Violation]
  ) {
    let left = device.map { Entry.all(part, of: $0) } ?? []
    let right = reference.map { Entry.all(part, of: $0) } ?? []
    for pair in Alignment.align(left, right, equal: { $0.agrees(with: $1) }) {
      let rule = violations.first { violation in
        violation.connection == connection && violation.streamOffset != nil && part != .server
          && pair.left?.covers(violation.streamOffset ?? -1) == true
      }
      rows.append(
        Row(
          connection: connection, index: 0, part: part, device: pair.left?.text, reference: pair.right?.text,
          isSame: pair.isEqual, rule: rule?.rule))
    }
  }

  /// Puts violations without an offset, such as something missing, beside the first row of their parts that differs.
  private mutating func placeRest(of violations: [Violation]) {
    for violation in violations where !rows.contains(where: { $0.rule == violation.rule }) {
      guard let rule = Rule.all.first(where: { $0.id == violation.rule }) else { continue }
      let candidates = rows.indices.filter { index in
        rows[index].connection == violation.connection && rows[index].rule == nil && rows[index].isDifference
      }
      let best = rule.parts.compactMap { part in candidates.first { rows[$0].part == part } }.first
      if let best { rows[best].rule = rule.id }
    }
  }
}

extension Rule {
  /// The parts of the table in which a breach of the rule shows, the most telling first.
  fileprivate var parts: [Comparison.Part] {
    switch topic {
    case .opening: [.request, .application]
    case .frames: [.messages, .control, .closing]
    case .messages: id.hasPrefix("send-") ? [.messages] : [.application, .messages]
    case .pings: [.control]
    case .failing, .closing: [.closing, .control, .application]
    case .application: [.application, .closing]
    // Seen on the board, not on the wire.
    case .resources: []
    }
  }
}
