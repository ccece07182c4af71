import BoardLink
import Certificates
import Foundation
import PosixIO
import Results
import Scenarios
import Verdicts

/// Everything that decides a run.
public struct RunConfiguration: Sendable {
  /// The boards, at least one. Several share the cases out.
  public var boards: [BenchBoard]
  /// The number of the first of them, by which simulated boards are told apart.
  public var firstBoardNumber = 1
  /// How the simulated board is made, where it is the board.
  public var simulation: Simulation
  /// The power mode of the boards' radios; nil leaves it to `wsrig.toml`.
  public var power: WLANPower?
  /// The client under test, with its adapter and the agent.
  public var client: ClientBundle
  /// The rig's own modules for the board.
  public var fixtures: Fixtures
  /// The cases, in the order in which they run.
  public var cases: [Case]
  /// The seed of everything random that is ours.
  public var seed: UInt64
  /// How long a board is waited for that another run uses, and how long one that was given up may take to come back and resume the run;
  /// nil is not at all.
  public var boardWait: Duration?
  /// Whether no other run on a board of this bench may go on meanwhile: it would disturb what is measured. What is on this computer
  /// belongs to no bench.
  public var isExclusive = false
  /// How many bytes of each direction of a connection are kept.
  public var captureLimit: Int
  /// Whether the first failed case ends the run.
  public var failFast: Bool
  /// A case for which this holds is the last one: whoever asked the run a question then has the answer. Nil runs all cases.
  public var isEnough: (@Sendable (CaseResult) -> Bool)?
  /// What is left out where nothing but the verdicts is wanted; nil leaves nothing out.
  public var thrift: RunThrift?
  /// After this long no further case begins; nil is no limit.
  public var maxTime: Duration?
  /// What the board goes through before each case; nil is what each scenario says.
  public var isolation: Isolation?
  /// How often each failed case is run again after the others.
  public var repeatFailed: Int
  /// The limits by which resources are judged.
  public var limits = ResourceLimits()
  /// Where the bytes of the serial line are logged; nil keeps no file. With several boards each has its own beside it, its id in
  /// the name.
  public var serialLog: URL?

  /// Where the bench keeps the authority that signs the certificates of the servers; nil makes one for the run alone.
  public var authority: AuthorityFile?
  /// Where the secrets of the servers' TLS connections go, those with the reference included; nil keeps none.
  public var keyLog: TLSKeyLog?
  /// The certificates, where several runs at the same address have them in common; nil makes them for the run alone.
  var sharedTLS: BenchTLS?

  /// Whether the server is there to measure: it asks the kernel when bytes leave, and leaves acknowledgements to it.
  var measuresLatency = false
  /// How long the reference is waited for.
  var referencePace = Pace.reference

  /// Whether the results keep the traces of cases that deserve a closer look; not where `progress` made files of them already.
  public var keepsTraces = true

  /// Creates a configuration.
  public init(
    boards: [BenchBoard], simulation: Simulation, client: ClientBundle, fixtures: Fixtures, cases: [Case],
    seed: UInt64, captureLimit: Int = 1 << 20,
    failFast: Bool = false, isEnough: (@Sendable (CaseResult) -> Bool)? = nil, thrift: RunThrift? = nil,
    maxTime: Duration? = nil, isolation: Isolation? = nil, repeatFailed: Int = 0, serialLog: URL? = nil
  ) {
    self.boards = boards
    self.simulation = simulation
    self.client = client
    self.fixtures = fixtures
    self.cases = cases
    self.seed = seed
    self.captureLimit = captureLimit
    self.failFast = failFast
    self.isEnough = isEnough
    self.thrift = thrift
    self.maxTime = maxTime
    self.isolation = isolation
    self.repeatFailed = repeatFailed
    self.serialLog = serialLog
  }

  /// Where the bytes of a board's serial line are logged.
  func serialLog(of board: BenchBoard) -> URL? {
    guard let serialLog, boards.count > 1 else { return serialLog }
    let name = serialLog.deletingPathExtension().lastPathComponent
    return serialLog.deletingLastPathComponent().appendingPathComponent("\(name)-\(board.fileName).log")
  }

  /// How the simulated board is made.
  public struct Simulation: Sendable {
    /// The interpreter as the user named it; nil is the one that `scripts/setup` installs.
    public var interpreter: String?
    /// The heap in bytes.
    public var heapBytes: Int
    /// Whether lwIP's limits are imitated.
    public var imitatesLwIP: Bool
    /// How many TCP sockets it has at a time; nil is lwIP's five.
    public var sockets: Int?
    /// How many bytes its serial line carries a second; nil is as many as the host can.
    public var bytesPerSecond: Double?
    /// How long a hard reset takes at least, in seconds.
    public var hardResetSeconds: Double?
    /// The file that says what is made to go wrong on the link; nil lets all go well.
    public var faultFile: String?

    /// Creates a description.
    public init(
      interpreter: String? = nil, heapBytes: Int = 400 * 1024, imitatesLwIP: Bool = true,
      faultFile: String? = nil
    ) {
      self.interpreter = interpreter
      self.faultFile = faultFile
      self.heapBytes = heapBytes
      self.imitatesLwIP = imitatesLwIP
    }
  }
}
