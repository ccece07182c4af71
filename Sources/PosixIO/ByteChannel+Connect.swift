extension ByteChannel {
  /// Connects over TCP to the first of `addresses` that answers before the deadline. From any task.
  ///
  /// - Parameter endpoint: what errors call the other side.
  /// - Throws: `PosixError` or `CancellationError`.
  public static func connect(
    toFirstOf addresses: [SocketAddress], endpoint: String, on loop: EventLoop, deadline: Deadline
  ) async throws -> ByteChannel {
    try await loop.run {
      let socket = try await TCPSocket.connect(toFirstOf: addresses, on: loop, deadline: deadline)
      return ByteChannel(adopting: socket.intoDescriptor(), isSocket: true, endpoint: endpoint, on: loop)
    }
  }
}
