import Traces
import WebSocketProtocol

/// What the server's bytes mean for a conforming client: found by walking the frames that were really sent, without knowing the
/// scenario. Everything that the rules expect of a client comes from here.
public struct ServerStreamModel: Sendable {
  /// How the stream stands behind its last frame.
  public enum Position: Sendable, Hashable {
    /// Between messages.
    case boundary
    /// Inside a frame that begins at that offset.
    case insideFrame(offset: Int)
    /// Between the fragments of a message that begins at that offset.
    case insideMessage(offset: Int)
    /// The capture was cut: unknown.
    case unknown
  }

  /// The server's Close, where it is valid and nothing before it broke a rule.
  public struct Close: Sendable, Hashable {
    /// The code; nil where there is none.
    public var code: UInt16?
    /// The bytes of the reason.
    public var reason: [UInt8]
    /// The offset of the frame.
    public var streamOffset: Int
    /// The place in `ConnectionTrace.events` of the chunk that completed it.
    public var eventIndex: Int
  }

  /// The messages to deliver: complete and before anything that ends delivery.
  public private(set) var messages: [DecodedMessage] = []
  /// The Pings before anything that ends answering.
  public private(set) var pings: [DecodedFrame] = []
  /// The Pongs, which must not be answered.
  public private(set) var pongs: [DecodedFrame] = []
  /// The first rule that the server broke.
  public private(set) var violation: ServerViolation?
  /// The server's Close.
  public private(set) var close: Close?
  /// Where the stream ends.
  public private(set) var position = Position.boundary
  /// The message that was never finished, with the payload that came of it.
  public private(set) var unfinished: DecodedMessage?
  /// Messages behind the violation or the Close, as a client would see them that went on reading.
  public private(set) var messagesBehind: [DecodedMessage] = []
  /// Whether all that the server sent is known.
  public private(set) var isComplete = true

  /// The longest frame or message that the server began, in bytes, however much of it came.
  public private(set) var longestAnnounced: UInt64 = 0

  private let checksText: Bool
  private var open: DecodedMessage?
  private var utf8 = UTF8Check()
  /// What the open message inflated to so far; nil where it is not compressed.
  private var inflated: [UInt8]?

  /// Walks a server's frames; `deflate` is what was agreed on, where permessage-deflate is in use. Without `checksText` bad text
  /// breaks no rule.
  public init(_ stream: DecodedStream, deflate: DeflateAgreement? = nil, checksText: Bool = true) {
    self.checksText = checksText
    let reader = deflate.map { InflatingReader($0.server) }
    isComplete = stream.isComplete
    let lengths = stream.frames.map(\.header.payloadLength) + stream.messages.map { UInt64($0.length) }
    longestAnnounced = max(lengths.max() ?? 0, stream.tail?.header?.payloadLength ?? 0)
    for (index, frame) in stream.frames.enumerated() {
      take(frame, index: index, rest: stream.frames[(index + 1)...], reader)
      guard violation == nil, close == nil else {
        keepBehind(stream, from: index, reader)
        return
      }
    }
    position = open.map { .insideMessage(offset: $0.streamOffset) } ?? .boundary
    unfinished = open?.holding(inflated)
    if !stream.isComplete {
      position = .unknown
    } else if let tail = stream.tail {
      position = .insideFrame(offset: tail.streamOffset)
      take(tail, reader)
    }
  }

  private mutating func keepBehind(_ stream: DecodedStream, from index: Int, _ reader: InflatingReader?) {
    position = stream.tail.map { .insideFrame(offset: $0.streamOffset) } ?? .boundary
    if !stream.isComplete { position = .unknown }
    // What a lenient client makes of the whole stream, without what it was right to deliver.
    messagesBehind = stream.messages.dropFirst(messages.count).map {
      reader?.inflated($0, in: stream.frames) ?? $0
    }
    // A Close may come inside a message, which then is never finished.
    unfinished = violation == nil ? open?.holding(inflated) : nil
  }

  private mutating func take(
    _ frame: DecodedFrame, index: Int, rest: ArraySlice<DecodedFrame>, _ reader: InflatingReader?
  ) {
    if var found = ServerViolation.inHeader(
      frame.header, at: frame.streamOffset, isInMessage: open != nil, deflates: reader != nil)
    {
      found.eventIndex = frame.eventIndex
      violation = found
      return
    }
    switch frame.opcode {
    case .close: takeClose(frame)
    case .ping: pings.append(frame)
    case .pong: pongs.append(frame)
    default: takeData(frame, index: index, rest: rest, reader)
    }
  }

