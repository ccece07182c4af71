/// One open connection of either role, without I/O: bytes in, events and bytes out (RFC 6455 sections 5 to 8).
///
/// A wake-up of an event loop, without an allocation per message:
///
///     var input = ReceivedBytes(readBuffer)
///     while let event = machine.next(&input, &output) {
///       if case .message(let opcode, let payload) = event {
///         try machine.send(opcode, UnsafeRawBufferPointer(payload), &output)
///       }
///     }
///     // write `output`, then do what `machine.directive` says
///
/// For a form with arrays and strings see ``BufferedConnection``.
public struct ConnectionMachine: ~Copyable, Sendable {
  /// The role of this endpoint.
  public let role: Role
  /// Where the connection is.
  public private(set) var state: ConnectionState = .open
  /// Which Pings are answered; each by default.
  public var pongPolicy: PongPolicy = .each

  /// Copies of `state` for the hot path, which compares a byte and copies no payload.
  @usableFromInline var canSend = true
  private var canReceive = true
  private var receiver: FrameReceiver
  @usableFromInline var generator: any RandomNumberGenerator & Sendable
  /// Whether messages may be sent compressed; a copy for the hot path, as above.
  @usableFromInline let deflates: Bool
  private var deflater: Box<MessageDeflater>?
  /// Whether a fragmented message of ours is unfinished.
  @usableFromInline var isFragmenting = false
  /// The Ping that ``PongPolicy/latest`` will answer at the end of the read.
  @usableFromInline var heldPing: [UInt8]?
  /// The Close that the event just taken demands.
  @usableFromInline var owedClose: ClosePayload?

  /// Creates the machine of a server.
  ///
  /// - Parameter deflate: permessage-deflate, where the opening handshake agreed on it.
  public static func server(limits: Limits = Limits(), deflate: PerMessageDeflate? = nil) -> ConnectionMachine
  {
    ConnectionMachine(.server, limits, SystemRandomNumberGenerator(), deflate)
  }

  /// Creates the machine of a client.
  ///
  /// - Parameter deflate: permessage-deflate, where the opening handshake agreed on it.
  /// - Parameter maskingKeys: Gives the masking keys. RFC 6455 section 5.3 wants them unpredictable: outside of tests and
  ///   reproducible runs it must be a strong generator, as the default is.
  public static func client(
    limits: Limits = Limits(),
    maskingKeys: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    deflate: PerMessageDeflate? = nil
  ) -> ConnectionMachine {
    ConnectionMachine(.client, limits, maskingKeys, deflate)
  }

  private init(
    _ role: Role, _ limits: Limits, _ generator: any RandomNumberGenerator & Sendable,
    _ deflate: PerMessageDeflate?
  ) {
    self.role = role
    self.generator = generator
    receiver = FrameReceiver(role: role, limits: limits, deflate: deflate)
    deflates = deflate != nil
    if let deflate { deflater = Box(MessageDeflater(deflate, role: role)) }
  }

  /// What to do with TCP once the output is written.
  public var directive: TransportDirective {
    switch state {
    case .open, .closeSent: .keepOpen
    case .closed: role == .server ? .halfCloseAndDrain : .awaitEnd
    case .failed: .halfCloseAndDrain
    case .ended: .close
    }
  }
}

// MARK: - Receiving

extension ConnectionMachine {
  /// Takes bytes until there is an event; `nil` once all of `input` is taken.
  ///
  /// Replies that the protocol demands (Pong, Close) are appended to `output` before the event is returned.
  @inlinable
  public mutating func next<Output: ByteOutput & ~Copyable>(
    _ input: inout ReceivedBytes, _ output: inout Output
  ) -> ReceivedEvent? {
    guard let event = advance(&input) else {
      if heldPing != nil { writeHeldPong(&output) }
      return nil
    }
    switch event {
    case .message, .pong: break
    case .ping(let payload):
      if pongPolicy == .each { writeFrame(.pong, UnsafeRawBufferPointer(payload), isFinal: true, &output) }
    case .close, .violation:
      if let close = owedClose { writeClose(close, &output) }
      owedClose = nil
    }
    return event
  }

  /// The part of ``next(_:_:)`` that needs no output; what is to be answered stays in `heldPing` and `owedClose`.
  @usableFromInline
  mutating func advance(_ input: inout ReceivedBytes) -> ReceivedEvent? {
    guard canReceive else {
      // Section 1.4: after the closing handshake, and after failing, what comes is discarded.
      input.inPlace = 0
      _ = input.take(input.remaining)
      return nil
    }
    switch receiver.next(&input) {
    case nil: return nil
    case .message(let opcode, let payload): return .message(opcode, payload)
    case .control(.ping, let payload, _):
      if pongPolicy == .latest { heldPing = [UInt8](payload) }
      return .ping(payload)
    case .control(.pong, let payload, _): return .pong(payload)
    case .control(_, let payload, let offset): return receiveClose(UnsafeRawBufferPointer(payload), offset)
    case .violation(let violation): return fail(violation)
    }
  }

