import BoardLink
import Latency
import PosixIO
import Results
import Scenarios
import Steps
import Traces
import Verdicts
import WebSocketPeers
import WebSocketProtocol

/// Runs one case to its verdict: the reference, the device, a rerun where the bench failed, the judgement.
final class CaseRunner {
  private let device: any Device
  private let reference: ReferenceRunner
  private let tokens: AttemptTokens
  /// What the board goes through before each case; nil is what each scenario says.
  private let isolation: Isolation?
  /// What the board went through before the last attempt.
  private var isolationDone: Isolation?
  /// What setting the device apart has taken in the case under way: no part of its time.
  private var preparation = Duration.zero
  /// Why the board was given up; from then on no case is put to it.
  private var quarantine: BoardFailure?

  private let heapFree: Int?
  /// What is left out where nothing but the verdicts is wanted.
  private let thrift: RunThrift?
  private let limits: ResourceLimits

  /// - Parameter heapFree: the device's free heap in bytes; nil where it has no such limit.
  init(
    device: any Device, reference: ReferenceRunner, tokens: AttemptTokens, isolation: Isolation? = nil,
    heapFree: Int? = nil, limits: ResourceLimits = ResourceLimits(), thrift: RunThrift? = nil
  ) {
    self.heapFree = heapFree
    self.limits = limits
    self.thrift = thrift
    self.device = device
    self.reference = reference
    self.tokens = tokens
    self.isolation = isolation
  }

  /// Measures the client's pace with a few echoes. A client that cannot even echo is given the least pace.
  func calibrate() async -> Pace {
    let start = MonotonicInstant.now()
    guard let trace = await attempt(.calibration, pace: .unmeasured, isLastAttempt: false).trace,
      case .completed = trace.client.ending
    else { return .unmeasured }
    return Pace(calibration: .now() - start)
  }

  /// Runs the case. Whatever fails on the way, the case has a result.
  func run(_ testCase: Case, pace: Pace) async -> CaseResult {
    let start = MonotonicInstant.now()
    if let reason = testCase.scenario.tooLarge(forHeap: heapFree) {
      return CaseResult(
        case: testCase, judgement: Judgement(verdict: .unsupported, reason: reason), attempts: 0,
        durationSeconds: 0, device: nil, reference: nil)
    }
    let position = device.serialLog?.position
    preparation = .zero
    isolationDone = nil
    let expected: AttemptTrace
    do {
      expected = try await referenceTrace(of: testCase)
    } catch let error as ScriptError where error.isLackOfPort {
      return unsupported(testCase, error, since: start)
    } catch {
      let reason = "the reference could not be put through the case: \(error)"
      return CaseResult(
        case: testCase, judgement: Judgement(verdict: .inconclusive, reason: reason), attempts: 0,
        durationSeconds: (.now() - start).seconds, device: nil, reference: nil)
    }
    var (outcome, attempts) = await runDevice(testCase, pace: pace)
    if case .lost(let failure) = outcome { outcome = await blame(failure, in: testCase, pace: pace) }
    if quarantine == nil { await device.noteProgress() }
    let judgement = outcome.judgement(of: testCase, reference: expected, limits: limits)
    if thrift != nil {
      return CaseResult(
        case: testCase, judgement: judgement, attempts: attempts,
        durationSeconds: (.now() - start - preparation).seconds, device: nil, reference: nil)
    }
    return CaseResult(
      case: testCase, judgement: judgement, attempts: attempts,
      durationSeconds: (.now() - start - preparation).seconds, device: outcome.trace, reference: expected,
      boardEvents: await device.takeEvents(), serialLog: serialLog(since: position),
      latency: Self.latency(of: [expected, outcome.trace]), serverSHA1: outcome.trace?.serverSHA1,
      isolation: isolationDone)
  }

  /// The case of a URL without a port, where this computer cannot play the server of the default port.
  private func unsupported(
    _ testCase: Case, _ error: ScriptError, since start: MonotonicInstant
  ) -> CaseResult {
    CaseResult(
      case: testCase, judgement: Judgement(verdict: .unsupported, reason: "\(error)"), attempts: 0,
      durationSeconds: (.now() - start).seconds, device: nil, reference: nil)
  }

  private func referenceTrace(of testCase: Case) async throws -> AttemptTrace {
    if let known = thrift?.trace(of: testCase) { return known }
    let trace = try await reference.run(testCase, token: tokens.next())
    thrift?.keep(trace, of: testCase)
    return trace
  }

  private func serialLog(since position: UInt64?) -> String {
    guard let log = device.serialLog, let position else { return "" }
    return log.excerpt(since: position)
  }

  private static func latency(of traces: [AttemptTrace?]) -> LatencySummary {
    var recorder = LatencyRecorder(.testCase)
    for trace in traces { if let trace { recorder.record(trace) } }
    return recorder.summary
  }

  /// One attempt, and one more where the first says nothing about the client: the board was lost, or did not get to run.
  private func runDevice(_ testCase: Case, pace: Pace) async -> (DeviceOutcome, attempts: Int) {
    if let quarantine { return (.quarantined(quarantine), 0) }
    let first = await attempt(testCase, pace: pace, isLastAttempt: false)
    guard first.needsRerun else { return (first, 1) }
    return (await attempt(testCase, pace: pace.stretched(by: 5), isLastAttempt: true), 2)
  }

  private func attempt(_ testCase: Case, pace: Pace, isLastAttempt: Bool) async -> DeviceOutcome {
    let outcome = await outcome(of: testCase, pace: pace, isLastAttempt: isLastAttempt)
    if case .quarantined(let failure) = outcome { quarantine = failure }
    return outcome
  }

  private func outcome(of testCase: Case, pace: Pace, isLastAttempt: Bool) async -> DeviceOutcome {
    let start = MonotonicInstant.now()
    let readiness = await device.setApart(by: isolation ?? testCase.scenario.isolation)
    preparation += .now() - start
    switch readiness {
    case .failed(let outcome): return outcome
    case .ready(let done):
      isolationDone = done
      return await device.attempt(
        testCase, token: tokens.next(), pace: pace, isLastAttempt: isLastAttempt)
    }
  }

  /// The board was lost twice in the same case. If it then runs another case, it is the client's doing; if not, the bench's.
  private func blame(_ failure: BoardFailure, in testCase: Case, pace: Pace) async -> DeviceOutcome {
    let neighbour = await attempt(.calibration, pace: pace, isLastAttempt: true)
    if case .quarantined = neighbour { return neighbour }
    return neighbour.trace == nil ? .unusable("\(failure)") : .boardLost(failure)
  }
}

extension Case {
  /// A few echoes and a closing handshake: what every client can do.
  static let calibration = Case(
    scenario: Scenario(
      id: "calibration", description: "Three messages are sent.", expectation: "Each is echoed.", rfc: "5.6",
      requirement: .must,
      server: ServerScript(
        ["one", "two", "three"].flatMap { text -> [ServerStep] in
          [.sendFrame(FrameSpec(.text, .text(text))), .expectMessage(kind: .text, payload: .text(text))]
        })))
}