  private mutating func takeClose(_ frame: DecodedFrame) {
    guard !frame.isCut else { return }
    let content = CloseContent(frame.payload)
    if let defect = content.defect {
      violation = .inClose(defect, frame: frame)
    } else {
      close = Close(
        code: content.code, reason: content.reason, streamOffset: frame.streamOffset,
        eventIndex: frame.eventIndex)
    }
  }

  private mutating func takeData(
    _ frame: DecodedFrame, index: Int, rest: ArraySlice<DecodedFrame>, _ reader: InflatingReader?
  ) {
    if open == nil { begin(frame.header, at: frame.streamOffset, reader) }
    open?.append(frame, index: index)
    guard let message = open else { return }
    let isEnded = frame.isFinal || Self.endsMessage(rest)
    if !message.isCut {
      let start = inflated?.count
      let content: [UInt8]
      do throws(InflatingReader.Defect) {
        content = try self.content(of: frame, reader)
      } catch {
        violation = .notInflated(frame, error, isComplete: isEnded, isEmpty: message.length == 0)
        return
      }
      if message.isText, checksText, let at = badText(in: content, isFinal: frame.isFinal) {
        violation =
          start.map { .inflatedNotUTF8(frame, at: $0 + at, isComplete: isEnded) }
          ?? .notUTF8(
            at: frame.payloadOffset + at, eventIndex: frame.eventIndex, message: message, isComplete: isEnded)
        return
      }
    }
    guard frame.isFinal else { return }
    open = nil
    // What a compressed message says is not known where the capture was cut inside of it.
    if inflated == nil || !message.isCut { messages.append(message.holding(inflated)) }
    longestAnnounced = max(longestAnnounced, UInt64(inflated?.count ?? 0))
  }

  private mutating func begin(_ header: FrameHeader, at offset: Int, _ reader: InflatingReader?) {
    utf8 = UTF8Check()
    open = DecodedMessage(startingWith: header, at: offset)
    inflated = header.isCompressed ? [] : nil
    if header.isCompressed { reader?.begin() }
  }

  /// What a fragment adds to its message.
  private mutating func content(
    of frame: DecodedFrame, _ reader: InflatingReader?
  ) throws(InflatingReader.Defect) -> [UInt8] {
    guard inflated != nil, let reader else { return frame.payload }
    let content = try reader.inflate(frame.payload, isFinal: frame.isFinal)
    inflated? += content
    return content
  }

  /// Where the text stops to be UTF-8: the index in these bytes, their number where it ends inside of a character.
  private mutating func badText(in content: [UInt8], isFinal: Bool) -> Int? {
    utf8.firstImpossible(in: content) ?? (isFinal && !utf8.isComplete ? content.count : nil)
  }

  /// Whether a message goes on to its end in these frames.
  private static func endsMessage(_ rest: ArraySlice<DecodedFrame>) -> Bool {
    rest.first { !$0.opcode.isControl }.map { $0.opcode == .continuation } == true
      && rest.contains { $0.opcode == .continuation && $0.isFinal }
  }

  /// An incomplete frame can break a rule all the same: by its header, or by an impossible byte of text.
  private mutating func take(_ tail: IncompleteFrame, _ reader: InflatingReader?) {
    guard let header = tail.header else { return }
    if var found = ServerViolation.inHeader(
      header, at: tail.streamOffset, isInMessage: open != nil, deflates: reader != nil)
    {
      found.eventIndex = tail.eventIndex
      found.isComplete = false
      violation = found
      unfinished = nil
      return
    }
    guard !header.opcode.isControl else { return }
    if open == nil { begin(header, at: tail.streamOffset, reader) }
    guard var message = open else { return }
    if inflated != nil {
      inflated? += (try? reader?.inflate(tail.payload, isFinal: false)) ?? []
      unfinished = message.holding(inflated)
      return
    }
    message.payload += tail.payload
    message.length = message.payload.count
    unfinished = message
    if message.isText, checksText, let at = utf8.firstImpossible(in: tail.payload) {
      violation = .notUTF8(
        at: (tail.payloadOffset ?? tail.streamOffset) + at, eventIndex: tail.eventIndex, message: message,
        isComplete: false)
    }
  }
}

extension DecodedMessage {
  /// The message with this in place of its payload, unless it is nil.
  fileprivate func holding(_ content: [UInt8]?) -> DecodedMessage {
    guard let content else { return self }
    var message = self
    message.payload = content
    message.length = content.count
    return message
  }
}
