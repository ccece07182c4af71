/// The rules a header must keep (RFC 6455 sections 5.1, 5.2, 5.4, 5.5), checked in the order in which its bytes arrive, so
/// that the verdict does not depend on how the stream was cut.
struct FrameRules {
  let role: Role
  let limits: Limits
  /// Whether permessage-deflate was agreed on, which gives RSV1 a meaning.
  let allowsCompression: Bool

  /// Rules on the first byte.
  func breach(first: UInt8, fragmenting: Bool) -> ProtocolViolation.Rule? {
    let reservedBits = first >> 4 & 7
    let opcode = Opcode(rawValue: first)
    if reservedBits != 0, let rule = breach(reservedBits: reservedBits, of: opcode) { return rule }
    guard !opcode.isReserved else { return .reservedOpcode(opcode) }
    if opcode.isControl { return first & 0x80 == 0 ? .fragmentedControlFrame(opcode) : nil }
    if opcode == .continuation { return fragmenting ? nil : .unexpectedContinuation }
    return fragmenting ? .expectedContinuation : nil
  }

  /// RSV1 alone may be set, and on the first frame of a message only (RFC 7692 section 6.1).
  private func breach(reservedBits: UInt8, of opcode: Opcode) -> ProtocolViolation.Rule? {
    guard allowsCompression, reservedBits == 4 else { return .reservedBits(reservedBits) }
    return opcode.isControl || opcode == .continuation ? .compressedBitMisplaced(opcode) : nil
  }

  /// Rules on the second byte.
  func breach(first: UInt8, second: UInt8) -> ProtocolViolation.Rule? {
    let isMasked = second & 0x80 != 0
    if role == .server && !isMasked { return .unmaskedFrame }
    if role == .client && isMasked { return .maskedFrame }
    let opcode = Opcode(rawValue: first)
    return opcode.isControl && second & 0x7F > 125 ? .controlFrameTooLong(opcode) : nil
  }

  /// Rules on the length, given what the message in progress holds already; nil for a compressed one, whose bytes on the wire
  /// do not count.
  func breach(length header: FrameHeader, assembled: Int?) -> ProtocolViolation.Rule? {
    if header.hasTopBit { return .lengthTopBitSet }
    guard header.isMinimal else { return .lengthNotMinimal }
    guard !header.opcode.isControl else { return nil }
    if header.payloadLength > UInt64(limits.framePayload) { return .frameTooBig(limit: limits.framePayload) }
    guard let assembled else { return nil }
    let room = UInt64(max(limits.message - assembled, 0))
    return header.payloadLength > room ? .messageTooBig(limit: limits.message) : nil
  }

  /// All rules on a whole header.
  func breach(_ header: FrameHeader, first: UInt8, second: UInt8, fragmenting: Bool, assembled: Int?)
    -> RuleBreach?
  {
    if let rule = breach(first: first, fragmenting: fragmenting) { return RuleBreach(rule, at: 0) }
    if let rule = breach(first: first, second: second) { return RuleBreach(rule, at: 1) }
    if let rule = breach(length: header, assembled: assembled) {
      return RuleBreach(rule, at: header.lengthEncoding == .sevenBits ? 1 : 2)
    }
    return nil
  }
}
