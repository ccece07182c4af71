/// Puts the fragments of a message together (RFC 6455 section 5.4), checking text while it arrives.
struct MessageAssembler: ~Copyable {
  /// The opcode of the message in progress, or `nil` between messages.
  private(set) var opcode: Opcode?
  private var buffer = ByteBuffer()
  private var validator = UTF8StreamValidator()

  /// The bytes of the message so far.
  var count: Int { buffer.count }

  /// What was put together; valid until ``finish()``.
  var payload: UnsafeMutableRawBufferPointer { buffer.mutableBytes }

  /// Starts a message.
  mutating func begin(_ opcode: Opcode) {
    self.opcode = opcode
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

  /// Whether the message may end here: a text message not within a character.
  var mayEnd: Bool { opcode != .text || validator.isComplete }

  /// Forgets the message, once it was delivered.
  mutating func finish() {
    opcode = nil
    buffer.removeAll()
  }
}
