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
  /// The board.
  public var board: BoardRecord
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
  /// Why the run ended before its last case, in one sentence; nil where it did not.
  public var endedEarly: String?
  /// How many cases the plan had.
  public var plannedCount: Int
  /// The tool as the user called it.
  public var program = "wsrig"
  /// The options of the command line that a replay of one of its cases needs: seed, client, adapter, board.
  public var replayOptions: [String] = []

  /// Creates a result.
  public init(
    tool: String, seed: UInt64, board: BoardRecord, client: ClientIdentity, startedAt: Double,
    durationSeconds: Double = 0, cases: [CaseResult] = [], latency: LatencySummary = LatencySummary(),
    strays: [StrayConnection] = [], boardEvents: [BoardEventRecord] = [], endedEarly: String? = nil,
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
  /// In how many cases the reference itself broke a MUST.
  public var referenceFailedCount: Int { cases.count { $0.judgement.referenceFailed } }
}

/// The board of a run.
public struct BoardRecord: Sendable, Hashable, Codable {
  /// The selector as the user wrote it: `sim`, `tty:/dev/ttyACM0`.
  public var selector: String
  /// Whether it is a simulated board.
  public var isSimulated: Bool
  /// `sys.implementation._machine`.
  public var machine: String
  /// The firmware: `sys.version` or `os.uname().version`.
  public var firmware: String
  /// The unique id in hexadecimal digits, where the board tells it.
  public var uniqueID: String?
  /// Free heap in bytes after boot.
  public var heapFree: Int?

  /// Creates an identity.
  public init(
    selector: String, isSimulated: Bool, machine: String, firmware: String, uniqueID: String? = nil,
    heapFree: Int? = nil
  ) {
    self.selector = selector
    self.isSimulated = isSimulated
    self.machine = machine
    self.firmware = firmware
    self.uniqueID = uniqueID
    self.heapFree = heapFree
  }
}

/// The client under test.
public struct ClientIdentity: Sendable, Hashable, Codable {
  /// Its path on the host, as the user gave it or relative to the repository.
  public var path: String
  /// The adapter's file name.
  public var adapter: String
  /// SHA-1 of each file, 40 hexadecimal digits, by its name on the board.
  public var files: [String: String]

  /// Creates an identity.
  public init(path: String, adapter: String, files: [String: String]) {
    self.path = path
    self.adapter = adapter
    self.files = files
  }
}

/// The result of one case.
public struct CaseResult: Sendable {
  /// The case.
  public var `case`: Case
  /// The judgement of the last attempt.
  public var judgement: Judgement
  /// How often the device was put through it.
  public var attempts: Int
  /// How long it took, in seconds, reruns included.
  public var durationSeconds: Double
  /// The device's trace of the last attempt; nil where there was none.
  public var device: AttemptTrace?
  /// The reference's trace.
  public var reference: AttemptTrace?
  /// What happened to the board on the way: each rung of the recovery ladder.
  public var boardEvents: [BoardEventRecord]
  /// The bytes of the serial line during the case, both ways, as the log shows them.
  public var serialLog: String
  /// The case's own latency.
  public var latency: LatencySummary
  /// SHA-1, 40 hexadecimal digits, of the frames that the server sent the device in the last attempt: all bytes behind the
  /// response heads, as far as they were kept, connection by connection. The same seed gives the same; nil without a device trace.
  public var serverSHA1: String?

  /// Creates a result.
  public init(
    case: Case, judgement: Judgement, attempts: Int, durationSeconds: Double, device: AttemptTrace?,
    reference: AttemptTrace?, boardEvents: [BoardEventRecord] = [], serialLog: String = "",
    latency: LatencySummary = LatencySummary(), serverSHA1: String? = nil
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
  }
}

/// Something that happened to the board, as the reports keep it.
public struct BoardEventRecord: Sendable, Hashable, Codable {
  /// What it was: `interrupt`, `re-enter raw REPL`, `soft reset`, `hard reset`, `quarantined`, ...
  public var kind: String
  /// When it began, in seconds from the start of the run.
  public var atSeconds: Double
  /// How long it took, in seconds.
  public var durationSeconds: Double
  /// Whether it did what it was for.
  public var succeeded: Bool
  /// More about it, in one sentence.
  public var detail: String

  /// Creates a record.
  public init(
    kind: String, atSeconds: Double, durationSeconds: Double, succeeded: Bool, detail: String
  ) {
    self.kind = kind
    self.atSeconds = atSeconds
    self.durationSeconds = durationSeconds
    self.succeeded = succeeded
    self.detail = detail
  }
}
