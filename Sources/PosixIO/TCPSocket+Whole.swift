extension TCPSocket {
  /// Writes all of `bytes` before the deadline. On the loop, for sockets that are registered nowhere yet.
  ///
  /// Throws `PosixError` that names `endpoint` (`.timedOut` when the deadline passed), or `CancellationError`.
  public borrowing func sendAll(
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

  /// Waits for bytes, at most 16 KiB; none at the end of the stream. On the loop, for sockets that are registered
  /// nowhere yet. Throws as ``sendAll(_:to:on:deadline:)`` does.
  public borrowing func receiveSome(
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
