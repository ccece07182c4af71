/// A run beside its baseline. It stands in `results.json` as it is.
public struct BaselineReport: Sendable, Hashable, Codable {
  /// A case, or what no single case shows.
  public struct Entry: Sendable, Hashable, Codable {
    /// The case's id; of what no longer happens the pattern of its cases; `run` for what the run as a whole shows.
    public var `case`: String
    /// What is new about it, or why it is accepted.
    public var sentence: String
    /// Where more is said of it.
    public var link: String?

    /// Creates an entry.
    public init(case: String, sentence: String, link: String? = nil) {
      self.case = `case`
      self.sentence = sentence
      self.link = link
    }
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
  public func acceptance(of id: String) -> Entry? { accepted.first { $0.case == id } }
}
