/// What is wrong with a scenario file, where, and what is allowed there.
public struct ScenarioFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file's name as it was given.
  public var file: String
  /// Where in the file, for example `server.connections[0].steps[2].sendFrame.opcode`; empty for the file as a whole.
  public var keyPath: String
  /// What is there, as the rest of a sentence that begins with the key path: `is "pnig"`, `is missing`.
  public var problem: String
  /// What is allowed there.
  public var allowed: String
  /// The allowed name that is nearest to what came, where one is near.
  public var suggestion: String?

  /// Creates an error.
  public init(file: String, keyPath: String, problem: String, allowed: String, suggestion: String? = nil) {
    self.file = file
    self.keyPath = keyPath
    self.problem = problem
    self.allowed = allowed
    self.suggestion = suggestion
  }

  /// One sentence for the user.
  public var description: String {
    let place = keyPath.isEmpty ? "the file" : keyPath
    let hint = suggestion.map { " (did you mean \($0)?)" } ?? ""
    return "\(file): \(place) \(problem); allowed here: \(allowed)\(hint)."
  }
}
