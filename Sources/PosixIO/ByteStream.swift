import Certificates

/// The bytes that an application exchanges over TCP, in clear or through TLS: what connections are written against.
///
/// In clear every call is that of ``TCPSocket`` and nothing more. With TLS the same calls move plain text, and three things are different:
/// ``holdsInput`` may be true although the socket reports nothing, ``holdsUnsent`` may be true although all was taken, and ``tlsFailure``
/// says more than a `Transfer` can. All three are constant for a stream in clear.
public struct ByteStream: ~Copyable, Sendable {
  /// The connection below.
  public private(set) var socket: TCPSocket
  let tls: TLSSession?

  /// A stream in clear.
  public init(_ socket: consuming TCPSocket) {
    self.socket = socket
    tls = nil
  }

  /// The server's side of TLS, or a stream in clear where `context` is nil. The handshake is done by reading. On the loop only.
  ///
  /// Throws ``TLSError`` with the phase `.setUp`.
  public init(
    _ socket: consuming TCPSocket, securedBy context: TLSContext?, manner: TLSManner = TLSManner(),
    endpoint: @autoclosure () -> String, on loop: EventLoop
  ) throws(TLSError) {
    if let context {
      let tls = try TLSSession(context, server: nil, endpoint: endpoint(), on: loop)
      tls.manner = manner
      self.init(socket, tls)
    } else {
      self.init(socket)
    }
  }

  init(_ socket: consuming TCPSocket, _ tls: TLSSession) {
    self.socket = socket
    self.tls = tls
  }

  /// The descriptor, to be registered with a loop.
  public var descriptor: OwnedDescriptor {
    @inline(__always) _read { yield socket.descriptor }
  }

  /// Whether ``close()`` or ``reset()`` has not been called.
  public var isOpen: Bool { socket.isOpen }

  /// Takes what has arrived, with one read of the socket at most. `.wouldBlock` says that there was nothing for the application.
  @inline(__always)
  public borrowing func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    if let tls { return tls.receive(into: buffer, from: socket) }
    return socket.receive(into: buffer)
  }

  /// Takes what has arrived, and says when the kernel got the last of it: see ``TCPSocket/receive(into:kernelInstant:)``.
  public borrowing func receive(
    into buffer: UnsafeMutableRawBufferPointer, kernelInstant instant: inout MonotonicInstant?
  ) -> Transfer {
    if let tls { return tls.receive(into: buffer, from: socket, kernelInstant: &instant) }
    return socket.receive(into: buffer, kernelInstant: &instant)
  }

  /// Gives bytes away, as many as can leave.
  ///
  /// - Parameter endFollows: Promises ``endSending()`` as the next call: in clear both leave in one segment.
  @inline(__always)
  public borrowing func send(_ bytes: UnsafeRawBufferPointer, endFollows: Bool = false) -> Transfer {
    if let tls { return tls.send(bytes, to: socket) }
    return socket.send(bytes, endFollows: endFollows)
  }

  /// Gives two runs of bytes away, with one write.
  @inline(__always)
  public borrowing func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Transfer {
    if let tls { return tls.send(first, second, to: socket) }
    return socket.send(first, second)
  }

  /// Whether reading again gives something, although the socket reports nothing. To be asked after every read.
  @inline(__always)
  public var holdsInput: Bool { tls?.holdsInput ?? false }

  /// Whether, besides ``holdsInput``, the socket may hold more, although fewer bytes came than there was room for: for those who are told
  /// of changes only (``Readiness/edgeTriggered``).
  @inline(__always)
  public var hasMore: Bool { tls?.hasMore ?? false }

  /// Whether bytes that were taken still wait for the socket to become writable: then call ``flush()``.
  @inline(__always)
  public var holdsUnsent: Bool { tls?.holdsUnsent ?? false }

  /// Sends what ``holdsUnsent`` is about; whether nothing waits any more.
  @discardableResult
  public borrowing func flush() -> Bool { tls?.flush(to: socket) ?? true }

  /// Ends our direction, with TLS by close_notify first; the peer's goes on.
  public borrowing func endSending() {
    if let tls { tls.endSending(to: socket) } else { socket.endSending() }
  }

  /// Ends our direction of TCP without TLS's close_notify: the peer cannot know whether it has got everything.
  public borrowing func truncate() {
    if let tls { tls.endSending(to: socket, notifying: false) } else { socket.endSending() }
  }

  /// Closes, with TLS after close_notify if that was not sent yet. Unread bytes make the kernel send a reset: read to the end first.
  public mutating func close() {
    if let tls, !tls.sentEnd, socket.isOpen { tls.notifyClose(to: socket) }
    socket.close()
  }

  /// Breaks the connection with a reset and closes.
  public mutating func reset() { socket.reset() }
}

/// What only TLS has.
extension ByteStream {
  /// Whether TLS is spoken.
  public var isSecure: Bool { tls != nil }

  /// What the endpoints agreed on; nil in clear, and before the end of the handshake.
  public var tlsDetails: TLSDetails? { tls?.details }

  /// What went wrong in TLS. `.truncated` where TCP has ended without close_notify, which is an `.end` for the reader.
  public var tlsFailure: TLSError? { tls?.failure }

  /// Whether the peer has ended its direction with close_notify.
  public var receivedCloseNotify: Bool { tls?.receivedCloseNotify ?? false }

  /// How many bytes of TLS have left or wait to, handshake included; nil in clear, where they are those of the application.
  public var tlsByteCount: Int? { tls?.outputCount }

  /// From now on leaves to the kernel when a part of a record is acknowledged: 40 ms later, perhaps, for which a peer with Nagle's
  /// algorithm on then waits. In clear it is so anyway.
  public borrowing func leaveAcknowledgements() { tls?.acknowledgesAtOnce = false }

  /// Leaves the protocol from now on, after so many further bytes of TLS: in the midst of a record, for example.
  public borrowing func setManner(_ manner: TLSManner) {
    guard let tls else { return }
    var manner = manner
    switch manner.fault {
    case .silentAfter(let count): manner.fault = .silentAfter(bytes: tls.outputCount + count)
    case .endAfter(let count): manner.fault = .endAfter(bytes: tls.outputCount + count)
    case .instead, nil: break
    }
    tls.manner = manner
  }

  /// Asks the peer for another handshake; false where TLS, its version or its configuration do not allow it.
  public borrowing func renegotiate() -> Bool { tls?.renegotiate(through: socket) ?? false }

  /// The client's side of TLS, handshake included. On the loop, for sockets that are registered nowhere yet.
  ///
  /// - Parameters:
  ///   - server: The host that is asked for (SNI, unless it is an address), and whose certificate is wanted.
  ///   - endpoint: What errors call it.
  /// - Throws: ``TLSError``, `PosixError` or `CancellationError`.
  public static func shakeHands(
    over socket: consuming TCPSocket, with server: String, by context: TLSContext,
    manner: TLSManner = TLSManner(), endpoint: String, on loop: EventLoop, deadline: Deadline
  ) async throws -> ByteStream {
    let tls = try TLSSession(context, server: server, endpoint: endpoint, on: loop)
    tls.manner = manner
    let stream = ByteStream(socket, tls)
    while try tls.shakeHands(through: stream.socket) == .waiting {
      let interest: Readiness = tls.holdsUnsent ? [.readable, .writable] : .readable
      guard try await loop.waitUntil(interest, stream.socket.descriptor, deadline: deadline) else {
        throw TLSError(.handshake, endpoint, .timedOut)
      }
      if tls.holdsUnsent { stream.flush() }
    }
    return stream
  }
}
