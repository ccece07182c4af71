import PosixIO
import Scenarios
import Traces
import WebSocketPeers
import WebSocketProtocol

/// Puts the reference client through one attempt at a case, against the same server.
struct ReferenceRunner: Sendable {
  let server: ScriptedServer
  /// The host by which the reference reaches the server, bracketed if it is an IPv6 address.
  let host: String
  let seed: UInt64
  /// The loop of the reference: not the server's.
  let loop: EventLoop

  /// Runs the case once. The reference gets the time that nothing but an error of the rig needs.
  func run(_ testCase: Case, token: String) async throws -> AttemptTrace {
    let pace = Pace.reference
    let attempt = try await server.prepare(testCase, token: token, pace: pace)
    let address = ServerAddress(host: host, port: attempt.port)
    // Each case has keys of its own: the same in all would be as predictable as none.
    var seeds = SplitMix64(seed: seed, text: testCase.id)
    let player = ReferencePlayer(
      testCase.scenario.client, at: address, token: token, seed: seeds.next(), on: loop)
    let hung = Flag()
    attempt.whenSilent(for: pace.silence) {
      hung.raise()
      player.abandon()
    }
    var trace = await player.play()
    attempt.clientHasEnded(allowing: pace.drain)
    let record = await attempt.record()
    if hung.isRaised {
      trace.ending = .hung(detail: "the reference client did not end after the server had")
    }
    return AttemptTrace(
      endpoint: .reference, connections: record.connections, client: trace, server: address)
  }
}
