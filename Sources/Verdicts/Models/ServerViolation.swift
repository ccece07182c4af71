import Scenarios
import Traces
import WebSocketProtocol

/// A rule that the server broke after the opening handshake, on which a client must fail the connection (section 7.1.7).
public struct ServerViolation: Sendable, Hashable {
  /// The section of RFC 6455, or as `RFC 7692 7.2.1` that of RFC 7692, that states the rule.
  public var section: String
  /// What was wrong, in words that follow "after".
  public var what: String
  /// The offset of the frame, or of the impossible byte, in the server's stream.
  public var streamOffset: Int
  /// The close codes that fit it; the first is the one to expect.
  public var closeCodes: [UInt16]
  /// How strongly the RFC binds a client to fail the connection on it.
  public var requirement = Requirement.must
  /// Whether it is text that is not UTF-8, which a client may find late.
  public var isText: Bool
  /// Whether it is found by inflating a message, be it that this fails or what comes of it: a client may do so late.
  public var isCompressed = false
  /// Whether the server sent the frame, or the message, to its end, so that the slowest client has noticed.
  public var isComplete: Bool
  /// The place in `ConnectionTrace.events` of the chunk that completed the frame.
  public var eventIndex: Int

  init(_ what: String, section: String, at offset: Int, closeCodes: [UInt16] = [1002]) {
    self.section = section
    self.what = what
    streamOffset = offset
    self.closeCodes = closeCodes
    isText = false
    isComplete = true
    eventIndex = 0
  }

  /// Whether a client may still be waiting for the end of the message that it is in.
  var mayBeUnnoticed: Bool { mayBeFoundLate && !isComplete }

  /// Whether a client may look for it no sooner than it hands out the message.
  var mayBeFoundLate: Bool { isText || isCompressed }

  /// How strongly it binds, as a verb.
  var verb: String { requirement == .must ? "must" : "should" }

  /// What a header alone can break; `deflates` says whether permessage-deflate is in use.
  static func inHeader(
    _ header: FrameHeader, at offset: Int, isInMessage: Bool, deflates: Bool
  ) -> ServerViolation? {
    let name = Words.name(header.opcode)
    let mayBeCompressed = deflates && (header.opcode == .text || header.opcode == .binary)
    if header.reservedBits & (mayBeCompressed ? 3 : 7) != 0 {
      let section =
        deflates && header.isCompressed && !mayBeCompressed ? DeflateNegotiation.cited("6") : "5.2"
      return .init("reserved bits \(header.reservedBits) in a \(name) frame", section: section, at: offset)
    }
    if header.opcode.isReserved {
      return .init("the reserved opcode \(header.opcode.rawValue)", section: "5.2", at: offset)
    }
    if header.isMasked { return .init("a masked \(name) frame", section: "5.1", at: offset) }
    if header.hasTopBit {
      let what = "a payload length with its top bit set"
      return .init(what, section: "5.2", at: offset, closeCodes: [1002, 1009])
    }
    if header.opcode.isControl { return inControlHeader(header, at: offset) }
    if !header.isMinimal { return .notMinimal(at: offset) }
    if header.opcode == .continuation, !isInMessage {
      return .init("a continuation frame without a message to continue", section: "5.4", at: offset)
    }
    if header.opcode != .continuation, isInMessage {
      return .init("a new \(name) message inside a fragmented one", section: "5.4", at: offset)
    }
    return nil
  }

  private static func inControlHeader(_ header: FrameHeader, at offset: Int) -> ServerViolation? {
    let name = Words.name(header.opcode)
    if !header.isFinal { return .init("a fragmented \(name) frame", section: "5.5", at: offset) }
    if header.payloadLength > 125 {
      return .init("a \(name) frame of \(header.payloadLength) bytes", section: "5.5", at: offset)
    }
    return header.isMinimal ? nil : .notMinimal(at: offset)
  }

  /// Section 5.2 binds the sender; that the receiver must refuse it is nowhere said.
  private static func notMinimal(at offset: Int) -> ServerViolation {
    var found = ServerViolation("a payload length not in its shortest form", section: "5.2", at: offset)
    found.requirement = .quality
    return found
  }

  static func inClose(_ defect: CloseContent.Defect, frame: DecodedFrame) -> ServerViolation {
    let offset = frame.streamOffset
    var found: ServerViolation
    switch defect {
    case .halfCode: found = .init("a Close frame with half a code", section: "5.5.1", at: offset)
    case .tooLong: found = .init("a Close frame of more than 125 bytes", section: "5.5", at: offset)
    case .code(let code):
      let why = CloseContent.objection(toSending: code)
      found = .init("a Close frame with code \(code), \(why)", section: "7.4", at: offset)
      // Where the reason is bad too, which of the two a client finds first is its own affair.
      if String(validating: frame.payload.dropFirst(2), as: UTF8.self) == nil {
        found.closeCodes.append(1007)
      }
      found.requirement = CloseContent.requirement(againstTaking: code)
    case .reason(let index):
      let what = "a Close frame whose reason is not UTF-8"
      found = .init(what, section: "5.5.1", at: frame.payloadOffset + index, closeCodes: [1007, 1002])
    }
    found.eventIndex = frame.eventIndex
    return found
  }

  static func notUTF8(at offset: Int, eventIndex: Int, message: DecodedMessage, isComplete: Bool)
    -> ServerViolation
  {
    var found = ServerViolation(
      "text that is not UTF-8 at byte \(offset)", section: "8.1", at: offset, closeCodes: [1007])
    found.isText = true
    found.isComplete = isComplete
    found.eventIndex = eventIndex
    return found
  }

  /// RFC 7692 names no close code for a stream that cannot be inflated: it is bad data as well as a broken protocol.
  ///
  /// That a message ends inside of a block is nowhere forbidden in so many words, and who just appends the four bytes of section
  /// 7.2.2 may not notice: to deliver what came until then is of poor quality. No bytes at all are no stream, but with those four
  /// nothing contradicts an empty message. That the server leaves the window that it has promised to keep to (section 7.1.2.1) is
  /// nothing to a client with a larger one.
  static func notInflated(
    _ frame: DecodedFrame, _ defect: InflatingReader.Defect, isComplete: Bool, isEmpty: Bool
  ) -> ServerViolation {
    let (what, requirement): (String, Requirement) =
      switch defect {
      case .corrupt: ("that cannot be inflated", .must)
      case .beyondWindow: ("that refers to more than the agreed window", .may)
      case .incomplete: ("that ends inside of a block", .quality)
      }
    var found = ServerViolation(
      "a compressed message \(what)", section: DeflateNegotiation.cited("7.2.2"), at: frame.streamOffset,
      closeCodes: [1007, 1002])
    found.requirement = isEmpty ? .may : requirement
    found.isCompressed = true
    found.isComplete = isComplete
    found.eventIndex = frame.eventIndex
    return found
  }

  /// Bad text that was compressed has no offset of its own in the stream: that of its frame stands for it.
  static func inflatedNotUTF8(_ frame: DecodedFrame, at index: Int, isComplete: Bool) -> ServerViolation {
    var found = ServerViolation(
      "compressed text that is not UTF-8 at byte \(index) of the message", section: "8.1",
      at: frame.streamOffset, closeCodes: [1007])
    found.isText = true
    found.isCompressed = true
    found.isComplete = isComplete
    found.eventIndex = frame.eventIndex
    return found
  }
}
