import Results

/// How long things may take in this run. Calibrated once, from the client's own pace, and the same for every case.
public struct Pace: Sendable, Hashable {
  /// From a case's begin, or from the last byte on the wire if that is later, to the server's giving up what it waits for.
  public var patience: Duration
  /// The latest that the server gives up, however much still moves.
  public var longestPatience: Duration
  /// How long nothing may move on the wire before a client that has nothing left to wait for is interrupted. It must hold more than
  /// `provingHeartbeats` turns of the agent's heartbeat.
  public var silence: Duration
  /// How long connections get to end after the client side has ended, and once more after the server has then ended its own side.
  public var drain: Duration
  /// How much slower the client is than one that answers at once: what it gets for bytes and steps grows by that.
  public var slowness: Double

  /// The agent's heartbeat period.
  public static let heartbeat = Duration.milliseconds(10)
  /// So many turns of the heartbeat since the client's last event prove that the board ran while the client did nothing.
  public static let provingHeartbeats = 20

  /// So many turns of its loop a board must have made in that time before what the client leaves undone is held against it. Each
  /// takes the board a millisecond, so that one that is left to run makes a hundred and more.
  static let provingTurns = 30

  /// The pace before anything is measured, and the least that is ever given.
  public static let unmeasured = Pace(
    patience: .milliseconds(400), longestPatience: .seconds(2), silence: .milliseconds(260),
    drain: .milliseconds(80))

  /// What the reference gets: nothing but an error of the rig needs it, messages of many megabytes in a build for debugging, or a
  /// computer whose cores are all taken by others while many cases of the reference are under way.
  static let reference = Pace(
    patience: .seconds(20), longestPatience: .seconds(60), silence: .seconds(20), drain: .seconds(10))

  /// The same where cases are not known to make sense: less than a client waits for a closing handshake, more than a busy computer keeps
  /// it waiting.
  static let fuzzedReference = Pace(
    patience: .milliseconds(1500), longestPatience: .seconds(4), silence: .seconds(1),
    drain: .milliseconds(500))

  /// Derives the pace from the time that the client took from connect to the end of a closing handshake with some echoes between.
  public init(calibration: Duration) {
    let base = Self.unmeasured
    let factor = max(1, min(30, calibration / .milliseconds(400)))
    self.init(
      patience: base.patience * factor, longestPatience: base.longestPatience * factor,
      silence: base.silence * min(factor, 8), drain: base.drain * min(factor, 8), slowness: factor)
  }

  /// Creates a pace.
  public init(
    patience: Duration, longestPatience: Duration, silence: Duration, drain: Duration, slowness: Double = 1
  ) {
    self.patience = patience
    self.longestPatience = longestPatience
    self.silence = silence
    self.drain = drain
    self.slowness = slowness
  }

  /// The pace as reports keep it. Calibrating is the first thing that a run does: in clear, then, where it is needed, over TLS.
  func record(took duration: Duration, atSeconds: Double = 0, overTLS: Bool = false) -> BoardEventRecord {
    BoardEventRecord(
      kind: "calibrate", atSeconds: atSeconds, durationSeconds: duration.seconds, succeeded: true,
      detail: (overTLS ? "over TLS " : "")
        + "the server waits \(patience) for what it expects, \(longestPatience) at most; a client that does nothing for "
        + "\(silence) after the end is interrupted")
  }

  /// The same, `factor` times as patient: for the rerun of a case in which the board did not get to run, or
  /// was still at work when the time was over.
  func stretched(by factor: Double) -> Pace {
    Pace(
      patience: patience * factor, longestPatience: longestPatience * factor, silence: silence * factor,
      drain: drain * factor, slowness: slowness * factor)
  }
}
