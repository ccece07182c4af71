import PosixIO
import Traces

/// Stands between clients and a server that is not the rig's: passes on what both send, and keeps it as if the server were the rig's.
///
/// One change is made on the way: the request's `Host` names the server instead of the relay, for servers that compare it. The trace has
/// what the client sent.
///
/// `@unchecked Sendable`: mutable state is touched on the loop's thread only.
public final class TappingRelay: @unchecked Sendable {
  /// Where clients reach it.
  public let address: SocketAddress
  private let server: [SocketAddress]
  private let loop: EventLoop
  private let captureLimit: Int
  private let listener: TCPListener
  private var carriages: [Task<ConnectionTrace, Never>] = []

  /// How long the server has to take a connection.
  private static let connectPatience = Duration.seconds(10)

  /// Starts to listen on `address`.
  /// - Parameters:
  ///   - server: where the server listens; the first address that answers is taken.
  ///   - captureLimit: so many bytes are kept in each direction of a connection.
  /// - Throws: `PosixError` where the address cannot be had.
  public static func start(
    on address: SocketAddress, to server: [SocketAddress], loop: EventLoop, captureLimit: Int = 64 << 20
  ) async throws -> TappingRelay {
    try await loop.perform { try TappingRelay(address, server, loop, captureLimit) }
  }

  private init(_ address: SocketAddress, _ server: [SocketAddress], _ loop: EventLoop, _ captureLimit: Int)
    throws
  {
    listener = try TCPListener(on: loop, address)
    self.address = listener.address
    self.server = server
    self.loop = loop
    self.captureLimit = captureLimit
    listener.onConnection = { [unowned self] socket, peer in
      take(ByteChannel(adopting: socket, endpoint: "\(peer)", on: loop), from: peer)
    }
  }

  /// Stops listening; connections that are under way go on.
  public func stop() { loop.submit { self.listener.close() } }

  /// The connections since the last call, in the order in which they came, each as soon as it has ended on both sides. Those that have
  /// not at the deadline are ended.
  /// - Throws: `CancellationError`.
  public func takeConnections(deadline: Deadline) async throws -> [ConnectionTrace] {
    let carriages = try await loop.perform {
      defer { self.carriages = [] }
      return self.carriages
    }
    let patience = Task { [loop] in
      try await loop.pause(until: deadline)
      for carriage in carriages { carriage.cancel() }
    }
    defer { patience.cancel() }
    var traces: [ConnectionTrace] = []
    for carriage in carriages { traces.append(await carriage.value) }
    return traces
  }

  private func take(_ client: ByteChannel, from peer: SocketAddress) {
    let hosts = (relay: "\(address)", server: server.first.map { "\($0)" } ?? "")
    carriages.append(
      Task { [loop, server, captureLimit] in
        let log = CarriageLog(captureLimit: captureLimit)
        log.note(.opened(peer: "\(peer)"))
        if let upstream = try? await ByteChannel.connect(
          toFirstOf: server, endpoint: hosts.server, on: loop, deadline: .after(Self.connectPatience))
        {
          await Carriage(client: client, server: upstream, log: log, hosts: hosts).run()
        }
        client.close()
        log.note(.closed)
        return log.trace
      })
  }
}
