import PosixIO
import WebSocketProtocol

extension TCPSocket {
  /// Turns a client away whose server has all the connections it may have: 503 and the end, without waiting for either.
  ///
  /// - Parameters:
  ///   - scratch: Where what the client has sent so far is dropped: unread bytes would turn the end into a reset.
  ///   - inClear: False where the client expects TLS: then nothing is said that it could not read anyway.
  consuming func refuseForLackOfRoom(_ scratch: UnsafeMutableRawBufferPointer, inClear: Bool) {
    _ = receive(into: scratch)
    guard inClear else { return close() }
    ServerHandshake.refuse(HandshakeRejection(.application, status: 503)).withUnsafeBytes { _ = send($0) }
    close()
  }
}
