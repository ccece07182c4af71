import Scenarios

/// A run beside its baseline. It stands in `results.json` as it is.
public struct BaselineReport: Sendable, Hashable, Codable {
  /// A case, or what no single case shows.
  public struct Entry: Sendable, Hashable, Codable {
    /// The case's id; of what no longer happens the pattern of its cases; `run` for what the run as a whole shows.
    public var `case`: String
    /// The id of the board that it is about, where each of several boards ran all cases; otherwise nil.
    public var board: String?
    /// What is new about it, or why it is accepted.
    public var sentence: String
    /// Where more is said of it.
    public var link: String?

    /// Creates an entry.
    public init(case: String, sentence: String, link: String? = nil, board: String? = nil) {
      self.case = `case`
      self.board = board
      self.sentence = sentence
      self.link = link
    }

    /// What the entry is about: the case, with its board behind it where it has one.
    public var name: String { board.map { "\(`case`) on \($0)" } ?? `case` }
  }

  /// The file of the baseline, as the user named it.
  public var baseline: String
  /// Failures that the baseline does not have, or no longer.
  public var regressions: [Entry] = []
  /// Cases that deviate as the baseline says.
  public var accepted: [Entry] = []
  /// Deviations in the baseline that no longer happen, though their cases ran.
  public var mended: [Entry] = []

  /// Creates a report that knows nothing yet.
  public init(baseline: String) { self.baseline = baseline }

  /// Why a case is accepted; nil where it is not.
  public func acceptance(of result: CaseResult) -> Entry? {
    accepted.first { entry in
      // The run of one of several boards does not name it with every case.
      entry.case == result.case.id
        && (entry.board == nil || result.board == nil || entry.board == result.board)
    }
  }
}
