import Scenarios
import Verdicts

/// What a genuine Autobahn fuzzing server said of a client.
public struct TourResult: Sendable {
  /// The fuzzing server's URL.
  public var server: String
  /// The agent, as the server's reports name the client.
  public var agent: String
  /// The client, in words.
  public var client: String
  /// The cases, in the order in which they ran.
  public var cases: [TourCase]
  /// How many cases were chosen.
  public var plannedCount: Int
  /// How long it took, in seconds.
  public var durationSeconds: Double
  /// Why not all of them ran; nil where they did.
  public var endedEarly: String?

  /// Creates a result.
  public init(
    server: String, agent: String, client: String, cases: [TourCase] = [], plannedCount: Int,
    durationSeconds: Double = 0, endedEarly: String? = nil
  ) {
    self.server = server
    self.agent = agent
    self.client = client
    self.cases = cases
    self.plannedCount = plannedCount
    self.durationSeconds = durationSeconds
    self.endedEarly = endedEarly
  }

  /// How many cases had that behavior; nil stands for those on which the server said nothing.
  public func count(of behavior: Behavior?) -> Int { cases.count { $0.behavior == behavior } }

  /// Whether a case failed: by the server's word, or because the client hung.
  public var hasFailed: Bool { cases.contains { $0.behavior == .failed || $0.hung } }

  /// How many cases the rig examined too.
  public var examinedCount: Int { cases.count { $0.broken != nil } }

  /// The cases on which the rig and the server do not agree.
  public var disputed: [TourCase] { cases.filter { $0.agrees == false } }

  /// Whether every chosen case ran and has a behavior.
  public var isWhole: Bool { cases.count == plannedCount && count(of: nil) == 0 }
}

/// One case of a genuine Autobahn fuzzing server.
public struct TourCase: Sendable, Hashable {
  /// Autobahn's id.
  public var id: String
  /// What the server said; nil where it said nothing.
  public var behavior: Behavior?
  /// Whether the client had to be interrupted, which no verdict of the server's shows.
  public var hung: Bool
  /// What went wrong on the client's side, or on the way, in one sentence.
  public var note: String?
  /// How long it took, in seconds.
  public var durationSeconds: Double
  /// The rules that the client broke in the rig's own eyes, the strongest first; nil where the rig did not look, or saw nothing that
  /// can be judged.
  public var broken: [Violation]?

  /// Creates a case.
  public init(
    id: String, behavior: Behavior?, hung: Bool = false, note: String? = nil, durationSeconds: Double
  ) {
    self.id = id
    self.behavior = behavior
    self.hung = hung
    self.note = note
    self.durationSeconds = durationSeconds
  }
}

extension TourCase {
  /// Whether the rig agrees with the server: FAILED is what breaks a MUST, or hangs. Nil where one of them says nothing.
  public var agrees: Bool? {
    guard let broken, let behavior else { return nil }
    return (behavior == .failed) == (hung || broken.contains { $0.requirement == .must })
  }
}
