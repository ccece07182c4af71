import CLinux
import Glibc

/// What one read or write moved.
public enum Transfer: Equatable, Sendable {
  /// So many bytes, at least one.
  case moved(Int)
  /// The peer has ended its direction: nothing will come any more. Reads only.
  case end
  /// Nothing can be moved now.
  case wouldBlock
  /// The connection is broken.
  case failed(ErrorNumber)

  @inline(__always)
  init(count: Int) {
    if count > 0 {
      self = .moved(count)
    } else if count == 0 {
      self = .end
    } else {
      let number = ErrorNumber.current
      self = number.rawValue == EAGAIN || number.rawValue == EWOULDBLOCK ? .wouldBlock : .failed(number)
    }
  }
}

/// One TCP connection, non-blocking, without Nagle's algorithm. Owned by one place and closed with it.
public struct TCPSocket: ~Copyable, Sendable {
  /// The descriptor, to be registered with a loop.
  public private(set) var descriptor: OwnedDescriptor

  init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  /// Gives the descriptor to another owner.
  consuming func intoDescriptor() -> OwnedDescriptor { descriptor }

  /// Whether ``close()`` or ``reset()`` has not been called.
  public var isOpen: Bool { descriptor.isOpen }

  /// Takes what has arrived (`recv`).
  @inline(__always)
  public borrowing func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    Transfer(count: retryOnInterrupt { recv(descriptor.raw, buffer.baseAddress, buffer.count, 0) })
  }

  /// Takes what has arrived and says when the kernel got the last of it; `instant` is nil where the kernel gave
  /// no stamp. Costs a `recvmsg` and two clock readings: only where stamps were asked for.
  public borrowing func receive(
    into buffer: UnsafeMutableRawBufferPointer, kernelInstant instant: inout MonotonicInstant?
  ) -> Transfer {
    guard let base = buffer.baseAddress else { return .wouldBlock }
    var stamp: Int64 = 0
    let transfer = Transfer(
      count: retryOnInterrupt { clinux_receive_stamped(descriptor.raw, base, buffer.count, &stamp) })
    instant = MonotonicInstant(realtimeNanoseconds: stamp)
    return transfer
  }

  /// Takes what has arrived with one call (`readv`): `second` gets what there is no room for in `first`.
  public borrowing func receive(
    into first: UnsafeMutableRawBufferPointer, then second: UnsafeMutableRawBufferPointer
  ) -> Transfer {
    Transfer(
      count: retryOnInterrupt {
        clinux_receive_two(descriptor.raw, first.baseAddress, first.count, second.baseAddress, second.count)
      })
  }

  /// Gives bytes to the kernel (`send`), as many as it takes.
  ///
  /// - Parameter endFollows: Promises ``endSending()`` as the next call: then both leave in one segment (MSG_MORE).
  @inline(__always)
  public borrowing func send(_ bytes: UnsafeRawBufferPointer, endFollows: Bool = false) -> Transfer {
    if bytes.isEmpty { return .moved(0) }
    let flags = Int32(MSG_NOSIGNAL) | (endFollows ? Int32(MSG_MORE) : 0)
    return Transfer(
      count: retryOnInterrupt { Glibc.send(descriptor.raw, bytes.baseAddress, bytes.count, flags) })
  }

  /// Gives two runs of bytes to the kernel in one call (`sendmsg`), so that they need not be copied together.
  public borrowing func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
    Transfer(
      count: retryOnInterrupt {
        clinux_send_two(descriptor.raw, first.baseAddress, first.count, second.baseAddress, second.count)
      })
  }

  /// Ends our direction (FIN after what was sent); the peer's goes on.
  public borrowing func endSending() { _ = shutdown(descriptor.raw, Int32(SHUT_WR)) }

  /// Acknowledges at once what has been received. A client that writes a frame in pieces with Nagle's algorithm
  /// on waits for this acknowledgement, 40 ms if it is left to the kernel: call it when a read ends inside a frame.
  @inline(__always)
  public borrowing func acknowledgeNow() { setFlag(Int32(IPPROTO_TCP), TCP_QUICKACK, 1) }

  /// Switches Nagle's algorithm off, as it is from the start, or on.
  public borrowing func setNoDelay(_ isOn: Bool) { setFlag(Int32(IPPROTO_TCP), TCP_NODELAY, isOn ? 1 : 0) }

  /// Asks for receive stamps (SO_TIMESTAMPING, software); false where the kernel refuses.
  public borrowing func enableKernelInstants() -> Bool { clinux_enable_receive_stamps(descriptor.raw) == 0 }

  /// Bounds the kernel's buffers, in bytes (it may round up); nil leaves one as it is.
  public borrowing func limitBuffers(receive: Int? = nil, send: Int? = nil) {
    if let receive { setFlag(SOL_SOCKET, SO_RCVBUF, Int32(clamping: receive)) }
    if let send { setFlag(SOL_SOCKET, SO_SNDBUF, Int32(clamping: send)) }
  }

  /// Closes. Unread bytes make the kernel send a reset: read to the end of the stream first.
  public mutating func close() { descriptor.close() }

  /// Breaks the connection with a reset (SO_LINGER of 0 seconds) and closes.
  public mutating func reset() {
    guard isOpen else { return }
    Self.makeClosingReset(descriptor.raw)
    descriptor.close()
  }

  /// Has the kernel reset a connection when it is closed.
  static func makeClosingReset(_ raw: Int32) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(raw, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
  }

  /// The pending error of the connection (SO_ERROR), which reading clears; nil when there is none.
  public borrowing func takeError() -> ErrorNumber? {
    var value: Int32 = 0
    var size = socklen_t(4)
    getsockopt(descriptor.raw, SOL_SOCKET, SO_ERROR, &value, &size)
    return value == 0 ? nil : ErrorNumber(rawValue: value)
  }

  /// Throws away what stands in the error queue (transmit stamps, for example): as long as anything does, epoll reports an
  /// error although reading finds none, and a level-triggered loop would turn without end.
  public borrowing func discardErrorQueue() {
    var byte: UInt8 = 0
    while retryOnInterrupt({ recv(descriptor.raw, &byte, 1, Int32(MSG_ERRQUEUE)) }) >= 0 {}
  }

  /// The address on this side.
  public borrowing func localAddress() -> SocketAddress? { address(of: getsockname) }

  /// The address on the other side.
  public borrowing func peerAddress() -> SocketAddress? { address(of: getpeername) }

  private borrowing func address(
    of call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor.raw, $0, &length) }
    }
    return result == 0 ? SocketAddress(storage) : nil
  }

  @inline(__always)
  borrowing func setFlag(_ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(descriptor.raw, level, option, &value, 4)
  }

  /// A fresh non-blocking socket for the address's family.
  static func make(for address: SocketAddress, _ operation: SystemOperation) throws(PosixError) -> TCPSocket {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let raw = socket(address.isV6 ? AF_INET6 : AF_INET, kind, 0)
    guard raw >= 0 else { throw .last(operation, address.description) }
    let socket = TCPSocket(OwnedDescriptor(adopting: raw))
    socket.setFlag(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    return socket
  }
}
