/// Autobahn's words for what became of a case, as its reports and `getCaseStatus` have them.
public enum Behavior: String, Sendable, Hashable, Codable, CaseIterable {
  /// As wanted.
  case ok = "OK"
  /// Lawful, but laxer than wanted.
  case nonStrict = "NON-STRICT"
  /// Left open by the RFC.
  case informational = "INFORMATIONAL"
  /// The client lacks what the case is about, and may.
  case unimplemented = "UNIMPLEMENTED"
  /// Anything else.
  case failed = "FAILED"
}

/// Autobahn's words for how the connection was closed, which it judges apart.
public enum CloseBehavior: String, Sendable, Hashable, Codable, CaseIterable {
  /// In order.
  case ok = "OK"
  /// Left open by the RFC.
  case informational = "INFORMATIONAL"
  /// The Close carried another code than wanted.
  case wrongCode = "WRONG CODE"
  /// No closing handshake, or not to its end.
  case unclean = "UNCLEAN"
  /// The connection never was opened.
  case failed = "FAILED"
}
