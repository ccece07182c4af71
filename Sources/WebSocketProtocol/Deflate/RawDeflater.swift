import CZlib

/// The end of a flushed DEFLATE stream, length and complement of an empty stored block, which the messages of
/// permessage-deflate leave out (RFC 7692 section 7.2.1).
enum DeflateTail {
  static let bytes: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
}

/// A stream of bytes on its way to raw DEFLATE blocks (RFC 1951): the sending end of permessage-deflate, by zlib.
public struct RawDeflater: ~Copyable {
  /// How matches are looked for; zlib's names.
  public enum Strategy: String, Hashable, Sendable, CaseIterable {
    /// For anything.
    case normal
    /// Fewer matches, more literals.
    case filtered
    /// No matches at all.
    case huffmanOnly
    /// Only runs of one byte.
    case runLength
    /// Blocks with the fixed Huffman codes only.
    case fixed

    fileprivate var number: CInt {
      switch self {
      case .normal: Z_DEFAULT_STRATEGY
      case .filtered: Z_FILTERED
      case .huffmanOnly: Z_HUFFMAN_ONLY
      case .runLength: Z_RLE
      case .fixed: Z_FIXED
      }
    }
  }

  /// Owned, never given away. On the heap, because zlib's state points back to it.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Creates a stream with an empty window; wraps `deflateInit2`. Takes 2^(windowBits + 2) + 2^(memLevel + 9) bytes.
  ///
  /// - Parameters:
  ///   - windowBits: The binary logarithm of the window's bytes, 8...15: no distance reaches farther back.
  ///   - level: 0 (stored) to 9 (smallest).
  ///   - memLevel: 1...9; how much memory the search for matches gets.
  ///   - strategy: How matches are looked for.
  public init(windowBits: Int = 15, level: Int = 6, memLevel: Int = 8, strategy: Strategy = .normal) {
    precondition(8...15 ~= windowBits, "the window of DEFLATE has 8 to 15 bits")
    precondition(0...9 ~= level && 1...9 ~= memLevel, "zlib has levels 0 to 9 and memory levels 1 to 9")
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // zlib makes no raw stream with 8 bits. With 9 its distances stay within 512 - 262 = 250 bytes, since it keeps room for a
    // match of the greatest length (MIN_LOOKAHEAD) in its window, so that a window of 256 bytes can read them.
    let bits = CInt(max(windowBits, 9))
    guard zlib_init_raw_deflate(stream, CInt(level), bits, CInt(memLevel), strategy.number) == Z_OK else {
      preconditionFailure("zlib has no memory to deflate")
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Takes a piece of a message and appends all that it deflates to, with the empty stored block of a flush at the end.
  ///
  /// An empty piece appends nothing.
  public mutating func deflate(_ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer) {
    var rest = bytes
    while !rest.isEmpty {
      // Pieces bound the memory that is asked for ahead of the output.
      let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
      flush(piece, &output)
    }
  }

  /// Ends a message with its last piece: as ``deflate(_:into:)``, but without the tail 00 00 FF FF
  /// (RFC 7692 section 7.2.1). An empty piece makes the single byte 00 (section 7.2.3.6).
  public mutating func finishMessage(_ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer) {
    guard !bytes.isEmpty else { return withUnsafeBytes(of: UInt8(0)) { output.append($0) } }
    deflate(bytes, into: &output)
    let tail = DeflateTail.bytes
    precondition(output.bytes.suffix(tail.count).elementsEqual(tail), "zlib ended a flush otherwise")
    output.removeLast(tail.count)
  }

  /// Deflates a whole message.
  public mutating func deflateMessage(_ payload: [UInt8]) -> [UInt8] {
    var output = ByteBuffer()
    payload.withUnsafeBytes { finishMessage($0, into: &output) }
    return output.take()
  }

  /// Deflates a stream that consists of nothing else, to its last block (RFC 1951 section 3.2.3).
  public mutating func deflateWhole(_ bytes: [UInt8]) -> [UInt8] {
    // An empty block with the fixed codes ends it: the bit that says that it is the last, 01 for the codes, and the end of a block.
    deflateMessage(bytes) + DeflateTail.bytes + [0x03, 0x00]
  }

  /// Empties the window: what follows refers to nothing before it (RFC 7692 section 7.1.1, no context takeover).
  public mutating func reset() { deflateReset(stream) }

  /// Brings out a piece in one call of `deflate`: with less room than the bound, zlib might flush twice.
  private func flush(_ piece: UnsafeRawBufferPointer, _ output: inout ByteBuffer) {
    let room = Int(deflateBound(stream, uLong(piece.count))) + Self.flushRoom
    let result = output.appendSome(room) { room in
      stream.pointee.next_in = UnsafeMutablePointer(
        mutating: piece.baseAddress?.assumingMemoryBound(to: UInt8.self))
      stream.pointee.avail_in = uInt(piece.count)
      stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = uInt(room.count)
      let result = CZlib.deflate(stream, Z_SYNC_FLUSH)
      return (kept: room.count - Int(stream.pointee.avail_out), result)
    }
    stream.pointee.next_in = nil
    stream.pointee.next_out = nil
    precondition(
      result == Z_OK && stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0,
      "zlib flushes within its bound")
  }

  /// What a flush may add to zlib's bound, which knows of none: the end of a block and an empty stored one.
  private static var flushRoom: Int { 16 }
}

// zlib's state has exactly one owner, this noncopyable value, so that it moves between threads only as a whole.
extension RawDeflater: @unchecked Sendable {}
