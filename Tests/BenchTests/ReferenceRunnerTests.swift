import PosixIO
import Scenarios
import Steps
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@testable import Bench

@Suite("The reference is judged by what it does, not by when the rig gets to run", .timeLimit(.minutes(1)))
struct ReferenceRunnerTests {
  private static let echo = Case(
    scenario: Scenario(
      id: "1.x", description: "d", expectation: "e", rfc: "5", requirement: .must,
      server: ServerScript([
        .sendFrame(FrameSpec(.text, "a")), .expectMessage(kind: .text, payload: "a"),
      ]), client: .echo))

  /// Threads of a run that others kept busy for seconds made it hung, or too late for its attempt.
  @Test func aBusyRunMakesNoReferenceHung() async throws {
    let serverLoop = try EventLoop(name: "server").start()
    let loop = try EventLoop(name: "reference").start()
    defer {
      serverLoop.stop()
      loop.stop()
    }
    let server = try await ScriptedServer.start(listeningOn: [.loopbackV4(port: 0)], on: serverLoop)
    let runner = ReferenceRunner(server: server, host: "127.0.0.1", seed: 1, loop: loop)
    let ended = Flag()
    // Longer than the reference may be silent, had it not ended.
    let latest = MonotonicInstant.now() + Pace.reference.silence * 2
    let busy = (0..<64).map { _ in Task { while !ended.isRaised, MonotonicInstant.now() < latest {} } }
    let trace = try await Task(executorPreference: loop) {
      defer { ended.raise() }
      return try await runner.run(Self.echo, token: "tok")
    }.value
    #expect(MonotonicInstant.now() < latest)
    for task in busy { await task.value }
    #expect(trace.client.ending == .completed)
    #expect(trace.client.events.map { $0.kind.name } == ["connected", "message", "sent", "ended"])
    try await server.stop()
  }

  @Test("who ends is not hung, who was given up before is")
  func theFirstOfTwoEndsDecides() async throws {
    let loop = try EventLoop(name: "reference").start()
    defer { loop.stop() }
    let address = ServerAddress(host: "127.0.0.1", port: 1)
    func player(_ steps: [ClientStep]) -> ReferencePlayer {
      ReferencePlayer(ClientScript(steps), at: address, token: "tok", seed: 1, on: loop)
    }
    let quick = player([.pause(milliseconds: 0)])
    #expect(await quick.play().ending == .completed)
    let late = player([.pause(milliseconds: 100_000)])
    late.abandon()
    guard case .hung = await late.play().ending else {
      Issue.record("it was given up, and is not hung")
      return
    }
  }
}

extension ClientEvent.Kind {
  /// The name of the case alone.
  fileprivate var name: String { String("\(self)".prefix { $0 != "(" }) }
}