  /// Where the next read of TCP may go first, because what comes there is the rest of a large payload, which need not be copied then; how
  /// many bytes did go there is said to ``ReceivedBytes/init(_:inPlace:)``. Nil where there is no such place. Valid until the machine is
  /// asked for anything else.
  public mutating func payloadRoom() -> UnsafeMutableRawBufferPointer? {
    canReceive ? receiver.payloadRoom() : nil
  }

  /// The frames of the peer whose headers have come.
  public var frameCount: Int { receiver.frameCount }

  /// How many bytes the peer's compressed payloads have become.
  public var inflatedCount: Int { receiver.inflatedCount }

  @usableFromInline
  mutating func writeHeldPong<Output: ByteOutput & ~Copyable>(_ output: inout Output) {
    guard let payload = heldPing else { return }
    heldPing = nil
    payload.withUnsafeBytes { writeFrame(.pong, $0, isFinal: true, &output) }
  }

  private mutating func receiveClose(_ payload: UnsafeRawBufferPointer, _ streamOffset: UInt64)
    -> ReceivedEvent
  {
    let received: ReceivedClose
    do { received = try ReceivedClose.parse(payload) } catch {
      return fail(ProtocolViolation(error.rule, streamOffset: streamOffset + UInt64(error.index)))
    }
    stopExchange()
    if case .closeSent(let sent) = state {
      state = .closed(received: received.payload, sent: sent, startedBy: .local)
      return .close(received)
    }
    // Section 5.5.1: the answer typically echoes the code.
    let sent = received.code.map { ClosePayload(answering: $0) } ?? .empty
    owedClose = sent
    state = .closed(received: received.payload, sent: sent, startedBy: .peer)
    return .close(received)
  }

  /// Fails the connection (section 7.1.7): a Close with the code, unless ours was sent before.
  private mutating func fail(_ violation: ProtocolViolation) -> ReceivedEvent {
    stopExchange()
    if case .closeSent(let sent) = state {
      state = .failed(violation, sent: sent)
    } else {
      let sent = ClosePayload(failing: violation)
      owedClose = sent
      state = .failed(violation, sent: sent)
    }
    return .violation(violation)
  }

  private mutating func stopExchange() {
    (canSend, canReceive) = (false, false)
    // Section 5.5.2: no Pong after the peer's Close.
    heldPing = nil
  }

  /// Takes the end of the peer's stream, in order or by a reset: the connection has ended.
  ///
  /// - Returns: How it ended; asking again returns the same.
  @discardableResult
  public mutating func receiveEndOfStream() -> CloseStatus {
    let isCut = canReceive && !receiver.isBetweenMessages
    stopExchange()
    let status: CloseStatus
    switch state {
    case .open: status = CloseStatus(received: nil, sent: nil, violation: nil, cutMessage: isCut)
    case .closeSent(let sent):
      status = CloseStatus(received: nil, sent: sent, violation: nil, cutMessage: isCut)
    case .closed(let received, let sent, _):
      status = CloseStatus(received: received, sent: sent, violation: nil, cutMessage: false)
    case .failed(let violation, let sent):
      status = CloseStatus(received: nil, sent: sent, violation: violation, cutMessage: false)
    case .ended(let earlier): return earlier
    }
    state = .ended(status)
    return status
  }
}

// MARK: - Sending

extension ConnectionMachine {
  /// Sends a message, or the first fragment of one when `isFinal` is false. Where permessage-deflate was agreed on, it is
  /// compressed according to the ``CompressionSettings``.
  ///
  /// - Parameters:
  ///   - opcode: `.text` or `.binary`, or `.continuation` for the further fragments.
  ///   - payload: For text it must be valid UTF-8 over all fragments: the machine does not check what we send.
  ///   - isFinal: Whether the message ends here.
  @inlinable
  public mutating func send<Output: ByteOutput & ~Copyable>(
    _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool = true, _ output: inout Output
  ) throws(InvalidOperation) {
    guard canSend else { throw .notOpen }
    if opcode == .continuation {
      guard isFragmenting else { throw .nothingToContinue }
    } else {
      guard opcode == .text || opcode == .binary else { throw .notADataOpcode(opcode) }
      guard !isFragmenting else { throw .fragmentedMessageUnfinished }
    }
    isFragmenting = !isFinal
    if deflates, let compressed = deflate(opcode, payload, isFinal: isFinal) {
      // RSV1 on the first frame alone (RFC 7692 section 6.1).
      let reservedBits: UInt8 = opcode == .continuation ? 0 : 4
      writeFrame(opcode, compressed, isFinal: isFinal, reservedBits: reservedBits, &output)
    } else {
      writeFrame(opcode, payload, isFinal: isFinal, &output)
    }
  }

