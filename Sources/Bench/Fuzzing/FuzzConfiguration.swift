import Foundation
import Results
import Scenarios

/// Everything that decides a fuzzing run.
public struct FuzzConfiguration: Sendable {
  /// Boards, client, seed and limits; its cases are not looked at.
  public var run: RunConfiguration
  /// After so many cases no further one begins; nil is no limit.
  public var count: Int?
  /// The number of the first case; nil goes on behind what earlier runs on the corpus had, or begins with 0.
  public var first: Int?
  /// After this long no further case begins, and shrinking stops; what was seen is still confirmed for a little longer. Nil is no limit.
  public var maxTime: Duration?
  /// The scenarios of the catalogue that may be changed; empty withholds them.
  public var catalogue: [Scenario]
  /// The folder of the corpus that guides the run; nil leaves it unguided.
  public var corpus: URL?
  /// Whether every case is put over TLS.
  public var overTLS = false
  /// Whether the client is made to tell which of its lines run, so that a case that reaches a new one is kept in the corpus.
  public var countsLines = false
  /// Whether the first group of findings ends the run.
  public var endsAtFirst = false
  /// How often a finding is repeated before it is believed, and a smaller case before it is taken.
  public var repeats = 3
  /// In so many of the repeats it has to come back.
  public var hits = 2
  /// What may be spent on making a finding's case smaller.
  public var shrinking = ShrinkingBudget()

  /// Creates a configuration.
  public init(run: RunConfiguration, catalogue: [Scenario]) {
    self.run = run
    self.catalogue = catalogue
  }
}

/// What a fuzzing run tells while it goes on.
public enum FuzzEvent: Sendable {
  /// The boards are ready and the client is loaded; the result has no findings yet.
  case started(FuzzResult)
  /// How far the run is, some times a second.
  case status(FuzzStatus)
  /// A group of findings was believed and its case is as small as it became.
  case found(FindingGroup, number: Int)
  /// The reference broke a rule: an error of the rig.
  case referenceFailed(FindingGroup)
  /// Something happened to a board.
  case board(BoardEventRecord)
  /// The run waits for its board; why, and how long at most.
  case boardWaits(String)
}
