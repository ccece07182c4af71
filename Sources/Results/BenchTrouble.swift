import Traces

/// Trouble of the bench in a case: what is known of it the moment it is over, for its black box.
public struct BenchTrouble: Sendable {
  /// What the trouble was.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The board was lost, and came back.
    case boardLost
    /// The board was given up.
    case quarantine
    /// The agent failed or its records are incomplete, so that the attempt says nothing about the client.
    case agent
    /// The bench failed otherwise, or no attempt said anything about the client.
    case inconclusive
  }

  /// What the trouble was.
  public var kind: Kind
  /// The attempt at the case, from 1; 0 where it was before the first case.
  public var attempt: Int
  /// What happened, in one sentence.
  public var reason: String
  /// The last bytes of the serial line, both ways, as the log shows them; empty where none is kept.
  public var serialLog: String
  /// What went over the connections of the attempt, and what the client told; nil where neither is known.
  public var trace: AttemptTrace?

  /// Describes trouble.
  public init(kind: Kind, attempt: Int, reason: String, serialLog: String, trace: AttemptTrace?) {
    self.kind = kind
    self.attempt = attempt
    self.reason = reason
    self.serialLog = serialLog
    self.trace = trace
  }

  /// The same, in that attempt.
  public func of(attempt: Int) -> BenchTrouble {
    var copy = self
    copy.attempt = attempt
    return copy
  }
}

extension [BenchTrouble] {
  /// What went wrong earlier, and this, which was in attempts after those. What was before the first case stays there.
  /// - Parameter attempts: how many earlier attempts there were.
  public func after(_ earlier: [BenchTrouble], attempts: Int) -> [BenchTrouble] {
    earlier + map { $0.attempt == 0 ? $0 : $0.of(attempt: $0.attempt + attempts) }
  }
}

/// A black box in the report folder: what was saved of trouble of the bench.
public struct BlackBox: Sendable, Hashable, Codable {
  /// A run keeps no more than these; a bench that fails all the time needs no more to be understood.
  public static let mostInARun = 40

  /// Its folder, in the report folder.
  public var path: String
  /// What the trouble was.
  public var kind: BenchTrouble.Kind
  /// What happened, in one sentence.
  public var reason: String

  /// Names a black box.
  /// - Parameters:
  ///   - number: which of the run, from 1.
  ///   - id: the case's id, of which characters are replaced that a file's name should not have.
  public init(number: Int, case id: String, kind: BenchTrouble.Kind, reason: String) {
    let name = id.replacing(/[^A-Za-z0-9.@_-]/, with: "_")
    path = "\(ReportNames.blackBoxes)/\(String(1000 + number).dropFirst())-\(name)"
    self.kind = kind
    self.reason = reason
  }
}

extension BenchTrouble.Kind {
  /// The trouble in words.
  public var words: String {
    switch self {
    case .boardLost: "the board was lost"
    case .quarantine: "the board was given up"
    case .agent: "the agent failed"
    case .inconclusive: "the bench failed"
    }
  }
}
