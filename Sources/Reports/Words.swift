import Results

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
