import Latency
import Scenarios
import Traces
import Verdicts

/// The result of one case.
public struct CaseResult: Sendable {
  /// The case.
  public var `case`: Case
  /// The id of the board that it ran on last; nil where the run has one board.
  public var board: String?
  /// The judgement of the last attempt.
  public var judgement: Judgement
  /// How often the device was put through it.
  public var attempts: Int
  /// How long it took, in seconds, reruns included.
  public var durationSeconds: Double
  /// The device's trace of the last attempt; nil where there was none, or where it was let go.
  public var device: AttemptTrace?
  /// The reference's trace, unless it was let go.
  public var reference: AttemptTrace?
  /// What the two did, side by side; empty where one of them has no trace.
  public var comparison: [Comparison.Row]
  /// What the agent measured on the board.
  public var resources: BoardResources
  /// What happened to the board on the way: each rung of the recovery ladder.
  public var boardEvents: [BoardEventRecord]
  /// The bytes of the serial line during the case, both ways, as the log shows them; empty where it was let go.
  public var serialLog: String
  /// The case's own latency.
  public var latency: LatencySummary
  /// SHA-1, 40 hexadecimal digits, of the frames that the server sent the device in the last attempt: all bytes behind the
  /// response heads, as far as they were kept, connection by connection. The same seed gives the same, unless the
  /// client ends a connection whose chunks are still on their way; nil without a device trace.
  public var serverSHA1: String?
  /// What the board went through before the last attempt; nil where there was none.
  public var isolation: Isolation?
  /// The verdicts of the repeats that were asked for because it failed, in order. They change nothing about its own.
  public var repeats: [Verdict] = []
  /// Trouble of the bench on the way, whatever the case came to; none where they were let go.
  public var troubles: [BenchTrouble] = []
  /// What was saved of them, as far as a run's bound allowed.
  public var blackBoxes: [BlackBox] = []

  /// The result of a case to which the client did not get, and why.
  public init(
    notRun testCase: Case, _ verdict: Verdict, because reason: String, durationSeconds: Double = 0
  ) {
    self.init(
      case: testCase, judgement: Judgement(verdict: verdict, reason: reason), attempts: 0,
      durationSeconds: durationSeconds, device: nil, reference: nil)
  }

  /// Creates a result.
  public init(
    case: Case, judgement: Judgement, attempts: Int, durationSeconds: Double, device: AttemptTrace?,
    reference: AttemptTrace?, boardEvents: [BoardEventRecord] = [], serialLog: String = "",
    latency: LatencySummary = LatencySummary(), serverSHA1: String? = nil, isolation: Isolation? = nil
  ) {
    self.case = `case`
    self.judgement = judgement
    self.attempts = attempts
    self.durationSeconds = durationSeconds
    self.device = device
    self.reference = reference
    self.boardEvents = boardEvents
    self.serialLog = serialLog
    self.latency = latency
    self.serverSHA1 = serverSHA1
    self.isolation = isolation
    resources = BoardResources(device?.client)
    comparison = []
    if let device, let reference {
      comparison =
        Comparison(case: `case`, device: device, reference: reference, violations: judgement.violations).rows
    }
  }

  /// The same after attempts on another board, which told nothing: what they took and what went wrong in them belongs to the case too.
  public func after(_ earlier: CaseResult) -> CaseResult {
    var whole = self
    whole.troubles = troubles.after(earlier.troubles, attempts: earlier.attempts)
    whole.attempts += earlier.attempts
    whole.durationSeconds += earlier.durationSeconds
    whole.boardEvents = earlier.boardEvents + boardEvents
    return whole
  }

  /// Whether the case deserves a closer look: it failed, was inconclusive, or the reference failed in it.
  public var needsAttention: Bool {
    [.failed, .inconclusive].contains(judgement.verdict) || judgement.referenceFailed
  }

  /// Whether the repeats failed like the case itself; nil where none of them says anything about the client.
  public var stability: Stability? {
    let telling = repeats.filter { $0 != .inconclusive }
    guard !telling.isEmpty else { return nil }
    return telling.allSatisfy { $0 == .failed } ? .stable : .flaky
  }

  /// Lets go of what only a case that needs attention is worth: a long run must not fill the memory.
  public mutating func letGoOfTraces() {
    device = nil
    reference = nil
    serialLog = ""
    troubles = []
  }
}

/// What repeating a failed case shows.
public enum Stability: String, Sendable, Hashable, Codable, CaseIterable {
  /// It failed each time.
  case stable
  /// At least once it did not fail.
  case flaky
}

/// What the agent measured on the board in one case; nil where it did not.
public struct BoardResources: Sendable, Hashable {
  /// Free heap in bytes after a collection, before the first step.
  public var heapFreeBefore: Int?
  /// The same after the last step.
  public var heapFreeAfter: Int?
  /// The largest free block of the heap in bytes after a collection, before the first step.
  public var largestFreeBlockBefore: Int?
  /// The same after the last step.
  public var largestFreeBlockAfter: Int?
  /// How many of the client's writes a full send buffer cut, where the board counts them.
  public var partialWrites: Int?
  /// The longest time between two turns of the heartbeat, in microseconds.
  public var longestHeartbeatGapMicroseconds: Int?

  /// Takes the figures from a client's trace.
  public init(_ trace: ClientTrace?) {
    heapFreeBefore = trace?.heapFreeBefore
    heapFreeAfter = trace?.heapFreeAfter
    largestFreeBlockBefore = trace?.largestFreeBlockBefore
    largestFreeBlockAfter = trace?.largestFreeBlockAfter
    partialWrites = trace?.partialWrites
    longestHeartbeatGapMicroseconds = trace?.heartbeat?.longestGapMicroseconds
  }
}
