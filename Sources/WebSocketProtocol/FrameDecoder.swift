/// A frame as it was found on the wire, legal or not.
public struct WireFrame: Hashable, Sendable {
  /// The offset of the header's first byte in the stream.
  public let streamOffset: UInt64
  /// The header.
  public let header: FrameHeader
  /// The header's bytes as sent.
  public let headerBytes: [UInt8]
  /// The payload, unmasked; only its beginning where ``isPayloadCut`` is true.
  public let payload: [UInt8]

  /// Whether only the payload's beginning was kept, because it exceeded the decoder's bound or was lost behind it.
  public var isPayloadCut: Bool { UInt64(payload.count) < header.payloadLength }
  /// The bytes the frame takes on the wire.
  public var encodedLength: UInt64 { UInt64(headerBytes.count) &+ header.payloadLength }
  /// The offset after the frame's last byte.
  public var endOffset: UInt64 { streamOffset &+ encodedLength }
}

/// What is left of a stream that ended within a frame.
public struct PartialFrame: Hashable, Sendable {
  /// The offset of the frame's first byte.
  public let streamOffset: UInt64
  /// The header, if all of it came.
  public let header: FrameHeader?
  /// The header's bytes that came.
  public let headerBytes: [UInt8]
  /// The payload that came, unmasked and bounded as in ``WireFrame``.
  public let payload: [UInt8]
  /// The bytes of the payload that came, kept or not.
  public let receivedPayload: UInt64
}

/// Splits a stream into frames without judging them, for the traces of what a peer did.
///
/// Nothing makes it stop: reserved opcodes, reserved bits, missing masks, lengths not in their shortest form and control
/// frames of any size are represented as they are. Only the end of the stream within a frame is told, by
/// ``incompleteFrame``. Memory is bounded by `keptPayload` and one header.
public struct FrameDecoder: Sendable {
  private let keptPayload: Int
  private var streamOffset: UInt64 = 0
  private var frameStart: UInt64 = 0
  private var headerBytes: [UInt8] = []
  private var header: FrameHeader?
  private var payload: [UInt8] = []
  private var received: UInt64 = 0

  /// Creates a decoder.
  ///
  /// - Parameters:
  ///   - keptPayload: The most bytes kept of a payload; 1 MiB by default.
  ///   - streamOffset: The offset of the first byte that will be given to the decoder.
  public init(keptPayload: Int = 1 << 20, streamOffset: UInt64 = 0) {
    self.keptPayload = keptPayload
    self.streamOffset = streamOffset
  }

  /// Splits a whole stream.
  public static func decode(
    _ bytes: [UInt8], keptPayload: Int = 1 << 20
  ) -> (frames: [WireFrame], incomplete: PartialFrame?) {
    var decoder = FrameDecoder(keptPayload: keptPayload)
    return (decoder.receive(bytes), decoder.incompleteFrame)
  }

  /// Takes a chunk and returns the frames that end in it.
  public mutating func receive(_ bytes: some Sequence<UInt8>) -> [WireFrame] {
    let chunk = Array(bytes)
    return chunk.withUnsafeBytes { receive($0) }
  }

  /// Takes a chunk and returns the frames that end in it.
  public mutating func receive(_ bytes: UnsafeRawBufferPointer) -> [WireFrame] {
    var frames: [WireFrame] = []
    var index = 0
    while index < bytes.count {
      if let header {
        index += takePayload(header, .init(rebasing: bytes[index...]))
      } else {
        takeHeaderByte(bytes[index])
        index += 1
      }
      if let header, received == header.payloadLength { frames.append(finishFrame(header)) }
    }
    return frames
  }

  /// Takes bytes that were on the wire behind the others but that nobody kept: a capture that was cut.
  ///
  /// They can only go on with the payload under way. Where they lie in a header or begin a frame, nothing is known of what follows,
  /// so that no more bytes can be taken afterwards.
  /// - Returns: The frame that they complete, its payload cut.
  public mutating func receiveLost(_ count: UInt64) -> WireFrame? {
    guard let header, count > 0 else { return nil }
    let taken = min(header.payloadLength - received, count)
    received += taken
    streamOffset &+= taken
    return received == header.payloadLength ? finishFrame(header) : nil
  }

  /// The frame in which the stream stands, or `nil` between frames.
  public var incompleteFrame: PartialFrame? {
    guard !headerBytes.isEmpty else { return nil }
    return PartialFrame(
      streamOffset: frameStart, header: header, headerBytes: headerBytes, payload: payload,
      receivedPayload: received)
  }

  private mutating func takeHeaderByte(_ byte: UInt8) {
    if headerBytes.isEmpty { frameStart = streamOffset }
    headerBytes.append(byte)
    streamOffset &+= 1
    header = headerBytes.withUnsafeBytes { FrameHeader.parse($0) }
  }

  /// Takes what belongs to the payload and returns how much that was.
  private mutating func takePayload(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) -> Int {
    let taken = Int(min(header.payloadLength - received, UInt64(bytes.count)))
    let kept = min(taken, keptPayload - payload.count)
    let start = payload.count
    reserve(start + kept, for: header)
    payload.append(contentsOf: bytes[..<kept])
    if let key = header.maskingKey {
      payload.withUnsafeMutableBytes { Masking.apply(key, to: .init(rebasing: $0[start...]), offset: start) }
    }
    received += UInt64(taken)
    streamOffset &+= UInt64(taken)
    return taken
  }

  /// Doubles the room as an array does by itself, but takes none beyond the end of the frame: the last doubling of a large one would
  /// hold it twice.
  private mutating func reserve(_ needed: Int, for header: FrameHeader) {
    guard needed > payload.capacity else { return }
    let most = Int(min(header.payloadLength, UInt64(keptPayload)))
    payload.reserveCapacity(min(max(needed, payload.capacity * 2), most))
  }

  private mutating func finishFrame(_ header: FrameHeader) -> WireFrame {
    let frame = WireFrame(
      streamOffset: frameStart, header: header, headerBytes: headerBytes, payload: payload)
    self.header = nil
    headerBytes = []
    payload = []
    received = 0
    return frame
  }
}
