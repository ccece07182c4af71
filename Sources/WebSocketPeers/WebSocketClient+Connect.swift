import PosixIO
import WebSocketProtocol

extension WebSocketClient {
  /// Resolves, connects and shakes hands before the deadline. On the loop.
  static func connect(
    _ uri: WebSocketURI, _ tls: TLSContext?, _ handshake: ClientHandshake,
    _ keys: any RandomNumberGenerator & Sendable,
    _ configuration: ConnectionConfiguration, _ compression: CompressionSettings?, _ deadline: Deadline,
    on loop: EventLoop
  ) async throws -> (WebSocketConnection, ClientHandshake.Response) {
    let addresses = try await SocketAddress.resolve(uri.host, port: uri.port, deadline: deadline)
    let socket = try await TCPSocket.connect(toFirstOf: addresses, on: loop, deadline: deadline)
    let endpoint = uri.description
    let stream =
      if let tls {
        try await ByteStream.shakeHands(
          over: socket, with: uri.host, by: tls, endpoint: endpoint, on: loop, deadline: deadline)
      } else {
        ByteStream(socket)
      }
    try await stream.sendAll(handshake.requestBytes, to: endpoint, on: loop, deadline: deadline)
    var handshake = handshake
    while true {
      let chunk = try await stream.receiveSome(from: endpoint, on: loop, deadline: deadline)
      guard !chunk.isEmpty else { throw handshake.receiveEndOfStream() }
      switch handshake.receive(chunk) {
      case .incomplete: continue
      case .rejected(let rejection): throw rejection
      case .accepted(let response, let consumed):
        let deflate = response.deflate.map {
          PerMessageDeflate($0, settings: compression ?? CompressionSettings())
        }
        let connection = try WebSocketConnection(
          stream, .client(limits: configuration.limits, maskingKeys: keys, deflate: deflate),
          rest: Array(chunk[consumed...]), subprotocol: response.subprotocol, deflate: response.deflate,
          configuration: configuration, on: loop)
        return (connection, response)
      }
    }
  }
}
