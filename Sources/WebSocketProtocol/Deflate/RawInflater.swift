import CZlib

/// Why compressed bytes did not become a message.
public enum InflateFailure: Error, Hashable, Sendable {
  /// The bytes are no DEFLATE stream, or a message does not end where RFC 7692 section 7.2.2 needs it to.
  case corrupt
  /// There is more output than was allowed.
  case limitExceeded
}

/// A stream of raw DEFLATE blocks (RFC 1951) on its way to bytes: the receiving end of permessage-deflate, by zlib.
///
/// The bytes of a message may come in pieces of any size; what comes out does not depend on how they were cut.
/// Blocks with BFINAL set do not end the stream: what follows is decoded with the same window (RFC 7692 section 7.2.3.4).
public struct RawInflater: ~Copyable {
  /// Owned, never given away. On the heap, because zlib's state points back to it.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Creates a stream with an empty window; wraps `inflateInit2`. About 7 KiB, and the window once something was inflated.
  ///
  /// - Parameter windowBits: The binary logarithm of the window's bytes, 8...15. With 15 any stream can be read; with less, a
  ///   distance that reaches too far back is found only where it leaves both the window and the output of one call.
  public init(windowBits: Int = 15) {
    precondition(8...15 ~= windowBits, "the window of DEFLATE has 8 to 15 bits")
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard zlib_init_raw_inflate(stream, CInt(windowBits)) == Z_OK else {
      preconditionFailure("zlib has no memory to inflate")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Takes a piece of a message and appends what it inflates to; wraps `inflate`.
  ///
  /// - Parameters:
  ///   - bytes: The piece; all of it is taken unless an error is thrown.
  ///   - output: Where the inflated bytes go. After an error it has all that came before it.
  ///   - limit: The most bytes that `output` may hold then; no more memory is allocated for them.
  /// - Throws: After an error the stream is of no more use until ``reset()``.
  public mutating func inflate(
    _ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer, limit: Int
  ) throws(InflateFailure) {
    var rest = bytes
    // zlib counts in 32 bits.
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
      stream.pointee.next_in = UnsafeMutablePointer(
        mutating: piece.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = uInt(piece.count)
      try run(&output, limit)
    }
    stream.pointee.next_in = nil
  }

  /// Ends a message: puts back the four bytes that its sender took away (RFC 7692 section 7.2.2).
  ///
  /// - Throws: ``InflateFailure/corrupt`` where the message ends within a block, so that those bytes do not complete it.
  public mutating func finishMessage() throws(InflateFailure) {
    // zlib's own word for it: it has just read the header of a stored block, and its length would come next.
    guard inflateSyncPoint(stream) == 1 else { throw .corrupt }
    var nothing = ByteBuffer()
    try DeflateTail.bytes.withUnsafeBufferPointer { (tail) throws(InflateFailure) in
      try inflate(UnsafeRawBufferPointer(tail), into: &nothing, limit: 0)
    }
  }

  /// Inflates a whole message.
  ///
  /// - Parameter limit: The most bytes it may inflate to.
  public mutating func inflateMessage(_ payload: [UInt8], limit: Int) throws(InflateFailure) -> [UInt8] {
    var output = ByteBuffer()
    try payload.withUnsafeBufferPointer { (bytes) throws(InflateFailure) in
      try inflate(UnsafeRawBufferPointer(bytes), into: &output, limit: limit)
    }
    try finishMessage()
    return output.take()
  }

  /// Empties the window: the next message refers to nothing before it (RFC 7692 section 7.1.1, no context takeover).
  public mutating func reset() { inflateReset(stream) }

  /// Lets zlib work until it has taken its input and given all the output that this makes.
  private func run(_ output: inout ByteBuffer, _ limit: Int) throws(InflateFailure) {
    var isRoomLeft = false
    while stream.pointee.avail_in > 0 || !isRoomLeft {
      let result: CInt
      if output.count < limit {
        result = fill(&output, limit)
      } else {
        // What follows the last byte allowed may make no output: only a byte that comes exceeds the limit.
        result = probe()
        if stream.pointee.avail_out == 0 { throw .limitExceeded }
      }
      isRoomLeft = stream.pointee.avail_out > 0
      switch result {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END:
        // BFINAL. The window stays, which a sender may or may not make use of.
        inflateResetKeep(stream)
        isRoomLeft = true
      case Z_MEM_ERROR: preconditionFailure("zlib has no memory to inflate")
      default: throw .corrupt
      }
    }
  }

  private func fill(_ output: inout ByteBuffer, _ limit: Int) -> CInt {
    if output.spareCapacity == 0 { output.reserve(min(limit, max(output.count * 2, 4096))) }
    return output.appendSome(min(output.spareCapacity, limit - output.count, 1 << 30)) { room in
      stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = uInt(room.count)
      let result = CZlib.inflate(stream, Z_SYNC_FLUSH)
      return (kept: room.count - Int(stream.pointee.avail_out), result)
    }
  }

  private func probe() -> CInt {
    var byte: UInt8 = 0
    return withUnsafeMutablePointer(to: &byte) { room in
      stream.pointee.next_out = room
      stream.pointee.avail_out = 1
      return CZlib.inflate(stream, Z_SYNC_FLUSH)
    }
  }
}

// zlib's state has exactly one owner, this noncopyable value, so that it moves between threads only as a whole.
extension RawInflater: @unchecked Sendable {}
