/// A rule of RFC 6455, or of RFC 7692 where permessage-deflate was agreed on, that the peer's bytes broke, after the opening handshake.
///
/// Small and free of references, so that reporting one allocates nothing; the sentence is made on demand.
@frozen public struct ProtocolViolation: Error, Hashable, Sendable, BitwiseCopyable {
  /// The rule.
  public let rule: Rule
  /// The offset of the byte that broke it, counted from the first byte after the opening handshake. Where something is
  /// missing, such as the rest of a character at the end of a text message, the offset of the byte that came too late. For
  /// what is wrong within a compressed message, whose bytes have no place of their own on the wire, where the message begins.
  public let streamOffset: UInt64

  /// Creates a violation.
  public init(_ rule: Rule, streamOffset: UInt64) {
    self.rule = rule
    self.streamOffset = streamOffset
  }

  /// The code to send in the Close frame (RFC 6455 section 7.4.1).
  public var closeCode: CloseCode { rule.closeCode }
  /// The section that states the rule, such as `5.2` for one of RFC 6455, or `RFC 7692 6.1`.
  public var section: String { rule.section }

  /// The rules.
  @frozen public enum Rule: Hashable, Sendable, BitwiseCopyable {
    /// RSV bits set without a negotiated extension.
    case reservedBits(UInt8)
    /// An opcode without meaning.
    case reservedOpcode(Opcode)
    /// A control frame without FIN.
    case fragmentedControlFrame(Opcode)
    /// A control frame with more than 125 bytes of payload.
    case controlFrameTooLong(Opcode)
    /// A client's frame without mask.
    case unmaskedFrame
    /// A server's frame with mask.
    case maskedFrame
    /// A length written in more bytes than needed.
    case lengthNotMinimal
    /// A 64-bit length with its top bit set.
    case lengthTopBitSet
    /// A continuation frame without a message to continue.
    case unexpectedContinuation
    /// A new message inside a fragmented one.
    case expectedContinuation
    /// Text that is not UTF-8.
    case textNotUTF8
    /// A Close payload of one byte.
    case closePayloadTooShort
    /// A close code that must not be sent.
    case invalidCloseCode(CloseCode)
    /// A close reason that is not UTF-8.
    case closeReasonNotUTF8
    /// A frame beyond ``Limits/framePayload``.
    case frameTooBig(limit: Int)
    /// A message beyond ``Limits/message``.
    case messageTooBig(limit: Int)
    /// RSV1 on a control or continuation frame, though permessage-deflate was agreed on.
    case compressedBitMisplaced(Opcode)
    /// A compressed message that cannot be inflated, or that ends within a block.
    case compressedDataCorrupt
  }
}

extension ProtocolViolation.Rule {
  /// The code to send in the Close frame.
  public var closeCode: CloseCode {
    switch self {
    // RFC 7692 names no code for what cannot be inflated. RFC 6455 section 7.4.1 has 1007 for messages whose data do not fit
    // their type, while the framing, which 1002 would blame, is in order.
    case .textNotUTF8, .closeReasonNotUTF8, .compressedDataCorrupt: .invalidFramePayloadData
    case .frameTooBig, .messageTooBig: .messageTooBig
    default: .protocolError
    }
  }

  /// The section that states the rule, such as `5.2` for one of RFC 6455, or `RFC 7692 6.1`.
  public var section: String {
    switch self {
    case .reservedBits, .reservedOpcode, .lengthNotMinimal, .lengthTopBitSet: "5.2"
    case .unmaskedFrame, .maskedFrame: "5.1"
    case .fragmentedControlFrame, .controlFrameTooLong: "5.5"
    case .unexpectedContinuation, .expectedContinuation: "5.4"
    case .textNotUTF8: "8.1"
    case .closePayloadTooShort, .closeReasonNotUTF8: "5.5.1"
    case .invalidCloseCode: "7.4"
    case .frameTooBig, .messageTooBig: "10.4"
    case .compressedBitMisplaced: "RFC 7692 6.1"
    case .compressedDataCorrupt: "RFC 7692 7.2.2"
    }
  }

  /// A stable name for files and reports, such as `reservedBits`.
  public var name: String {
    let text = String(describing: self)
    return String(text.prefix { $0 != "(" })
  }

  /// What the Close frame's reason says: ASCII, at most 123 bytes.
  var shortReason: String {
    switch self {
    case .reservedBits: "reserved bits set"
    case .reservedOpcode: "reserved opcode"
    case .fragmentedControlFrame: "fragmented control frame"
    case .controlFrameTooLong: "control frame too long"
    case .unmaskedFrame: "frame not masked"
    case .maskedFrame: "frame masked"
    case .lengthNotMinimal: "length not minimal"
    case .lengthTopBitSet: "length too large"
    case .unexpectedContinuation: "nothing to continue"
    case .expectedContinuation: "continuation expected"
    case .textNotUTF8: "text not UTF-8"
    case .closePayloadTooShort: "close payload of one byte"
    case .invalidCloseCode: "invalid close code"
    case .closeReasonNotUTF8: "close reason not UTF-8"
    case .frameTooBig: "frame too big"
    case .messageTooBig: "message too big"
    case .compressedBitMisplaced: "compressed bit misplaced"
    case .compressedDataCorrupt: "compressed data corrupt"
    }
  }
}

