import Foundation

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

  /// A finding by an error's sentence, whose end says how to mend it.
  /// - Parameter otherwise: how to mend it where the sentence does not say.
  init(_ part: String, _ state: State, _ sentence: String, otherwise: String) {
    let text = sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
    guard let semicolon = text.range(of: "; ", options: .backwards),
      let word = text[semicolon.upperBound...].split(separator: " ").first,
      Self.advices.contains(word.trimmingCharacters(in: .punctuationCharacters))
    else {
      self.init(part, state, text, mend: otherwise)
      return
    }
    self.init(
      part, state, String(text[..<semicolon.lowerBound]), mend: String(text[semicolon.upperBound...]))
  }

  /// How the end of an error's sentence begins where it says what to do.
  private static let advices: Set<String> = [
    "call", "check", "choose", "give", "leave", "make", "mend", "name", "run", "see", "set", "wait", "write",
  ]
}
