import PosixIO
import WebSocketProtocol

extension WebSocketClient {
  /// Resolves, connects and shakes hands before the deadline. On the loop.
  static func connect(
    _ uri: WebSocketURI, _ handshake: ClientHandshake, _ keys: any RandomNumberGenerator & Sendable,
    _ configuration: ConnectionConfiguration, _ deadline: Deadline, on loop: EventLoop
  ) async throws -> (WebSocketConnection, ClientHandshake.Response) {
    let addresses = try await SocketAddress.resolve(uri.host, port: uri.port, deadline: deadline)
    let socket = try await TCPSocket.connect(toFirstOf: addresses, on: loop, deadline: deadline)
    let endpoint = uri.description
    try await socket.sendAll(handshake.requestBytes, to: endpoint, on: loop, deadline: deadline)
    var handshake = handshake
    while true {
      let chunk = try await socket.receiveSome(from: endpoint, on: loop, deadline: deadline)
      guard !chunk.isEmpty else { throw handshake.receiveEndOfStream() }
      switch handshake.receive(chunk) {
      case .incomplete: continue
      case .rejected(let rejection): throw rejection
      case .accepted(let response, let consumed):
        let connection = try WebSocketConnection(
          socket, .client(limits: configuration.limits, maskingKeys: keys), rest: Array(chunk[consumed...]),
          subprotocol: response.subprotocol, configuration: configuration, on: loop)
        return (connection, response)
      }
    }
  }
}

extension TCPSocket {
  /// Writes all of `bytes`. On the loop, for sockets that are registered nowhere yet.
  borrowing func sendAll(
    _ bytes: [UInt8], to endpoint: String, on loop: EventLoop, deadline: Deadline
  ) async throws {
    var sent = 0
    while sent < bytes.count {
      let transfer = bytes.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
      switch transfer {
      case .moved(let count): sent += count
      case .failed(let number): throw PosixError(.send, endpoint, number)
      case .wouldBlock, .end:
        guard try await loop.waitUntil(.writable, descriptor, deadline: deadline) else {
          throw PosixError(.send, endpoint, .timedOut)
        }
      }
    }
  }

  /// Waits for bytes; none at the end of the stream. On the loop, for sockets that are registered nowhere yet.
  borrowing func receiveSome(
    from endpoint: String, on loop: EventLoop, deadline: Deadline
  ) async throws -> [UInt8] {
    while true {
      guard try await loop.waitUntil(.readable, descriptor, deadline: deadline) else {
        throw PosixError(.receive, endpoint, .timedOut)
      }
      var transfer = Transfer.wouldBlock
      let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
        transfer = receive(into: UnsafeMutableRawBufferPointer(buffer))
        if case .moved(let moved) = transfer { count = moved }
      }
      switch transfer {
      case .moved, .end: return chunk
      case .failed(let number): throw PosixError(.receive, endpoint, number)
      case .wouldBlock: continue
      }
    }
  }
}
