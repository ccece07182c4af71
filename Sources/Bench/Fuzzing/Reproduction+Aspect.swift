extension Reproduction {
  /// What `server.py` compares besides frames and ends, by the words that it has for it. All of it would be too much: what a finding is
  /// not about may differ by chance.
  enum Aspect: String {
    /// Nothing else.
    case frames
    /// The request, and whether its keys follow a pattern.
    case request
    /// Instead of the frames, whether the masking keys follow a pattern.
    case maskingKeys = "keys"
    /// How much the server had sent when the first frame came.
    case start
    /// How much it had sent when a Close came.
    case close
    /// How much it had sent when the client's end came.
    case end
    /// Instead of the frames, whether messages came as they were sent: how much is missing depends on the moment.
    case wholeness = "whole"

    /// That of a rule.
    init(of rule: String) {
      switch rule {
      case "masking-key-unpredictable": self = .maskingKeys
      case "request-then-wait": self = .start
      case "fail-fast": self = .close
      case "close-awaits-answer": self = .end
      case "send-whole": self = .wholeness
      case "deflate-offer-valid", "deflate-offered": self = .request
      default: self = rule.hasPrefix("request-") ? .request : .frames
      }
    }
  }
}
