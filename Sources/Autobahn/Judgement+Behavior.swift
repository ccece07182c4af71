import Verdicts

extension Behavior {
  /// Autobahn's word for a verdict; nil for an inconclusive one, of which it knows nothing.
  public init?(_ verdict: Verdict) {
    switch verdict {
    case .passed: self = .ok
    case .nonStrict: self = .nonStrict
    case .informational: self = .informational
    case .failed: self = .failed
    case .unsupported: self = .unimplemented
    case .inconclusive: return nil
    }
  }
}

extension CloseBehavior {
  /// The rules that a connection breaks by never being opened, though it had to be.
  static let openingRules: Set = ["connection-opened", "opening-accepted"]
  /// The rules that are broken by no, or half a, closing handshake.
  static let uncleanRules: Set = [
    "close-answered", "close-sent", "close-awaits-answer", "tcp-ended", "failure-close-frame",
    "violation-fails-connection", "client-second-close",
  ]
  /// The rules about what a Close carries.
  static let codeRules: Set = [
    "close-code-echoed", "expected-close-code", "failure-close-code", "client-close-payload",
  ]

  /// The ids of the rules about how a connection is closed, and that it is opened at all.
  public static let closingRules = openingRules.union(uncleanRules).union(codeRules)

  /// How the closing was, by the rules that were broken.
  public init(_ judgement: Judgement) {
    let broken = Set(judgement.violations.map(\.rule))
    if !broken.isDisjoint(with: Self.openingRules) {
      self = .failed
    } else if !broken.isDisjoint(with: Self.uncleanRules) {
      self = .unclean
    } else if !broken.isDisjoint(with: Self.codeRules) {
      self = .wrongCode
    } else {
      self = judgement.verdict == .informational ? .informational : .ok
    }
  }
}
