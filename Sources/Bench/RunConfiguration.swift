import BoardLink
import Certificates
import Foundation
import Results
import Scenarios
import Verdicts

/// Everything that decides a run.
public struct RunConfiguration: Sendable {
  /// The board.
  public var board: BoardSelector
  /// How the simulated board is made, where it is the board.
  public var simulation: Simulation
  /// The client under test, with its adapter and the agent.
  public var client: ClientBundle
  /// The rig's own modules for the board.
  public var fixtures: Fixtures
  /// The cases, in the order in which they run.
  public var cases: [Case]
  /// The seed of everything random that is ours.
  public var seed: UInt64
  /// The address on which the server listens, and by which the board reaches it.
  public var host: String
  /// The port; 0 lets the kernel choose.
  public var port: UInt16
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
  /// Where the bytes of the serial line are logged; nil keeps no file.
  public var serialLog: URL?

  /// Where the bench keeps the authority that signs the certificates of the servers; nil makes one for the run alone.
  public var authority: AuthorityFile?

  /// Whether the results keep the traces of cases that deserve a closer look; not where `progress` made files of them already.
  public var keepsTraces = true

  /// Creates a configuration.
  public init(
    board: BoardSelector, simulation: Simulation, client: ClientBundle, fixtures: Fixtures, cases: [Case],
    seed: UInt64, host: String = "127.0.0.1", port: UInt16 = 0, captureLimit: Int = 1 << 20,
    failFast: Bool = false, isEnough: (@Sendable (CaseResult) -> Bool)? = nil, thrift: RunThrift? = nil,
    maxTime: Duration? = nil, isolation: Isolation? = nil, repeatFailed: Int = 0, serialLog: URL? = nil
  ) {
    self.board = board
    self.simulation = simulation
    self.client = client
    self.fixtures = fixtures
    self.cases = cases
    self.seed = seed
    self.host = host
    self.port = port
    self.captureLimit = captureLimit
    self.failFast = failFast
    self.isEnough = isEnough
    self.thrift = thrift
    self.maxTime = maxTime
    self.isolation = isolation
    self.repeatFailed = repeatFailed
    self.serialLog = serialLog
  }

  /// How the simulated board is made.
  public struct Simulation: Sendable {
    /// The interpreter as the user named it; nil is the one that `scripts/setup` installs.
    public var interpreter: String?
    /// The heap in bytes.
    public var heapBytes: Int
    /// Whether lwIP's limits are imitated.
    public var imitatesLwIP: Bool

    /// Creates a description.
    public init(interpreter: String? = nil, heapBytes: Int = 400 * 1024, imitatesLwIP: Bool = true) {
      self.interpreter = interpreter
      self.heapBytes = heapBytes
      self.imitatesLwIP = imitatesLwIP
    }
  }
}
