import CLinux
import Glibc

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

  /// Takes over a connection that is registered nowhere. From any thread.
  public convenience init(adopting socket: consuming TCPSocket, endpoint: String, on loop: EventLoop) {
    self.init(adopting: socket.intoDescriptor(), isSocket: true, endpoint: endpoint, on: loop)
  }

  /// Ends our direction of a connection; the peer's goes on. From any thread.
  public func endSending() { withRawDescriptor { _ = shutdown($0, Int32(SHUT_WR)) } }

  /// Breaks a connection with a reset and closes. From any thread.
  public func reset() {
    withRawDescriptor { TCPSocket.makeClosingReset($0) }
    close()
  }
}
