import Latency
import Scenarios
import Traces
import Verdicts

/// Everything that is known of a run: Bench makes it, the reports show it.
public struct RunResult: Sendable {
  /// The tool's version, for example `wsrig 0.1.0`.
  public var tool: String
  /// The seed of the run; the same seed makes the same server bytes.
  public var seed: UInt64
  /// The board; the first one where there are several.
  public var board: BoardRecord
  /// All boards, where there were several; otherwise empty.
  public var boards: [BoardRecord] = []
  /// Whether each of several boards went through all cases, so that a case stands there once for each; otherwise they shared them.
  public var isOfEachBoard = false
  /// The ids of boards that were given up, or never ready, while others went on.
  public var lostBoards: [String] = []
  /// Whether the last board was given up, so that no case after that could run.
  public var isWithoutBoard = false
  /// The client under test.
  public var client: ClientIdentity
  /// The start in seconds since 1970-01-01 UTC.
  public var startedAt: Double
  /// How long it took, in seconds.
  public var durationSeconds: Double
  /// The cases, in the order in which they ran.
  public var cases: [CaseResult]
  /// The latency of all echoes, device and reference side by side.
  public var latency: LatencySummary
  /// Connections that belonged to no running attempt.
  public var strays: [StrayConnection]
  /// Events of the board that belong to no case: attached, identified, quarantined.
  public var boardEvents: [BoardEventRecord]
  /// What was saved of trouble of the bench in cases that are not there, because the run's end cut them short, and in the calibration.
  public var blackBoxes: [BlackBox] = []
  /// Rules that the client broke over the run as a whole, which no single case shows.
  public var violations: [Violation] = []
  /// How many keys of the device's client those rules looked at; nil where it drew none.
  public var keys: KeyRecord?
  /// Why the run ended before its last case; nil where it did not.
  public var endedEarly: EndedEarly?
  /// How many cases the plan had.
  public var plannedCount: Int
  /// The ids of cases that failed or were inconclusive in an earlier run and have not run since, sorted.
  public var unsettled: [String] = []
  /// The limits by which resources were judged.
  public var limits = ResourceLimits()
  /// The run beside its baseline; nil where it has none.
  public var baseline: BaselineReport?
  /// The tool as the user called it.
  public var program = "wsrig"
  /// The options of the command line that a replay of one of its cases needs: seed, client, adapter, board.
  public var replayOptions: [String] = []
  /// What `--board` takes for each board, by its id, where the run has several.
  public var boardWords: [String: String] = [:]
  /// What RFC 6455 demands, to count what was tested of it; nil where the run does not count it.
  public var ruleIndex: RuleIndex?

  /// Creates a result.
  public init(
    tool: String, seed: UInt64, board: BoardRecord, client: ClientIdentity, startedAt: Double,
    durationSeconds: Double = 0, cases: [CaseResult] = [], latency: LatencySummary = LatencySummary(),
    strays: [StrayConnection] = [], boardEvents: [BoardEventRecord] = [], endedEarly: EndedEarly? = nil,
    plannedCount: Int = 0
  ) {
    self.tool = tool
    self.seed = seed
    self.board = board
    self.client = client
    self.startedAt = startedAt
    self.durationSeconds = durationSeconds
    self.cases = cases
    self.latency = latency
    self.strays = strays
    self.boardEvents = boardEvents
    self.endedEarly = endedEarly
    self.plannedCount = plannedCount
  }

  /// How many cases had that verdict.
  public func count(of verdict: Verdict) -> Int { cases.count { $0.judgement.verdict == verdict } }
  /// What was saved of all trouble of the bench.
  public var allBlackBoxes: [BlackBox] { blackBoxes + cases.flatMap(\.blackBoxes) }
  /// In how many cases the reference itself broke a MUST.
  public var referenceFailedCount: Int { cases.count { $0.judgement.referenceFailed } }
}

/// The random keys of a device's client that a run looked at as a whole (RFC 6455 sections 5.3, 10.3 and 4.1).
public struct KeyRecord: Sendable, Hashable, Codable {
  /// Masking keys of frames with payload.
  public var maskingKeys: Int
  /// Keys of opening handshakes.
  public var handshakeKeys: Int
  /// The chance that keys drawn well would have been found fault with.
  public var falseAlarmProbability: Double

  /// Takes the figures; nil where there are no keys.
  public init?(_ keys: RunKeys) {
    guard keys.maskingCount + keys.handshakeCount > 0 else { return nil }
    maskingKeys = keys.maskingCount
    handshakeKeys = keys.handshakeCount
    falseAlarmProbability = RunKeys.falseAlarmProbability
  }
}