extension ProtocolViolation: CustomStringConvertible {
  /// One sentence: what came, where, and which section forbids it.
  public var description: String {
    "\(what) at stream offset \(streamOffset) (\(citation), close code \(closeCode))"
  }

  private var citation: String {
    let words = section.split(separator: " ")
    let document = words.count > 1 ? words.dropLast().joined(separator: " ") : "RFC 6455"
    return "\(document) section \(words.last ?? "")"
  }

  private var what: String {
    switch rule {
    case .reservedBits(let bits): "reserved bits \(bits) set without a negotiated extension"
    case .reservedOpcode(let opcode): "opcode \(opcode.rawValue), which has no meaning,"
    case .fragmentedControlFrame(let opcode): "\(opcode) frame without FIN"
    case .controlFrameTooLong(let opcode): "\(opcode) frame with more than 125 bytes of payload"
    case .unmaskedFrame: "frame of a client without mask"
    case .maskedFrame: "frame of a server with mask"
    case .lengthNotMinimal: "payload length not in its shortest form"
    case .lengthTopBitSet: "payload length with its top bit set"
    case .unexpectedContinuation: "continuation frame without a message to continue"
    case .expectedContinuation: "new message while a fragmented one is unfinished"
    case .textNotUTF8: "text that is not UTF-8"
    case .closePayloadTooShort: "close payload of a single byte"
    case .invalidCloseCode(let code): "close code \(code), which must not be sent,"
    case .closeReasonNotUTF8: "close reason that is not UTF-8"
    case .frameTooBig(let limit): "frame beyond the limit of \(limit) bytes"
    case .messageTooBig(let limit): "message beyond the limit of \(limit) bytes"
    case .compressedBitMisplaced(let opcode): "RSV1, the mark of a compressed message, on a \(opcode) frame"
    case .compressedDataCorrupt: "compressed message that cannot be inflated"
    }
  }
}

/// Our own misuse of the protocol core; the connection is unharmed and nothing was sent.
public enum InvalidOperation: Error, Hashable, Sendable {
  /// A message, Ping or Pong after the closing handshake began or the connection failed.
  case notOpen
  /// A new message while a fragmented one of ours is unfinished (RFC 6455 section 5.4).
  case fragmentedMessageUnfinished
  /// A continuation without a message of ours to continue (section 5.4).
  case nothingToContinue
  /// An opcode that starts no message.
  case notADataOpcode(Opcode)
  /// A control payload beyond 125 bytes (section 5.5).
  case controlPayloadTooLong(bytes: Int)
  /// A close code that must not be sent (section 7.4.1).
  case closeCodeNotSendable(CloseCode)
  /// A close reason beyond 123 bytes (section 5.5.1).
  case closeReasonTooLong(bytes: Int)
  /// A header field that would break the head apart, or that the handshake itself writes.
  case headerFieldRefused(name: String)
  /// A subprotocol that is no token or stands twice (section 4.1).
  case subprotocolRefused(String)
  /// A response for permessage-deflate that answers no offer of the client (RFC 7692 section 5.1).
  case extensionRefused(DeflateParameters)
  /// A URI that names no WebSocket endpoint; the reason is a sentence (section 3).
  case uriRefused(WebSocketURI.Refusal)
}

extension InvalidOperation: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .notOpen: "cannot send: the connection is no longer open"
    case .fragmentedMessageUnfinished: "cannot start a message before the fragmented one is finished"
    case .nothingToContinue: "cannot continue: no fragmented message was started"
    case .notADataOpcode(let opcode): "cannot send a message with opcode \(opcode)"
    case .controlPayloadTooLong(let bytes): "cannot send \(bytes) bytes in a control frame, which holds 125"
    case .closeCodeNotSendable(let code): "cannot send close code \(code)"
    case .closeReasonTooLong(let bytes): "cannot send a close reason of \(bytes) bytes, the most is 123"
    case .headerFieldRefused(let name): "cannot send header field \(name.debugDescription)"
    case .subprotocolRefused(let name): "cannot ask for subprotocol \(name.debugDescription)"
    case .extensionRefused(let parameters):
      "cannot answer with \(parameters): the client offers no such thing"
    case .uriRefused(let refusal): "cannot connect: \(refusal)"
    }
  }
}
