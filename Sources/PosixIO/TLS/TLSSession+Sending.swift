import COpenSSL

/// Writing and ending our direction.
extension TLSSession {
  /// Plain text encrypted before the kernel is given what came of it.
  private static var batchSize: Int { 1 << 18 }

  /// Whether bytes of TLS wait for the socket to become writable.
  var holdsUnsent: Bool { unsentStart < unsent.count }

  /// Encrypts and sends two runs of plain text, as much as the kernel lets leave. What of the last batch it does not take waits here:
  /// ``holdsUnsent`` says so, and until ``flush(to:)`` has sent it nothing more is taken.
  func send(
    _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
    to socket: borrowing TCPSocket
  ) -> Transfer {
    guard flush(to: socket) else { return .wouldBlock }
    guard !isBroken, !sentEnd else { return .failed(.brokenPipe) }
    ERR_clear_error()
    let sent = send(part: first, to: socket)
    guard sent == first.count, !isBroken, !holdsUnsent else { return finish(sent, to: socket) }
    return finish(sent + send(part: second, to: socket), to: socket)
  }

  private func finish(_ sent: Int, to socket: borrowing TCPSocket) -> Transfer {
    deliver(to: socket)
    if sent > 0 { return .moved(sent) }
    return isBroken ? .failed(.protocolError) : .moved(0)
  }

  private func send(part: UnsafeRawBufferPointer, to socket: borrowing TCPSocket) -> Int {
    // Below the size of a record OpenSSL is called once for each; otherwise it cuts by itself.
    let step = manner.recordSize < 1 << 14 ? max(1, manner.recordSize) : Self.batchSize
    var sent = 0
    while sent < part.count {
      var count = 0
      let piece = min(step, part.count - sent)
      guard SSL_write_ex(ssl, part.baseAddress.map { $0 + sent }, piece, &count) == 1 else {
        fail(.write)
        break
      }
      sent += count
      guard memory.output.count >= Self.batchSize else { continue }
      deliver(to: socket)
      if holdsUnsent { break }
    }
    return sent
  }

  /// Sends what waits; whether nothing does any more.
  func flush(to socket: borrowing TCPSocket) -> Bool {
    while holdsUnsent {
      let rest = unsent[unsentStart...]
      let transfer = rest.withUnsafeBytes { sendOnce($0, to: socket) }
      guard case .moved(let count) = transfer else {
        // Of a broken connection the next read tells how it ended.
        if transfer != .wouldBlock { dropUnsent() }
        return !holdsUnsent
      }
      unsentStart += count
    }
    dropUnsent()
    if endsAfterFlush {
      endsAfterFlush = false
      socket.endSending()
    }
    return true
  }

  private func dropUnsent() {
    guard !unsent.isEmpty else { return }
    unsent = []
    unsentStart = 0
  }

  private func sendOnce(_ bytes: UnsafeRawBufferPointer, to socket: borrowing TCPSocket) -> Transfer {
    guard let size = manner.writeSize, size < bytes.count else { return socket.send(bytes) }
    return socket.send(UnsafeRawBufferPointer(rebasing: bytes[..<size]))
  }

  /// Gives the kernel what OpenSSL has written, and keeps what it does not take.
  func deliver(to socket: borrowing TCPSocket) {
    let output = memory.output
    guard !output.isEmpty else { return }
    defer { memory.removeOutput() }
    if let fault = manner.fault { return deliver(output, to: socket, with: fault) }
    outputCount += output.count
    give(output, to: socket)
  }

  private func give(_ bytes: UnsafeRawBufferPointer, to socket: borrowing TCPSocket) {
    guard !holdsUnsent else { return unsent.append(contentsOf: bytes) }
    var sent = 0
    while sent < bytes.count {
      switch sendOnce(UnsafeRawBufferPointer(rebasing: bytes[sent...]), to: socket) {
      case .moved(let count): sent += count
      case .wouldBlock:
        unsent = Array(bytes[sent...])
        unsentStart = 0
        return
      case .end, .failed: return
      }
    }
  }

  private func deliver(
    _ output: UnsafeRawBufferPointer, to socket: borrowing TCPSocket, with fault: TLSManner.Fault
  ) {
    defer { outputCount += output.count }
    switch fault {
    case .silentAfter(let limit), .endAfter(let limit):
      let room = limit - outputCount
      guard room >= 0 else { return }
      give(UnsafeRawBufferPointer(rebasing: output[..<min(room, output.count)]), to: socket)
      if case .endAfter = fault, output.count >= room { endSending(to: socket, notifying: false) }
    case .instead(let bytes):
      if outputCount == 0 { bytes.withUnsafeBytes { give($0, to: socket) } }
    }
  }

  /// Ends our direction: close_notify (RFC 8446 section 6.1), then the end of TCP as soon as all has left.
  ///
  /// - Parameter notifying: False leaves close_notify out, so that the peer cannot know whether it has got everything.
  func endSending(to socket: borrowing TCPSocket, notifying: Bool = true) {
    guard !sentEnd else { return }
    sentEnd = true
    if notifying { notifyClose(to: socket) }
    if holdsUnsent { endsAfterFlush = true } else { socket.endSending() }
  }

  /// Sends close_notify, where the protocol is still in a state for it.
  func notifyClose(to socket: borrowing TCPSocket) {
    guard isEstablished, !isBroken else { return }
    ERR_clear_error()
    _ = SSL_shutdown(ssl)
    deliver(to: socket)
  }

  /// Asks the peer for another handshake (TLS 1.2: HelloRequest); false where version or configuration do not allow it.
  func renegotiate(through socket: borrowing TCPSocket) -> Bool {
    ERR_clear_error()
    guard SSL_renegotiate(ssl) == 1, SSL_do_handshake(ssl) == 1 else { return false }
    deliver(to: socket)
    return true
  }
}
