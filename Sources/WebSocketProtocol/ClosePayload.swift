/// The content of a Close frame (RFC 6455 section 5.5.1).
public struct ClosePayload: Hashable, Sendable {
  /// The code, or `nil` where the Close frame has no payload.
  public let code: CloseCode?
  /// The reason, often empty.
  public let reason: String

  /// The longest reason in bytes of UTF-8: a control frame holds 125 bytes, two of them are the code.
  public static let maximumReasonLength = 123

  /// The Close frame without code.
  public static let empty = ClosePayload(unchecked: nil, reason: "")

  private init(unchecked code: CloseCode?, reason: String) {
    self.code = code
    self.reason = reason
  }

  /// Creates what may be sent.
  ///
  /// - Throws: ``InvalidOperation`` when the code must not be sent (section 7.4.1) or the reason exceeds 123 bytes.
  public init(_ code: CloseCode, reason: String = "") throws(InvalidOperation) {
    guard code.isValidOnWire else { throw .closeCodeNotSendable(code) }
    let length = reason.utf8.count
    guard length <= Self.maximumReasonLength else { throw .closeReasonTooLong(bytes: length) }
    self.init(unchecked: code, reason: reason)
  }

  /// Creates the Close that tells the peer which rule it broke; never too long, as the reasons are ours and short.
  init(failing violation: ProtocolViolation) {
    self.init(unchecked: violation.closeCode, reason: violation.rule.shortReason)
  }

  /// Creates the answer to a Close: its code, which is valid, without the reason.
  init(answering code: CloseCode) {
    self.init(unchecked: code, reason: "")
  }

  /// Copies a received Close.
  init(_ received: ReceivedClose) {
    self.init(unchecked: received.code, reason: String(decoding: received.reasonBytes, as: UTF8.self))
  }

  /// Reads the payload of a received Close frame.
  ///
  /// - Throws: The broken rule and the index of the byte that broke it.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(RuleBreach) -> ClosePayload {
    ClosePayload(try ReceivedClose.parse(bytes))
  }

  /// Reads the payload of a received Close frame; see ``parse(_:)-(UnsafeRawBufferPointer)``.
  public static func parse(_ bytes: [UInt8]) throws(RuleBreach) -> ClosePayload {
    try bytes.withUnsafeBufferPointer { (buffer) throws(RuleBreach) in
      try parse(UnsafeRawBufferPointer(buffer))
    }
  }

  /// The payload as it is sent: nothing, or the code in network order and the reason.
  public var encoded: [UInt8] {
    guard let code else { return [] }
    return [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)] + Array(reason.utf8)
  }
}

extension ReceivedClose {
  /// Checks the payload of a Close frame (RFC 6455 sections 5.5.1 and 7.4).
  static func parse(_ bytes: UnsafeRawBufferPointer) throws(RuleBreach) -> ReceivedClose {
    if bytes.isEmpty { return ReceivedClose(code: nil, reasonBytes: bytes) }
    guard bytes.count >= 2 else { throw RuleBreach(.closePayloadTooShort, at: 0) }
    let code = CloseCode(rawValue: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
    guard code.isValidOnWire else { throw RuleBreach(.invalidCloseCode(code), at: 0) }
    let reason = UnsafeRawBufferPointer(rebasing: bytes[2...])
    var validator = UTF8StreamValidator()
    if let index = validator.append(reason) { throw RuleBreach(.closeReasonNotUTF8, at: 2 + index) }
    guard validator.isComplete else { throw RuleBreach(.closeReasonNotUTF8, at: bytes.count) }
    return ReceivedClose(code: code, reasonBytes: reason)
  }
}

/// A broken rule and where in the bytes at hand it was broken.
public struct RuleBreach: Error, Hashable, Sendable {
  /// The rule.
  public let rule: ProtocolViolation.Rule
  /// The index of the offending byte, or the number of bytes where something is missing at their end.
  public let index: Int

  init(_ rule: ProtocolViolation.Rule, at index: Int) {
    self.rule = rule
    self.index = index
  }
}
