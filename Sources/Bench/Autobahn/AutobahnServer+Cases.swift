import Autobahn
import PosixIO
import Results
import Scenarios
import Traces
import Verdicts
import WebSocketPeers

extension AutobahnServer {
  /// Puts a driver's client through a case, and the reference beside it. On the server's loop.
  func run(_ index: Int, for agent: String, on connection: UnclaimedConnection) throws {
    guard !book.isEnding else {
      return refuse(connection, "The server is about to end, and no case begins any more.")
    }
    let testCase = configuration.cases.all[index]
    let start = MonotonicInstant.now()
    let patience = Patience(configuration.patience, atMost: configuration.longestPatience)
    guard
      let attempt = try connection.play(
        testCase.scenario.server, token: tokens.next(), delivery: testCase.delivery, patience: patience)
    else { return }
    book.begin(index, of: agent)
    Task {
      async let expected = reference.run(testCase, token: tokens.next())
      let connections = await attempt.record().connections
      let duration = (MonotonicInstant.now() - start).seconds
      let result: CaseResult
      do {
        let expected = try await expected
        result = await besidesTasks { self.judge(testCase, connections, reference: expected, duration) }
      } catch {
        let reason = "the reference could not be put through the case: \(error)"
        result = CaseResult(
          case: testCase, judgement: Judgement(verdict: .inconclusive, reason: reason), attempts: 1,
          durationSeconds: duration, device: nil, reference: nil)
      }
      if book.end(index, of: agent, result, wire: connections.first.map(WireFacts.init)) {
        progress(.caseEnded(agent: agent, result))
      }
    }
  }

  private func judge(
    _ testCase: Case, _ connections: [ConnectionTrace], reference: AttemptTrace, _ durationSeconds: Double
  ) -> CaseResult {
    let (judgement, device) = Judge.judge(case: testCase, wire: connections, reference: reference)
    return CaseResult(
      case: testCase,
      judgement: judgement.doubtingSilence(on: connections, patience: configuration.patience), attempts: 1,
      durationSeconds: durationSeconds, device: device, reference: reference, serverSHA1: device.serverSHA1)
  }
}
