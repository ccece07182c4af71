import BoardLink
import Results
import Scenarios
import Traces
import WebSocketProtocol

/// The reference client in the place of a board, with another seed than the reference that it is compared to: a run with it checks
/// the rig itself, and measures it. There is no link, so nothing can be lost.
struct ReferenceDevice: Device {
  let runner: ReferenceRunner

  var serialLog: SerialLog? { nil }
  /// Most of a case's time is waiting: for pauses that a script makes, and for deadlines.
  var lanes: Int { 16 }
  var tlsBallast: Int { 0 }

  /// A seed that is another one than the run's own, and follows from it.
  static func seed(besides seed: UInt64) -> UInt64 {
    var generator = SplitMix64(seed: seed, text: "device")
    return generator.next()
  }

  func prepare() async throws -> BoardRecord {
    BoardRecord(
      selector: BoardSelector.reference.description, kind: .reference,
      machine: "reference client, in process",
      firmware: Tool.name)
  }

  /// Each attempt has a client of its own.
  func setApart(by isolation: Isolation) async -> Readiness { .ready(nil) }

  func attempt(_ testCase: Case, token: String, pace: Pace, isLastAttempt: Bool) async -> DeviceOutcome {
    do {
      var trace = try await runner.run(testCase, token: token)
      trace.endpoint = .device
      return .traced(trace)
    } catch {
      return DeviceOutcome(error)
    }
  }

  func echo(_ visit: Visit) async -> VisitOutcome {
    VisitOutcome(await ReferencePlayer.echo(visit, on: runner.loop))
  }

  func noteProgress() async {}
  func takeEvents() async -> [BoardEventRecord] { [] }
  func leave() async {}
}
