/// Where a step's bytes are cut into writes, and how long the server waits before each: a ``Delivery`` made concrete.
/// Pure, so that the same bytes are always cut in the same places.
public enum ChunkPlan {
  /// What the bytes of a step are, which tells where cutting them hurts.
  public enum Content: String, Sendable, Hashable, CaseIterable {
    /// The head of a response, perhaps with bytes after it.
    case head
    /// One frame, from the first byte of its header. The header says itself how long it is; the payload may be short.
    case frame
    /// Anything else, such as a part of a frame.
    case raw
  }

  /// One write.
  public struct Chunk: Sendable, Hashable {
    /// The bytes of the step that it holds; never empty.
    public var range: Range<Int>
    /// How long the server waits after the chunk before it. 0 for the first.
    public var pauseBeforeMilliseconds: Int

    /// Creates a chunk.
    public init(range: Range<Int>, pauseBeforeMilliseconds: Int = 0) {
      self.range = range
      self.pauseBeforeMilliseconds = pauseBeforeMilliseconds
    }
  }

  /// The pause between chunks of ``Delivery/split``: enough to arrive apart.
  public static let splitPauseMilliseconds = 2
  /// The pause between chunks of ``Delivery/paced``: longer than a client's poll interval, 5 ms in the one we know.
  public static let pacedPauseMilliseconds = 12
  /// The most cuts that ``Delivery/split`` makes in one head, so that a head of a hundred fields takes no half second.
  public static let mostHeadCuts = 16

  /// Cuts one step. The ranges follow each other without gaps and cover `bytes`; no bytes give no chunks.
  ///
  /// ``Delivery/whole`` and ``Delivery/coalesced`` cut nothing: joining the steps of the latter is the server's job.
  public static func chunks(for bytes: [UInt8], content: Content, delivery: Delivery) -> [Chunk] {
    switch delivery {
    case .whole, .coalesced: pieces(of: bytes.count, cuts: [], pause: 0)
    case .bytewise: bytes.indices.map { Chunk(range: $0..<$0 + 1) }
    case .split:
      pieces(of: bytes.count, cuts: splitCuts(in: bytes, content: content), pause: splitPauseMilliseconds)
    case .paced:
      pieces(of: bytes.count, cuts: pacedCuts(in: bytes, content: content), pause: pacedPauseMilliseconds)
    }
  }

  private static func pieces(of count: Int, cuts: [Int], pause: Int) -> [Chunk] {
    guard count > 0 else { return [] }
    var chunks: [Chunk] = []
    var start = 0
    for cut in Set(cuts).sorted() + [count] where cut > start && cut <= count {
      chunks.append(Chunk(range: start..<cut, pauseBeforeMilliseconds: start == 0 ? 0 : pause))
      start = cut
    }
    return chunks
  }

  private static func splitCuts(in bytes: [UInt8], content: Content) -> [Int] {
    switch content {
    case .head: headCuts(in: bytes)
    case .frame: frameCuts(in: bytes)
    case .raw: [1, bytes.count / 2, bytes.count - 1]
    }
  }

  /// One in the middle, or for data frames one in the header and one in the payload: where a client reads longest.
  private static func pacedCuts(in bytes: [UInt8], content: Content) -> [Int] {
    let start = min(FrameShape(bytes).payloadStart, bytes.count)
    let isControl = bytes.first.map { $0 & 0x08 != 0 } ?? false
    switch content {
    case .head, .raw: return [bytes.count / 2]
    case .frame where start == bytes.count: return [1]
    case .frame where isControl: return [start + (bytes.count - start) / 2]
    case .frame: return [1, start + (bytes.count - start + 1) / 2]
    }
  }
}

extension ChunkPlan {
  /// The middle of every line, and between the last CR and its LF: the place where a search for the empty line breaks.
  private static func headCuts(in head: [UInt8]) -> [Int] {
    var cuts: [Int] = []
    var lineStart = 0
    for index in head.indices where head[index] == 0x0A {
      let isEmptyLine = index - lineStart <= 1
      cuts.append(isEmptyLine ? index : lineStart + (index - lineStart + 1) / 2)
      lineStart = index + 1
      if isEmptyLine { break }
    }
    if lineStart < head.count { cuts.append(lineStart + 1) }
    guard cuts.count > mostHeadCuts else { return cuts }
    // The last ones are the most telling: the empty line, and what is glued behind the head.
    return Array(cuts.prefix(mostHeadCuts - 3)) + cuts.suffix(3)
  }

  private static func frameCuts(in frame: [UInt8]) -> [Int] {
    let shape = FrameShape(frame)
    var cuts = [1]
    if shape.lengthBytes > 0 { cuts.append(2 + shape.lengthBytes / 2) }
    if shape.isMasked { cuts.append(shape.payloadStart - 2) }
    cuts.append(shape.payloadStart + 1)
    if !shape.isMasked, shape.payloadStart < frame.count {
      cuts += codePointCuts(in: frame, from: shape.payloadStart)
    }
    return cuts
  }

  /// Inside the first two-byte, the first three-byte and the first four-byte sequence, each time before its last byte.
  private static func codePointCuts(in bytes: [UInt8], from start: Int) -> [Int] {
    var cuts: [Int] = []
    var seen: Set<Int> = []
    for index in start..<bytes.count where bytes[index] >= 0xC2 && bytes[index] <= 0xF4 {
      let length = bytes[index] < 0xE0 ? 2 : bytes[index] < 0xF0 ? 3 : 4
      guard index + length <= bytes.count, seen.insert(length).inserted else { continue }
      let isSequence = bytes[index + 1..<index + length].allSatisfy { $0 & 0xC0 == 0x80 }
      if isSequence { cuts.append(index + length - 1) } else { seen.remove(length) }
      if seen.count == 3 { break }
    }
    return cuts
  }

  /// What the first two bytes of a frame say about the rest of its header (RFC 6455 section 5.2).
  private struct FrameShape {
    let lengthBytes: Int
    let isMasked: Bool
    var payloadStart: Int { 2 + lengthBytes + (isMasked ? 4 : 0) }

    init(_ frame: [UInt8]) {
      let second = frame.count > 1 ? frame[1] : 0
      isMasked = second & 0x80 != 0
      lengthBytes =
        switch second & 0x7F {
        case 126: 2
        case 127: 8
        default: 0
        }
    }
  }
}
