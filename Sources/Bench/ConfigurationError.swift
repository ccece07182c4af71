/// What the user gave cannot be used: exit status 2. The sentence says what was attempted, on what, what came instead and what to
/// check.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence.
  public var sentence: String
  /// More, such as a traceback, on lines of its own; empty where there is none.
  public var detail: String

  /// Creates an error.
  public init(_ sentence: String, detail: String = "") {
    self.sentence = sentence
    self.detail = detail
  }

  /// The sentence, and the detail below it.
  public var description: String { detail.isEmpty ? sentence : "\(sentence)\n\(detail)" }
}
