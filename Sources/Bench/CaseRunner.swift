import BoardLink
import Latency
import PosixIO
import Results
import Scenarios
import Steps
import Synchronization
import Traces
import Verdicts
import WebSocketPeers
import WebSocketProtocol

/// Runs cases to their verdicts: the reference and the device, a rerun where the bench failed, the judgement. As many cases at a time
/// as the device has lanes.
final class CaseRunner: Sendable {
  private let device: any Device
  private let reference: ReferenceRunner
  /// What the board goes through before each case; nil is what each scenario says.
  private let isolation: Isolation?
  /// Why the board was given up; from then on no case is put to it.
  private let quarantine = Mutex<BoardFailure?>(nil)
  /// Trouble before the first case, which that one takes.
  private let earlierTroubles = Mutex<[BenchTrouble]>([])

  /// Whether the board was given up.
  var hasLostBoard: Bool { quarantine.withLock { $0 != nil } }

  private let heapFree: Int?
  private let sockets: Int?
  /// What the client's adapter says that it can; nil where there is none.
  private let features: [String]?
  /// What is held of the device's heap where TLS is spoken, in bytes.
  private let tlsBallast: Int
  /// What is left out where nothing but the verdicts is wanted.
  private let thrift: RunThrift?
  private let limits: ResourceLimits
  /// Whether the rig itself has the board get lost: then the client is not to be blamed for it.
  private let injectsFaults: Bool

  /// What came of an attempt, or of several at the same case.
  private struct Attempt {
    var outcome: DeviceOutcome
    /// What the board went through before; nil where nothing.
    var isolation: Isolation?
    /// How long setting the device apart took: no part of the case's time.
    var preparation = Duration.zero
    var count = 1
    /// What went wrong with the bench in it, and in those before it.
    var troubles: [BenchTrouble] = []
  }

  /// - Parameters:
  ///   - heapFree: the device's free heap in bytes; nil where it has no such limit.
  ///   - sockets: how many TCP sockets it can have at a time; nil where that is not known, or it has no such limit.
  ///   - features: what the client's adapter says that it can; nil where there is none.
  ///   - tlsBallast: what is held of it where TLS is spoken, in bytes.
  ///   - injectsFaults: whether the rig itself has the board get lost.
  init(
    device: any Device, reference: ReferenceRunner, isolation: Isolation? = nil,
    heapFree: Int? = nil, sockets: Int? = nil, features: [String]? = nil, tlsBallast: Int = 0,
    limits: ResourceLimits = ResourceLimits(), injectsFaults: Bool = false,
    thrift: RunThrift? = nil
  ) {
    self.injectsFaults = injectsFaults
    self.heapFree = heapFree
    self.sockets = sockets
    self.features = features
    self.tlsBallast = tlsBallast
    self.limits = limits
    self.thrift = thrift
    self.device = device
    self.reference = reference
    self.isolation = isolation
  }

  /// Measures the client's pace with a few echoes. A client that cannot even echo is given the least pace.
  /// - Parameter overTLS: measures it over TLS, where a handshake may take a board seconds.
  func calibrate(_ tokens: AttemptTokens, overTLS: Bool = false) async -> Pace {
    let start = MonotonicInstant.now()
    let attempt = await attempt(
      overTLS ? .calibration.overTLS : .calibration, after: level(of: .calibration),
      pace: overTLS ? .unmeasured.stretched(by: Self.slownessOfHandshakes) : .unmeasured,
      isLastAttempt: false, tokens)
    earlierTroubles.withLock { $0 += attempt.troubles.map { $0.of(attempt: 0) } }
    guard let trace = attempt.outcome.trace, case .completed = trace.client.ending else { return .unmeasured }
    return Pace(calibration: .now() - start)
  }

  /// So much longer a board may take for its first TLS handshake, before its pace is known.
  private static let slownessOfHandshakes = 10.0

