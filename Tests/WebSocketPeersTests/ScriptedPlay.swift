import PosixIO
import Steps
import Testing
import Traces
import WebSocketPeers

/// Starts a server, plays a script against what `body` does as the client, and returns the attempt's record.
func play(
  _ script: ServerScript, _ delivery: Delivery = .whole, deadline: Duration = .seconds(5),
  configuration: ScriptedConfiguration = ScriptedConfiguration(),
  _ body: (ScriptedServer, ScriptedAttempt, EventLoop) async throws -> Void
) async throws -> AttemptRecord {
  try await withLoop { loop in
    let server = try await ScriptedServer.start(on: loop, configuration: configuration)
    let attempt = try await server.prepare(
      script, token: "t0k3n", delivery: delivery, deadline: .after(deadline))
    try await body(server, attempt, loop)
    let record = await attempt.record()
    #expect(try await server.takeStrays().isEmpty)
    try await server.stop()
    return record
  }
}

extension ConnectionTrace {
  /// Why steps were missed.
  var missed: [String] {
    events.compactMap { if case .expectationMissed(_, let reason) = $0.kind { reason } else { nil } }
  }
}
