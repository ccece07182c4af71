import PosixIO
import Scenarios
import Traces
import WebSocketPeers
import WebSocketProtocol

/// Puts the reference client through one attempt at a case, against the same server.
struct ReferenceRunner: Sendable {
  let server: ScriptedServer
  let tls: BenchTLS
  /// The host by which the reference reaches the server, bracketed if it is an IPv6 address.
  let host: String
  let seed: UInt64
  /// The loop of the reference: not the server's.
  let loop: EventLoop
  /// How long it is waited for.
  let pace: Pace

  /// - Parameter tls: the certificates of the run; by default those of a run of its own.
  init(
    server: ScriptedServer, tls: BenchTLS? = nil, host: String, seed: UInt64, loop: EventLoop,
    pace: Pace = .reference
  ) {
    self.pace = pace
    self.server = server
    self.tls = tls ?? BenchTLS(host: host)
    self.host = host
    self.seed = seed
    self.loop = loop
  }

  /// Runs the case once. As a rule the reference gets the time that nothing but an error of the rig needs.
  ///
  /// All of it runs on the loop of the reference: what others do on the threads that Swift's tasks share must not use up the time of
  /// the attempt, which runs from its registration.
  func run(_ testCase: Case, token: String) async throws -> AttemptTrace {
    try await withTaskExecutorPreference(loop) { try await attempt(testCase, token: token) }
  }

  private func attempt(_ testCase: Case, token: String) async throws -> AttemptTrace {
    let security = try await tls.security(of: testCase.scenario)
    let attempt = try await server.prepare(testCase, token: token, tls: security.server, pace: pace)
    let address = ServerAddress(host: host, port: attempt.port)
    // Each case has keys of its own: the same in all would be as predictable as none.
    var seeds = SplitMix64(seed: seed, text: testCase.id)
    let player = ReferencePlayer(
      testCase.scenario.client, at: address, token: token, tls: security.clients, seed: seeds.next(), on: loop
    )
    attempt.whenSilent(for: pace.silence) { player.abandon() }
    var trace = await player.play()
    attempt.clientHasEnded(allowing: pace.drain)
    let record = await attempt.record()
    player.leave()
    // Who has ended all its connections owes the server nothing: what it still waits for is its script's matter.
    if case .hung = trace.ending, !record.connections.isEmpty, record.connections.allSatisfy(\.hasClientEnd) {
      trace.ending = .unusable(detail: "the reference client ended its connections, but not its script")
    }
    return AttemptTrace(
      endpoint: .reference, connections: record.connections, client: trace, server: address)
  }
}

extension ConnectionTrace {
  fileprivate var hasClientEnd: Bool { events.contains { $0.kind == .receivedEnd } }
}
