/// What the doctor says of one part of a bench.
public struct Finding: Sendable, Hashable {
  /// How it is.
  public enum State: String, Sendable, Hashable, CaseIterable {
    /// As it should be.
    case ok
    /// Not needed for what is there now, but worth knowing.
    case note
    /// In the way of a run.
    case wrong
  }

  /// The part.
  public var part: String
  /// How it is.
  public var state: State
  /// What was seen, in a sentence without full stop.
  public var seen: String
  /// How to mend it; nil where there is nothing to mend.
  public var mend: String?

  /// Creates a finding.
  public init(_ part: String, _ state: State, _ seen: String, mend: String? = nil) {
    self.part = part
    self.state = state
    self.seen = seen
    self.mend = mend
  }
}
