import BoardLink
import PosixIO
import Scenarios
import Steps
import Traces
import WebSocketPeers

/// Puts the device client through one attempt at a case: the server plays its script, the agent plays the client side.
struct DeviceRunner: Sendable {
  let client: DeviceClient
  let server: ScriptedServer
  let tls: BenchTLS
  /// The host by which the board reaches the server, bracketed if it is an IPv6 address.
  let host: String
  /// The bytes of heap that the agent holds where TLS is spoken.
  let tlsBallast: Int

  /// Runs the case once.
  /// - Parameter isLastAttempt: the case was given five times as long already. A client that still does not let the heartbeat run,
  ///   and answers the interrupt, is busy for ever: that is hanging too.
  /// - Throws: `LostAttempt` when the board fails.
  func run(_ testCase: Case, token: String, pace: Pace, isLastAttempt: Bool) async throws -> AttemptTrace {
    let security = try await tls.security(of: testCase.scenario)
    let attempt = try await server.prepare(testCase, token: token, tls: security.server, pace: pace)
    let address = ServerAddress(host: host, port: attempt.port)
    let program = AgentProgram.run(
      testCase, at: address, token: token, tls: security.clients, ballast: tlsBallast, lingers: true)
    attempt.whenSilent(for: pace.silence) { [client] in
      Task { await client.interrupt(token) }
    }
    let output: AgentOutput
    do {
      // The record is made before the agent cleans up: what it closes then is not the client's doing.
      output = try await client.execute(program, name: token) {
        attempt.clientHasEnded(allowing: pace.drain)
        _ = await attempt.record()
      }
    } catch {
      attempt.clientHasEnded(allowing: .zero)
      let record = await attempt.record()
      guard let failure = error as? BoardFailure else { throw error }
      let trace = ClientTrace(ending: .unusable(detail: "\(failure)"))
      throw LostAttempt(
        failure: failure,
        wire: AttemptTrace(
          endpoint: .device, connections: record.connections, client: trace, server: address))
    }
    attempt.clientHasEnded(allowing: pace.drain)
    let record = await attempt.record()
    var trace = Self.trace(of: output, id: testCase.id, pace: pace, isLastAttempt: isLastAttempt)
    trace.wasOverInTime = record.clientEndedInTime
    return AttemptTrace(endpoint: .device, connections: record.connections, client: trace, server: address)
  }

  /// Puts the agent's records together, and tells a client that hung from a board that did not get to run.
  static func trace(of output: AgentOutput, id: String, pace: Pace, isLastAttempt: Bool) -> ClientTrace {
    let report = AgentReport(output, id: id)
    var trace = report.trace
    guard case .completed = trace.ending else {
      if let exception = output.exception {
        trace.ending = .unusable(detail: "the agent itself failed: \(exception)")
      }
      return trace
    }
    guard report.wasInterrupted else { return trace }
    guard output.interruptAnswer != nil else {
      trace.ending = .unusable(detail: "an interrupt reached the agent that the rig had not sent")
      return trace
    }
    let place = report.unfinished.isEmpty ? "its cleaning up" : report.unfinished.joined(separator: ", ")
    if isProved(running: trace, output: output, pace: pace) || isLastAttempt {
      trace.ending = .hung(detail: "interrupted in \(place), after the server had ended the connection")
    } else {
      trace.ending = .unusable(
        detail:
          "interrupted in \(place), and the agent's heartbeat shows too little that the board was running")
    }
    return trace
  }

  /// Whether the board was running while nothing happened. Either the heartbeat turned often enough since the client's last event,
  /// or it did not turn at all, though the interpreter obeyed the interrupt at once: then the client kept it busy. A board that
  /// merely got too little time shows neither.
  private static func isProved(running trace: ClientTrace, output: AgentOutput, pace: Pace) -> Bool {
    guard let heartbeat = trace.heartbeat else { return true }
    if heartbeat.countSinceLastEvent >= Pace.provingHeartbeats { return true }
    let gap = Duration.microseconds(heartbeat.longestGapMicroseconds)
    return gap >= pace.silence && (output.interruptAnswer ?? pace.silence) < pace.silence / 2
  }
}

/// An attempt in which the board was lost, and what the server saw of it until then.
struct LostAttempt: Error {
  let failure: BoardFailure
  let wire: AttemptTrace
}

extension ScriptedServer {
  /// Registers an attempt at a case with the pace's deadlines.
  /// - Parameter tls: how TLS is spoken, where the case speaks it.
  func prepare(
    _ testCase: Case, token: String, tls: ScriptedTLS?, pace: Pace
  ) async throws -> ScriptedAttempt {
    try await prepare(
      testCase.scenario.server, token: token, delivery: testCase.delivery, tls: tls,
      patience: Patience(pace.patience, atMost: pace.longestPatience, slowness: pace.slowness))
  }
}
