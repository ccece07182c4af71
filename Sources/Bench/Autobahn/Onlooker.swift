import PosixIO
import Traces
import Verdicts
import WebSocketPeers

/// Looks on while a client is at a server that is not the rig's, and examines what it does there by the rig's own rules.
struct Onlooker: Sendable {
  private let relay: TappingRelay
  /// Where clients reach the server through the relay.
  private let address: ServerAddress

  /// From the end of a visit to that of its connection: the server may have a Close to send, or to wait for.
  private static let patience = Duration.seconds(10)

  /// Places itself before a server, on an address that the client reaches.
  /// - Throws: `PosixError`.
  init(before server: ServerAddress, on host: SocketAddress, loop: EventLoop) async throws {
    let resolved = try await SocketAddress.resolve(
      server.host.trimmingBrackets, port: server.port, deadline: .after(Self.patience))
    relay = try await TappingRelay.start(on: host.withPort(0), to: resolved, loop: loop)
    address = ServerAddress(host: relay.address.urlHost, port: relay.address.port)
  }

  /// Has the device make the visit through the relay, and examines it. Nothing is examined where nothing is known of the client.
  func watch(_ visit: Visit, by device: any Device) async throws -> (VisitOutcome, Examination?) {
    var relayed = visit
    relayed.server = address
    let outcome = await device.echo(relayed)
    let connections = try await relay.takeConnections(deadline: .after(Self.patience))
    switch outcome.ending {
    case .lost, .gone: return (outcome, nil)
    case .ended, .hung:
      let testCase = relayed.testCase(nil)
      let examination = await besidesTasks {
        Judge.examine(echoing: testCase, wire: connections, client: outcome.client)
      }
      return (outcome, examination)
    }
  }

  /// Ends the relay.
  func leave() { relay.stop() }
}

extension String {
  fileprivate var trimmingBrackets: String { hasPrefix("[") ? String(dropFirst().dropLast()) : self }
}
