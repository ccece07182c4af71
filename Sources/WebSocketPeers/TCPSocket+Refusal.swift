import PosixIO
import WebSocketProtocol

extension TCPSocket {
  /// Turns a client away whose server has all the connections it may have: 503 and the end, without waiting for either.
  ///
  /// - Parameter scratch: Where what the client has sent so far is dropped: unread bytes would turn the end into a reset.
  consuming func refuseForLackOfRoom(_ scratch: UnsafeMutableRawBufferPointer) {
    _ = receive(into: scratch)
    ServerHandshake.refuse(HandshakeRejection(.application, status: 503)).withUnsafeBytes { _ = send($0) }
    close()
  }
}
