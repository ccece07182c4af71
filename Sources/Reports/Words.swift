import Results
import Verdicts

extension CaseResult {
  /// What the repeats came to: `flaky: failed in 1 of 3`; nil where there were none.
  var repeatSentence: String? {
    guard !repeats.isEmpty else { return nil }
    let count = repeats.count { $0 == .failed }
    return "\(stability?.rawValue ?? "nothing is known"): failed in \(count) of \(repeats.count)"
  }
}

extension EndedEarly {
  /// The reason in words.
  var sentence: String {
    switch self {
    case .interrupted: "interrupted"
    case .timeLimit: "the time given with --max-time is over"
    case .failFast: "a case failed, and --fail-fast asks for no more after that"
    case .rigFailure: "the rig itself could not go on"
    }
  }
}
