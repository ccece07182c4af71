import WebSocketProtocol

/// A connection's bytes read as heads and frames: what rules, comparisons and reports look at.
public struct DecodedConnection: Sendable, Hashable {
  /// The client's request head; nil when it never was complete.
  public var request: DecodedHead?
  /// The server's response head; nil when none was sent whole.
  public var response: DecodedHead?
  /// How many interim heads (1xx other than 101) the server sent before it, which a client may pass over (RFC 7231 section 6.2).
  public var interimCount: Int
  /// The client's frames.
  public var client: DecodedStream
  /// The server's frames.
  public var server: DecodedStream
  /// How the client ended its direction.
  public var clientEnd: StreamEnd?
  /// How the server ended its direction.
  public var serverEnd: StreamEnd?
  /// The place in `ConnectionTrace.events` of the attempt's deadline, where it passed.
  public var deadlineIndex: Int?

  /// Reads a trace.
  public init(_ trace: ConnectionTrace) {
    let received = ChunkIndex(trace.events, direction: .received)
    let sent = ChunkIndex(trace.events, direction: .sent)
    let heads = Self.heads(trace.serverStream.bytes)
    let responseHeadLength = heads.last?.upperBound ?? trace.unreadableHeadLength
    interimCount = max(0, heads.count - 1)
    // A head that the server refused ends where an empty line does.
    request = (trace.requestHeadLength ?? Self.headLength(trace.clientStream.bytes)).map {
      DecodedHead(trace.clientStream.bytes.prefix(max(0, $0)))
    }
    response = responseHeadLength.map {
      DecodedHead(trace.serverStream.bytes.prefix(max(0, $0)).dropFirst(heads.last?.lowerBound ?? 0))
    }
    client = .decode(trace.clientStream, from: trace.requestHeadLength, chunks: received)
    server = .decode(trace.serverStream, from: responseHeadLength, chunks: sent)
    for (index, event) in trace.events.enumerated() { note(event, at: index) }
  }

  /// How many bytes the client sent after the server had given up waiting; not counted are a Close, and what a client sends by itself to
  /// keep the connection alive: Pings, and Pongs that answer nothing.
  public var lateByteCount: Int {
    guard let deadlineIndex else { return 0 }
    let pings = Set(server.frames.filter { $0.opcode == .ping }.map(\.payload))
    let frames = client.frames.filter {
      $0.eventIndex > deadlineIndex && $0.opcode != .close && $0.opcode != .ping
        && ($0.opcode != .pong || pings.contains($0.payload))
    }
    let late = client.tail.map { $0.eventIndex > deadlineIndex ? $0.count : 0 } ?? 0
    return frames.reduce(late) { $0 + $1.endOffset - $1.streamOffset }
  }

  /// Where the heads lie that these bytes begin with: interim ones, as long as another head follows, and the one behind them.
  private static func heads(_ bytes: [UInt8]) -> [Range<Int>] {
    var heads: [Range<Int>] = []
    var start = 0
    while let end = headLength(bytes, from: start) {
      heads.append(start..<end)
      guard isInterim(bytes[start..<end]) else { break }
      start = end
    }
    return heads
  }

  private static func isInterim(_ head: ArraySlice<UInt8>) -> Bool {
    head.starts(with: "HTTP/1.1 1".utf8) && !head.starts(with: "HTTP/1.1 101".utf8)
  }

  /// Where the head ends that begins at `start`; nil where its empty line is missing.
  static func headLength(_ bytes: [UInt8], from start: Int = 0) -> Int? {
    var index = start + 3
    while index < bytes.count {
      if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A, bytes[index - 3] == 0x0D {
        return index + 1
      }
      index += 1
    }
    return nil
  }

  private mutating func note(_ event: WireEvent, at index: Int) {
    let instant = event.instantNanoseconds
    switch event.kind {
    case .receivedEnd where clientEnd == nil:
      clientEnd = StreamEnd(kind: .finished, eventIndex: index, instantNanoseconds: instant)
    case .receivedReset where clientEnd?.kind != .reset:
      clientEnd = .reset(at: index, instant, behind: clientEnd)
    case .sentEnd where serverEnd == nil:
      serverEnd = StreamEnd(kind: .finished, eventIndex: index, instantNanoseconds: instant)
    case .sentReset: serverEnd = .reset(at: index, instant, behind: serverEnd)
    case .closed where serverEnd == nil:
      serverEnd = StreamEnd(kind: .finished, eventIndex: index, instantNanoseconds: instant)
    case .deadlinePassed where deadlineIndex == nil: deadlineIndex = index
    default: break
    }
  }

  /// Whether the server ended its direction before the client's end was seen.
  public var serverEndedFirst: Bool {
    guard let serverEnd else { return false }
    return clientEnd.map { serverEnd.eventIndex < $0.eventIndex } ?? true
  }
}

/// The end of one direction of a TCP connection.
public struct StreamEnd: Sendable, Hashable {
  /// How it ended.
  public enum Kind: String, Sendable, Hashable {
    /// By FIN.
    case finished
    /// By RST.
    case reset
  }

  /// How it ended.
  public var kind: Kind
  /// The place in `ConnectionTrace.events`.
  public var eventIndex: Int
  /// When: monotonic clock, nanoseconds.
  public var instantNanoseconds: UInt64

