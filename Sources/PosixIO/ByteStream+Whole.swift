extension ByteStream {
  /// Writes all of `bytes` before the deadline. On the loop, for streams whose socket is registered nowhere yet.
  ///
  /// Throws `PosixError` that names `endpoint` (`.timedOut` when the deadline passed), ``TLSError``, or `CancellationError`.
  public borrowing func sendAll(
    _ bytes: [UInt8], to endpoint: String, on loop: EventLoop, deadline: Deadline
  ) async throws {
    var sent = 0
    while sent < bytes.count || holdsUnsent {
      let transfer =
        sent < bytes.count
        ? bytes.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[sent...])) } : .wouldBlock
      switch transfer {
      case .moved(let count): sent += count
      case .failed(let number):
        if let tlsFailure { throw tlsFailure }
        throw PosixError(.send, endpoint, number)
      case .wouldBlock, .end:
        guard try await loop.waitUntil(.writable, socket.descriptor, deadline: deadline) else {
          throw PosixError(.send, endpoint, .timedOut)
        }
        flush()
      }
    }
  }

  /// Waits for bytes, at most 16 KiB; none at the end of the stream. On the loop, for streams whose socket is registered nowhere
  /// yet. Throws as ``sendAll(_:to:on:deadline:)`` does; the end of TCP without close_notify is an end all the same.
  public borrowing func receiveSome(
    from endpoint: String, on loop: EventLoop, deadline: Deadline
  ) async throws -> [UInt8] {
    while true {
      if !holdsInput {
        let interest: Readiness = holdsUnsent ? [.readable, .writable] : .readable
        guard try await loop.waitUntil(interest, socket.descriptor, deadline: deadline) else {
          throw PosixError(.receive, endpoint, .timedOut)
        }
        flush()
      }
      var transfer = Transfer.wouldBlock
      let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 14) { buffer, count in
        transfer = receive(into: UnsafeMutableRawBufferPointer(buffer))
        if case .moved(let moved) = transfer { count = moved }
      }
      switch transfer {
      case .moved, .end: return chunk
      case .failed(let number):
        if let tlsFailure { throw tlsFailure }
        throw PosixError(.receive, endpoint, number)
      case .wouldBlock: continue
      }
    }
  }
}