  /// Runs the case. Whatever fails on the way, the case has a result. Memory that seems to have been kept is looked for again on a
  /// heap of its own, and what that shows counts: the collector keeps by chance what no client does.
  /// - Parameter tokens: for its attempts alone.
  func run(_ testCase: Case, pace: Pace, tokens: AttemptTokens) async -> CaseResult {
    let start = MonotonicInstant.now()
    if let reason = obstacle(to: testCase) {
      return CaseResult(notRun: testCase, .unsupported, because: reason)
    }
    let position = device.serialLog?.position
    let expected: AttemptTrace
    var played: Attempt
    do {
      (expected, played) = try await play(testCase, pace: pace, tokens)
    } catch let error as ScriptError where error.isLackOfPort {
      return unsupported(testCase, error, since: start)
    } catch {
      return await withoutReference(testCase, error, since: start)
    }
    if quarantine.withLock({ $0 == nil }) { await device.noteProgress() }
    var judgement = await judge(testCase, played.outcome, expected)
    if judgement.restsOnMemoryAlone, played.count == 1 {
      played = await attempt(
        testCase, after: atLeast(.softReset, testCase), pace: pace, tokens, insteadOf: played)
      judgement = await judge(testCase, played.outcome, expected)
    }
    let outcome = played.outcome
    let duration = (.now() - start - played.preparation).seconds
    if thrift != nil {
      return CaseResult(
        case: testCase, judgement: judgement, attempts: played.count, durationSeconds: duration, device: nil,
        reference: nil)
    }
    var result = CaseResult(
      case: testCase, judgement: judgement, attempts: played.count, durationSeconds: duration,
      device: outcome.trace, reference: expected, boardEvents: await device.takeEvents(),
      serialLog: serialLog(since: position), latency: Self.latency(of: [expected, outcome.trace]),
      serverSHA1: outcome.trace?.serverSHA1, isolation: played.isolation)
    result.troubles = takeEarlierTroubles() + played.troubles
    if judgement.verdict == .inconclusive, played.count > 0, played.troubles.isEmpty, !Task.isCancelled {
      result.troubles.append(
        BenchTrouble(
          kind: .inconclusive, attempt: played.count, reason: judgement.reason ?? "",
          serialLog: result.serialLog,
          trace: outcome.trace))
    }
    return result
  }

  /// Runs the case as ``run(_:pace:tokens:)`` does, for a judgement without its author's expectations. Nothing is kept of it but the
  /// traces and what the rules say of them.
  /// - Parameter hasReference: whether the reference goes through it too.
  func execute(
    _ testCase: Case, pace: Pace, tokens: AttemptTokens, hasReference: Bool, after level: Isolation? = nil
  ) async -> Execution {
    if let reason = obstacle(to: testCase) { return Execution(obstacle: reason) }
    do {
      let token = tokens.next()
      async let expected: AttemptTrace? = hasReference ? try await reference.run(testCase, token: token) : nil
      if testCase.runsAlone { _ = try await expected }
      var played = await runDevice(testCase, after: level, pace: pace, tokens)
      if case .lost(let failure, _) = played.outcome {
        played.outcome = await blame(failure, pace: pace, tokens, &played)
      }
      let (outcome, trace) = (played.outcome, try await expected)
      if quarantine.withLock({ $0 == nil }) { await device.noteProgress() }
      return await besidesTasks { [limits] in
        Execution(outcome, reference: trace, of: testCase, limits: limits)
      }
    } catch {
      return Execution(obstacle: "\(error)")
    }
  }

  /// Trouble that no case has taken, as that of the calibration; nil where there is none.
  func takeTroubleBeside() -> CaseResult? {
    let troubles = takeEarlierTroubles()
    guard let last = troubles.last else { return nil }
    var result = CaseResult(notRun: .calibration, .inconclusive, because: last.reason)
    result.troubles = troubles
    return result
  }

  private func takeEarlierTroubles() -> [BenchTrouble] {
    earlierTroubles.withLock { troubles in
      defer { troubles = [] }
      return troubles
    }
  }

  /// Why the case cannot be played at all; nil where it can.
  private func obstacle(to testCase: Case) -> String? {
    if testCase.isOverTLS, let obstacle = testCase.scenario.obstacleToTLS {
      return "The scenario cannot be put over TLS. \(obstacle)"
    }
    if let missing = features.flatMap(testCase.featureMissing(from:)) {
      return Judgement.lacking(missing.rawValue)
    }
    if let reason = testCase.scenario.tooManyConnections(forSockets: sockets) { return reason }
    let held = testCase.scenario.speaksTLS ? tlsBallast : 0
    return testCase.scenario.tooLarge(forHeap: heapFree.map { max(0, $0 - held) })
  }

  /// Puts both through the case: side by side, unless one would be in the other's way.
  /// - Throws: what kept the reference from it.
  private func play(
    _ testCase: Case, pace: Pace, _ tokens: AttemptTokens
  ) async throws -> (reference: AttemptTrace, device: Attempt) {
    let token = tokens.next()
    async let expected = referenceTrace(of: testCase, token: token)
    if testCase.runsAlone { _ = try await expected }
    var played = await runDevice(testCase, pace: pace, tokens)
    if case .lost(let failure, _) = played.outcome {
      played.outcome = await blame(failure, pace: pace, tokens, &played)
    }
    do {
      return (try await expected, played)
    } catch {
      // What went wrong with the board is to be known all the same.
      earlierTroubles.withLock { [troubles = played.troubles] in $0 += troubles }
      throw error
    }
  }

  /// The case that the reference could not be put through; what happened to the board in it is kept.
  private func withoutReference(
    _ testCase: Case, _ error: any Error, since start: MonotonicInstant
  ) async -> CaseResult {
    let reason = "the reference could not be put through the case: \(error)"
    var result = CaseResult(
      notRun: testCase, .inconclusive, because: reason, durationSeconds: (.now() - start).seconds)
    guard thrift == nil else { return result }
    result.boardEvents = await device.takeEvents()
    result.troubles = takeEarlierTroubles()
    return result
  }

