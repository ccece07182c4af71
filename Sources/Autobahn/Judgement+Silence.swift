import Scenarios
import Traces
import Verdicts

extension Judgement {
  /// The rules that a client breaks by doing nothing at all.
  public static let rulesOfAbsence: Set = [
    "echo-missing", "awaited-in-vain", "client-hung", "client-frame-complete", "send-whole",
    "pong-for-every-ping",
    "close-answered", "tcp-ended", "violation-fails-connection", "expected-failure", "failure-close-frame",
    "fail-fast",
  ]

  /// The same, unless all that speaks against the client is its silence up to the end of the server's patience and beyond: a client
  /// that is slow, or whose computer is, looks no different, so nothing is known then.
  /// - Parameter patience: how long the server had waited, for the sentence.
  public func doubtingSilence(on connections: [ConnectionTrace], patience: Duration) -> Judgement {
    let musts = violations.filter { $0.requirement == .must }
    let counted = musts.isEmpty ? violations : musts
    guard [.failed, .nonStrict].contains(verdict),
      counted.allSatisfy({ Self.rulesOfAbsence.contains($0.rule) }),
      connections.contains(where: \.fellSilent)
    else { return self }
    var doubting = self
    doubting.verdict = .inconclusive
    doubting.reason =
      "Nothing came from the client for \(patience), nor when the server then ended its side: slow or at fault, nothing on the "
      + "wire tells; --patience gives it more time."
    return doubting
  }
}

extension ConnectionTrace {
  /// Whether the server's patience ended and the client showed no sign of life after that: no byte, and no end of its stream.
  fileprivate var fellSilent: Bool {
    let lapse = events.lastIndex { if case .deadlinePassed = $0.kind { true } else { false } }
    guard let lapse else { return false }
    return !events.enumerated().contains { index, event in
      switch event.kind {
      case .receivedEnd, .receivedReset: true
      case .received: index > lapse
      default: false
      }
    }
  }
}
