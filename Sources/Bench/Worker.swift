import BoardLink
import PosixIO
import Results
import Scenarios

/// A board of a run that is ready to play: its device, what it says of itself, its pace.
struct Worker: Sendable {
  /// The board's id where the run has several; otherwise nil.
  var id: String? { setup.id }
  let setup: BenchSetup
  let record: BoardRecord
  let runner: CaseRunner
  /// How long things may take on it, in clear and over TLS.
  private var pace = Pace.unmeasured
  private var paceOverTLS = Pace.unmeasured

  /// Whether its board was given up.
  var isLost: Bool { runner.hasLostBoard }

  /// Gets the board ready.
  /// - Throws: `MissingBoard`, `ConfigurationError`.
  init(_ setup: BenchSetup, _ configuration: RunConfiguration) async throws {
    self.setup = setup
    do {
      var record = try await setup.device.prepare()
      record.id = setup.id
      self.record = record
    } catch let missing as MissingBoard {
      throw await missing.told(of: setup)
    }
    runner = CaseRunner(
      device: setup.device, reference: setup.reference, isolation: configuration.isolation,
      heapFree: record.heapFreeLoaded, sockets: record.hasMoreSockets == true ? nil : record.sockets,
      features: record.clientFeatures, tlsBallast: setup.device.tlsBallast, limits: configuration.limits,
      injectsFaults: configuration.simulation.faultFile != nil, thrift: configuration.thrift)
  }

  /// Measures the client's pace in clear, and over TLS where a case speaks it.
  /// - Returns: the pace as the reports keep it.
  mutating func calibrate(_ tokens: AttemptTokens, overTLS: Bool) async -> [BoardEventRecord] {
    let start = MonotonicInstant.now()
    pace = await runner.calibrate(tokens)
    var events = [pace.record(took: .now() - start)]
    if overTLS {
      let begun = MonotonicInstant.now()
      paceOverTLS = await runner.calibrate(tokens, overTLS: true)
      events.append(
        paceOverTLS.record(took: .now() - begun, atSeconds: (begun - start).seconds, overTLS: true))
    }
    return events.map { $0.of(board: id) }
  }

  /// Runs a case.
  func run(_ testCase: Case, tokens: AttemptTokens) async -> CaseResult {
    var result = await runner.run(
      testCase, pace: testCase.scenario.speaksTLS ? paceOverTLS : pace, tokens: tokens)
    result.board = id
    result.boardEvents = result.boardEvents.map { $0.of(board: id) }
    return result
  }

  /// Runs a case for a judgement without its author's expectations (see `CaseRunner`).
  func execute(
    _ testCase: Case, tokens: AttemptTokens, hasReference: Bool, after level: Isolation? = nil
  ) async -> Execution {
    await runner.execute(
      testCase, pace: testCase.scenario.speaksTLS ? paceOverTLS : pace, tokens: tokens,
      hasReference: hasReference, after: level)
  }

  /// Trouble that no case has taken, as that of the calibration; nil where there is none.
  func takeTroubleBeside() -> CaseResult? { runner.takeTroubleBeside() }

  /// What happened to the board since the last call.
  func takeEvents() async -> [BoardEventRecord] { await setup.device.takeEvents().map { $0.of(board: id) } }
}