  /// The case of a URL without a port, where this computer cannot play the server of the default port.
  private func unsupported(
    _ testCase: Case, _ error: ScriptError, since start: MonotonicInstant
  ) -> CaseResult {
    CaseResult(
      notRun: testCase, .unsupported, because: "\(error)", durationSeconds: (.now() - start).seconds)
  }

  private func referenceTrace(of testCase: Case, token: String) async throws -> AttemptTrace {
    if let known = thrift?.trace(of: testCase) { return known }
    let trace = try await reference.run(testCase, token: token)
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

  /// One attempt, and one more where the first says nothing about the client: the board was lost, did not get to run, or was
  /// still at work when the server gave up. Where the agent itself failed, perhaps for lack of the memory that a client had kept
  /// from case to case, the next attempt has a heap of its own.
  private func runDevice(
    _ testCase: Case, after level: Isolation? = nil, pace: Pace, _ tokens: AttemptTokens
  ) async -> Attempt {
    if let failure = quarantine.withLock({ $0 }) { return Attempt(outcome: .quarantined(failure), count: 0) }
    let first = await attempt(
      testCase, after: level ?? self.level(of: testCase), pace: pace, isLastAttempt: false, tokens)
    guard first.outcome.needsRerun(of: testCase) else { return first }
    let level = atLeast(first.outcome.agentFailed ? .softReset : .sameInterpreter, testCase)
    return await attempt(testCase, after: level, pace: pace.stretched(by: 5), tokens, insteadOf: first)
  }

  /// Another attempt, the last one, which counts instead of the first.
  private func attempt(
    _ testCase: Case, after level: Isolation, pace: Pace, _ tokens: AttemptTokens, insteadOf first: Attempt
  ) async -> Attempt {
    var second = await attempt(testCase, after: level, pace: pace, isLastAttempt: true, tokens)
    second.preparation += first.preparation
    second.troubles = second.troubles.after(first.troubles, attempts: first.count)
    second.count += first.count
    return second
  }

  private func judge(_ testCase: Case, _ outcome: DeviceOutcome, _ expected: AttemptTrace) async -> Judgement
  {
    await besidesTasks { [limits] in
      outcome.judgement(of: testCase, reference: expected, limits: limits)
    }
  }

  /// What the case asks for, or more.
  private func atLeast(_ isolation: Isolation, _ testCase: Case) -> Isolation {
    max(isolation, level(of: testCase))
  }

  /// What the device goes through before the case.
  private func level(of testCase: Case) -> Isolation { isolation ?? testCase.scenario.isolation }

  private func attempt(
    _ testCase: Case, after level: Isolation, pace: Pace, isLastAttempt: Bool, _ tokens: AttemptTokens
  ) async -> Attempt {
    let start = MonotonicInstant.now()
    let position = device.serialLog?.position
    let readiness = await device.setApart(by: level)
    let preparation = MonotonicInstant.now() - start
    var attempt: Attempt
    switch readiness {
    case .failed(let outcome): attempt = Attempt(outcome: outcome, preparation: preparation)
    case .ready(let done):
      let outcome = await device.attempt(
        testCase, token: tokens.next(), pace: pace, isLastAttempt: isLastAttempt)
      attempt = Attempt(outcome: outcome, isolation: done, preparation: preparation)
    }
    if case .quarantined(let failure, _) = attempt.outcome { quarantine.withLock { $0 = failure } }
    if let trouble = attempt.outcome.trouble, thrift == nil, !(Task.isCancelled && trouble.kind.isOfRunsEnd) {
      attempt.troubles = [
        BenchTrouble(
          kind: trouble.kind, attempt: 1, reason: trouble.reason, serialLog: serialLog(since: position),
          trace: trouble.trace)
      ]
    }
    return attempt
  }

  /// The board was lost twice in the same case. If it then runs another case, it is the client's doing; if not, the bench's.
  private func blame(
    _ failure: BoardFailure, pace: Pace, _ tokens: AttemptTokens, _ played: inout Attempt
  ) async -> DeviceOutcome {
    let neighbour = await attempt(
      .calibration, after: level(of: .calibration), pace: pace, isLastAttempt: true, tokens)
    played.preparation += neighbour.preparation
    played.troubles += neighbour.troubles
    if case .quarantined = neighbour.outcome { return neighbour.outcome }
    return neighbour.outcome.trace == nil || injectsFaults ? .unusable("\(failure)") : .boardLost(failure)
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

extension BenchTrouble.Kind {
  /// Whether the end of a run, which cancels what is under way, looks like it. It loses no board.
  fileprivate var isOfRunsEnd: Bool { [.agent, .inconclusive].contains(self) }
}
