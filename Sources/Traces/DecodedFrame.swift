import WebSocketProtocol

/// A frame as it stood on the wire, lawful or not (RFC 6455 section 5.2).
public struct DecodedFrame: Sendable, Hashable {
  /// The header.
  public var header: FrameHeader
  /// The payload after unmasking; only its first bytes where the capture was cut inside it.
  public var payload: [UInt8]
  /// The offset of the frame's first byte in its stream.
  public var streamOffset: Int
  /// The offset of the payload's first byte in its stream.
  public var payloadOffset: Int
  /// The offset behind the frame's last byte.
  public var endOffset: Int
  /// Whether bytes of the payload are missing from the capture, though they were on the wire.
  public var isCut: Bool
  /// The place in `ConnectionTrace.events` of the chunk that completed the frame.
  public var eventIndex: Int
  /// When that chunk was seen or taken: monotonic clock, nanoseconds.
  public var instantNanoseconds: UInt64
  /// When the kernel received it, on the same clock, where it said so.
  public var kernelInstantNanoseconds: UInt64?

  /// The opcode.
  public var opcode: Opcode { header.opcode }
  /// Whether it is the last frame of its message.
  public var isFinal: Bool { header.isFinal }
  /// The declared length of the payload; a decoded frame is complete, so it fits an `Int`.
  public var payloadLength: Int { Int(header.payloadLength) }
}

/// What stands behind the last complete frame of a stream.
public struct IncompleteFrame: Sendable, Hashable {
  /// The offset of its first byte in the stream.
  public var streamOffset: Int
  /// The header, where all of it is there.
  public var header: FrameHeader?
  /// The payload bytes that came, unmasked.
  public var payload: [UInt8]
  /// The offset of the payload's first byte, where the header is complete.
  public var payloadOffset: Int?
  /// How many bytes of the frame there are, header included.
  public var count: Int
  /// The first bytes as they stood on the wire, at most 14.
  public var head: [UInt8]
  /// The place in `ConnectionTrace.events` of the stream's last chunk.
  public var eventIndex: Int
}

/// The frames of one direction.
public struct DecodedStream: Sendable, Hashable {
  /// The complete frames, in order.
  public var frames: [DecodedFrame] = []
  /// The frame that never was completed; nil where the stream ends at the end of a frame, or the capture was cut.
  public var tail: IncompleteFrame?
  /// The offset from which on nothing is known, where the capture was cut; nil where all is known.
  public var unknownFrom: Int?

  /// Creates a stream without frames.
  public init() {}

  /// Whether everything that was on the wire is known.
  public var isComplete: Bool { unknownFrom == nil }
}

/// A message assembled from its fragments (RFC 6455 section 5.4).
public struct DecodedMessage: Sendable, Hashable {
  /// Whether its first frame says text.
  public var isText: Bool
  /// The payload of all fragments, in order; only its beginning where a fragment was cut.
  public var payload: [UInt8]
  /// The payload's length on the wire.
  public var length: Int
  /// Where each fragment stands in the stream's `frames`.
  public var frameIndices: [Int]
  /// The offset of the first frame in its stream.
  public var streamOffset: Int
  /// The offset behind the last frame.
  public var endOffset: Int
  /// The place in `ConnectionTrace.events` of the chunk that completed it.
  public var eventIndex: Int
  /// Whether the message was completed.
  public var isComplete: Bool

  /// Whether payload bytes are missing from the capture.
  public var isCut: Bool { payload.count < length }
}

extension DecodedStream {
  /// The messages in the order in which they were completed, an unfinished one last. Frames out of order are taken as they
  /// come: a continuation without a beginning is no message, a new beginning leaves an unfinished message behind.
  public var messages: [DecodedMessage] {
    var all: [DecodedMessage] = []
    var open: DecodedMessage?
    for (index, frame) in frames.enumerated() where !frame.opcode.isControl {
      if frame.opcode == .text || frame.opcode == .binary {
        if let unfinished = open { all.append(unfinished) }
        open = DecodedMessage(startingWith: frame.header, at: frame.streamOffset)
      } else if frame.opcode != .continuation {
        continue
      }
      open?.append(frame, index: index)
      if frame.isFinal, let finished = open {
        all.append(finished)
        open = nil
      }
    }
    if let unfinished = open { all.append(unfinished) }
    return all
  }
}

extension DecodedMessage {
  /// A message of which nothing is known yet but its first header.
  public init(startingWith header: FrameHeader, at offset: Int) {
    self.init(
      isText: header.opcode == .text, payload: [], length: 0, frameIndices: [], streamOffset: offset,
      endOffset: offset, eventIndex: 0, isComplete: false)
  }

  /// Adds the next fragment.
  public mutating func append(_ frame: DecodedFrame, index: Int) {
    // Behind a gap of the capture, later bytes would stand at the wrong place.
    if !isCut { payload += frame.payload }
    length += frame.payloadLength
    frameIndices.append(index)
    endOffset = frame.endOffset
    eventIndex = frame.eventIndex
    isComplete = frame.isFinal
  }
}
