/// Puts the fragments of a message together (RFC 6455 section 5.4), inflating it where it is compressed, and checking text while
/// it arrives.
struct MessageAssembler: ~Copyable {
  /// The opcode of the message in progress, or `nil` between messages.
  private(set) var opcode: Opcode?
  private var buffer = ByteBuffer()
  private var validator = UTF8StreamValidator()
  /// Where permessage-deflate was agreed on.
  private var inflater: MessageInflater?
  /// How many bytes compressed payloads have become, in all.
  private(set) var inflatedCount = 0
  /// Whether the message in progress is compressed.
  private(set) var isCompressed = false

  init(inflater: consuming MessageInflater?) { self.inflater = inflater }

  /// The bytes of the message so far.
  var count: Int { buffer.count }

  /// What was put together; valid until ``finish()``.
  var payload: UnsafeMutableRawBufferPointer { buffer.mutableBytes }

  /// Starts a message.
  mutating func begin(_ opcode: Opcode, isCompressed: Bool) {
    self.opcode = opcode
    self.isCompressed = isCompressed
    validator = UTF8StreamValidator()
  }

  /// Adds a piece of payload, already unmasked.
  ///
  /// - Returns: The index of the first impossible byte of a text message, or `nil`.
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Int? {
    if opcode == .text, let index = validator.append(bytes) { return index }
    buffer.append(bytes)
    return nil
  }

  /// Says how many bytes the message has when its last frame, of which some have come, is whole.
  mutating func expect(_ total: Int, having now: Int) { buffer.grow(to: now, ofFinally: total) }

  /// Memory for the next bytes of the message, for which there must be some.
  var room: UnsafeMutableRawBufferPointer { buffer.spare }

  /// Takes a piece of payload that stands in ``room`` already, unmasked.
  ///
  /// - Returns: As ``append(_:)``.
  mutating func takeFromRoom(_ count: Int) -> Int? {
    let piece = UnsafeRawBufferPointer(rebasing: buffer.spare[..<count])
    if opcode == .text, let index = validator.append(piece) { return index }
    buffer.extend(by: count)
    return nil
  }

  /// Adds a piece of a compressed payload, already unmasked.
  ///
  /// - Parameter limit: The most bytes that the message may inflate to.
  /// - Returns: The rule that it breaks, the first one in the order of the inflated bytes.
  mutating func inflate(_ bytes: UnsafeRawBufferPointer, limit: Int) -> ProtocolViolation.Rule? {
    let start = buffer.count
    var failure: InflateFailure?
    do throws(InflateFailure) {
      try inflater?.inflate(bytes, into: &buffer, limit: limit)
    } catch { failure = error }
    let inflated = UnsafeRawBufferPointer(rebasing: buffer.bytes[start...])
    inflatedCount &+= inflated.count
    if opcode == .text, validator.append(inflated) != nil { return .textNotUTF8 }
    switch failure {
    case nil: return nil
    case .corrupt: return .compressedDataCorrupt
    case .limitExceeded: return .messageTooBig(limit: limit)
    }
  }

  /// Ends a compressed message; returns whether its stream may end there.
  mutating func finishInflating() -> Bool {
    do throws(InflateFailure) {
      try inflater?.finishMessage()
      return true
    } catch { return false }
  }

  /// Whether the message may end here: a text message not within a character.
  var mayEnd: Bool { opcode != .text || validator.isComplete }

  /// Forgets the message, once it was delivered.
  mutating func finish() {
    opcode = nil
    isCompressed = false
    buffer.removeAll()
  }
}
