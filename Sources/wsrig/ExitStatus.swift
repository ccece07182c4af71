import ArgumentParser

/// The exit statuses of the tool, as `--help` and the README list them.
enum ExitStatus: Int32 {
  /// All well.
  case success = 0
  /// A case failed or regressed.
  case caseFailed = 1
  /// Usage, configuration, or a client that does not load.
  case usage = 2
  /// No case failed, but something was inconclusive, a named board was missing or given up on the way, or the reference failed.
  case inconclusive = 3
  /// Interrupted; what had run is reported.
  case interrupted = 130

  /// The statuses as the help shows them.
  static let help = """
    EXIT STATUS:
      0    all well
      1    a case failed
      2    usage, configuration, or a client that does not load
      3    no case failed, but something was inconclusive, a board was
           missing or given up, or the reference failed
      130  interrupted; what had run is reported
    """
}