  /// Creates an end.
  public init(kind: Kind, eventIndex: Int, instantNanoseconds: UInt64) {
    self.kind = kind
    self.eventIndex = eventIndex
    self.instantNanoseconds = instantNanoseconds
  }

  /// An end by RST. A FIN may have come before it: the first of them ended the stream, but that it was reset counts.
  fileprivate static func reset(at index: Int, _ instant: UInt64, behind earlier: StreamEnd?) -> StreamEnd {
    StreamEnd(kind: .reset, eventIndex: earlier?.eventIndex ?? index, instantNanoseconds: instant)
  }
}

/// Finds the chunk that carried a byte of a stream.
struct ChunkIndex {
  enum Direction { case received, sent }

  struct Chunk {
    var endOffset: Int
    var eventIndex: Int
    var instantNanoseconds: UInt64
    var kernelInstantNanoseconds: UInt64?
  }

  private(set) var chunks: [Chunk] = []

  init(_ events: [WireEvent], direction: Direction) {
    var total = 0
    for (index, event) in events.enumerated() {
      let count: Int
      switch (event.kind, direction) {
      case (.received(let bytes), .received), (.sent(let bytes), .sent): count = max(0, bytes)
      default: continue
      }
      total = total.addingReportingOverflow(count).partialValue
      chunks.append(
        Chunk(
          endOffset: total, eventIndex: index, instantNanoseconds: event.instantNanoseconds,
          kernelInstantNanoseconds: event.kernelInstantNanoseconds))
    }
  }

  /// The chunk that completed the bytes before `endOffset`; the last one where the events tell of fewer bytes.
  func completing(_ endOffset: Int) -> Chunk {
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if chunks[middle].endOffset < endOffset { low = middle + 1 } else { high = middle }
    }
    let none = Chunk(endOffset: 0, eventIndex: 0, instantNanoseconds: 0)
    return low < chunks.count ? chunks[low] : chunks.last ?? none
  }
}

extension DecodedStream {
  /// Reads all frames behind the head; none where there is no head. The judge shares this decoder, and nothing else, with the peers.
  static func decode(_ stream: CapturedStream, from headLength: Int?, chunks: ChunkIndex) -> DecodedStream {
    var decoded = DecodedStream()
    guard let headLength, headLength >= 0 else {
      if stream.isCut { decoded.unknownFrom = stream.bytes.count }
      return decoded
    }
    var decoder = FrameDecoder(keptPayload: .max, streamOffset: UInt64(headLength))
    var frames = stream.bytes.dropFirst(headLength).withUnsafeBytes { decoder.receive($0) }
    if stream.isCut, let last = decoder.receiveLost(UInt64(stream.totalCount - stream.bytes.count)) {
      frames.append(last)
    }
    decoded.frames = frames.map { DecodedFrame($0, chunks.completing(Int($0.endOffset))) }
    decoded.end(with: decoder.incompleteFrame, of: stream, chunks: chunks)
    return decoded
  }

  /// Notes what stands behind the last frame, and from where on nothing is known.
  private mutating func end(with partial: PartialFrame?, of stream: CapturedStream, chunks: ChunkIndex) {
    if stream.isCut { unknownFrom = max(stream.bytes.count, frames.last?.endOffset ?? 0) }
    guard let partial else { return }
    let offset = Int(partial.streamOffset)
    if stream.isCut, partial.header == nil {
      // Where the capture was cut inside a header, nobody knows whether the frame was complete.
      unknownFrom = offset
      return
    }
    let total = max(stream.totalCount, stream.bytes.count)
    tail = IncompleteFrame(
      streamOffset: offset, header: partial.header, payload: partial.payload,
      payloadOffset: partial.header.map { offset + $0.encodedLength }, count: total - offset,
      head: Array(stream.bytes[offset...].prefix(FrameHeader.maximumEncodedLength)),
      eventIndex: chunks.completing(total).eventIndex)
  }
}

extension DecodedFrame {
  /// Puts a frame beside the chunk that completed it.
  fileprivate init(_ frame: WireFrame, _ chunk: ChunkIndex.Chunk) {
    self.init(
      header: frame.header, payload: frame.payload, streamOffset: Int(frame.streamOffset),
      payloadOffset: Int(frame.streamOffset) + frame.headerBytes.count, endOffset: Int(frame.endOffset),
      isCut: frame.isPayloadCut, eventIndex: chunk.eventIndex, instantNanoseconds: chunk.instantNanoseconds,
      kernelInstantNanoseconds: chunk.kernelInstantNanoseconds)
  }
}

extension ConnectionTrace {
  /// The length of what the server gave out for a response head, where its end cannot be seen as it should be: beyond the captured bytes,
  /// or at an empty line without CR. Nil for a head that does not end: what was sent behind it is a part of it.
  fileprivate var unreadableHeadLength: Int? {
    guard let length = responseHeadLength else { return nil }
    let isCut = serverStream.bytes.count < serverStream.totalCount && length >= serverStream.bytes.count
    return isCut || DecodedHead(serverStream.bytes.prefix(length)).isEnded ? length : nil
  }
}