  /// The payload to be sent instead, valid until the next one is asked for; nil where the message goes as it is.
  @usableFromInline
  mutating func deflate(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool)
    -> UnsafeRawBufferPointer?
  {
    deflater?.value.deflate(opcode, payload, isFinal: isFinal)
  }

  /// Sends a Ping (RFC 6455 section 5.5.2) with at most 125 bytes.
  @inlinable
  public mutating func ping<Output: ByteOutput & ~Copyable>(
    _ payload: UnsafeRawBufferPointer, _ output: inout Output
  ) throws(InvalidOperation) {
    try sendControl(.ping, payload, &output)
  }

  /// Sends a Pong that answers no Ping, a sign of life (section 5.5.3), with at most 125 bytes.
  @inlinable
  public mutating func pong<Output: ByteOutput & ~Copyable>(
    _ payload: UnsafeRawBufferPointer, _ output: inout Output
  ) throws(InvalidOperation) {
    try sendControl(.pong, payload, &output)
  }

  @inlinable
  mutating func sendControl<Output: ByteOutput & ~Copyable>(
    _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, _ output: inout Output
  ) throws(InvalidOperation) {
    guard canSend else { throw .notOpen }
    guard payload.count <= 125 else { throw .controlPayloadTooLong(bytes: payload.count) }
    writeFrame(opcode, payload, isFinal: true, &output)
  }

  /// Starts the closing handshake. After that nothing of ours but the answers to Pings may follow
  /// (RFC 6455 section 5.5.1); a fragmented message of ours stays unfinished.
  ///
  /// - Throws: ``InvalidOperation/notOpen`` when a Close was sent already.
  @inlinable
  public mutating func close<Output: ByteOutput & ~Copyable>(
    _ payload: ClosePayload, _ output: inout Output
  ) throws(InvalidOperation) {
    guard canSend else { throw .notOpen }
    startClosing(payload)
    writeClose(payload, &output)
  }

  @usableFromInline
  mutating func startClosing(_ payload: ClosePayload) {
    canSend = false
    state = .closeSent(payload)
  }

  @usableFromInline
  mutating func writeClose<Output: ByteOutput & ~Copyable>(_ close: ClosePayload, _ output: inout Output) {
    close.encoded.withUnsafeBytes { writeFrame(.close, $0, isFinal: true, &output) }
  }

  /// Writes one frame: small ones as one piece, so that an output block is asked for room once.
  @inlinable
  mutating func writeFrame<Output: ByteOutput & ~Copyable>(
    _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool, reservedBits: UInt8 = 0,
    _ output: inout Output
  ) {
    let key = role == .client ? MaskingKey(memoryWord: UInt32(truncatingIfNeeded: generator.next())) : nil
    let header = FrameHeader(
      isFinal: isFinal, reservedBits: reservedBits, opcode: opcode, payloadLength: UInt64(payload.count),
      maskingKey: key)
    let headerLength = header.encodedLength
    if headerLength + payload.count <= ByteOutputLimits.largestRoom {
      let room = output.appendRoom(headerLength + payload.count)
      header.encode(into: room)
      if let key {
        Masking.copy(payload, to: room + headerLength, key: key)
      } else if let source = payload.baseAddress {
        (room + headerLength).copyMemory(from: source, byteCount: payload.count)
      }
      return
    }
    output.expect(headerLength + payload.count)
    header.encode(into: output.appendRoom(headerLength))
    guard let key else { return output.append(payload) }
    writeMasked(payload, key, &output)
  }

  @inlinable
  func writeMasked<Output: ByteOutput & ~Copyable>(
    _ payload: UnsafeRawBufferPointer, _ key: MaskingKey, _ output: inout Output
  ) {
    var start = 0
    while start < payload.count {
      // A multiple of four, so that every piece starts with the first byte of the key.
      let count = min(payload.count - start, ByteOutputLimits.largestRoom)
      let piece = UnsafeRawBufferPointer(rebasing: payload[start..<start + count])
      Masking.copy(piece, to: output.appendRoom(count), key: key)
      start += count
    }
  }
}
