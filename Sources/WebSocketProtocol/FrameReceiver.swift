/// Turns the peer's bytes into events, strictly: the first broken rule is the last event.
///
/// Works in place on the caller's read buffer. Only the header of an incomplete frame, the payload of an incomplete
/// control frame, and messages that are fragmented or incomplete are kept.
struct FrameReceiver: ~Copyable {
  /// What is delivered; ``ConnectionMachine`` turns it into ``ReceivedEvent`` and answers it.
  enum Delivery {
    case message(Opcode, UnsafeMutableRawBufferPointer)
    case control(Opcode, UnsafeMutableRawBufferPointer, streamOffset: UInt64)
    case violation(ProtocolViolation)
  }

  /// A frame whose payload has not all arrived.
  private struct Unfinished {
    let header: FrameHeader
    var received: UInt64 = 0
    var missing: Int { Int(header.payloadLength - received) }
  }

  private let rules: FrameRules
  private var streamOffset: UInt64 = 0
  private var headerBytes: (UInt64, UInt64) = (0, 0)
  private var headerCount = 0
  private var unfinished: Unfinished?
  /// The frames whose headers have come.
  private(set) var frameCount = 0
  /// The bytes that compressed payloads have become.
  var inflatedCount: Int { assembler.inflatedCount }
  private var assembler: MessageAssembler
  /// Where the message in progress begins.
  private var messageStart: UInt64 = 0
  private var control = ByteBuffer()
  private var messageWasDelivered = false
  private var controlWasDelivered = false

  init(role: Role, limits: Limits, deflate: PerMessageDeflate?) {
    rules = FrameRules(role: role, limits: limits, allowsCompression: deflate != nil)
    if let deflate {
      assembler = MessageAssembler(inflater: MessageInflater(deflate, role: role))
    } else {
      assembler = MessageAssembler(inflater: nil)
    }
  }

  /// Whether the stream may end here without cutting a frame or a message.
  var isBetweenMessages: Bool { headerCount == 0 && unfinished == nil && assembler.opcode == nil }

  /// Takes bytes until something can be delivered; `nil` once all of `input` is taken.
  mutating func next(_ input: inout ReceivedBytes) -> Delivery? {
    if messageWasDelivered || controlWasDelivered { forgetDelivered() }
    if input.inPlace > 0, let delivery = receiveInPlace(&input) { return delivery }
    while input.remaining > 0 {
      if unfinished != nil {
        if let delivery = receivePayload(&input) { return delivery }
      } else {
        switch receiveHeader(&input) {
        case .incomplete: return nil
        case .breach(let breach, let start): return violation(breach.rule, at: start + UInt64(breach.index))
        case .complete(let header):
          frameCount &+= 1
          if let delivery = start(header, &input) { return delivery }
        }
      }
    }
    return nil
  }

  private mutating func forgetDelivered() {
    if messageWasDelivered { assembler.finish() }
    if controlWasDelivered { control.removeAll() }
    (messageWasDelivered, controlWasDelivered) = (false, false)
  }

  private func violation(_ rule: ProtocolViolation.Rule, at offset: UInt64) -> Delivery {
    .violation(ProtocolViolation(rule, streamOffset: offset))
  }
}

// MARK: - Headers

extension FrameReceiver {
  private enum HeaderResult {
    case incomplete
    case complete(FrameHeader)
    case breach(RuleBreach, start: UInt64)
  }

  private mutating func receiveHeader(_ input: inout ReceivedBytes) -> HeaderResult {
    guard headerCount == 0 else { return collectHeader(&input) }
    let rest = UnsafeRawBufferPointer(input.rest)
    guard let header = FrameHeader.parse(rest) else { return collectHeader(&input) }
    if let breach = check(header, rest) { return .breach(breach, start: streamOffset) }
    input.position &+= header.encodedLength
    streamOffset &+= UInt64(header.encodedLength)
    return .complete(header)
  }

  private func check(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) -> RuleBreach? {
    rules.breach(
      header, first: bytes[0], second: bytes[1], fragmenting: assembler.opcode != nil,
      assembled: header.reservedBits != 0 || assembler.isCompressed ? nil : assembler.count)
  }

  /// Collects a header that is cut by the end of a read. Its first two bytes are checked as they come, so that a peer
  /// that stalls after an illegal byte is failed at once.
  private mutating func collectHeader(_ input: inout ReceivedBytes) -> HeaderResult {
    while input.remaining > 0 {
      let byte = input.take(1)[0]
      streamOffset &+= 1
      let start = streamOffset - UInt64(headerCount + 1)
      withUnsafeMutableBytes(of: &headerBytes) { $0[headerCount] = byte }
      headerCount += 1
      let (first, second) = withUnsafeBytes(of: headerBytes) { ($0[0], $0[1]) }
      if headerCount == 1, let rule = rules.breach(first: first, fragmenting: assembler.opcode != nil) {
        return .breach(RuleBreach(rule, at: 0), start: start)
      }
      if headerCount == 2, let rule = rules.breach(first: first, second: second) {
        return .breach(RuleBreach(rule, at: 1), start: start)
      }
      let parsed = withUnsafeBytes(of: headerBytes) { FrameHeader.parse(.init(rebasing: $0[..<headerCount])) }
      guard let header = parsed else { continue }
      headerCount = 0
      let breach = withUnsafeBytes(of: headerBytes) { check(header, $0) }
      return breach.map { .breach($0, start: start) } ?? .complete(header)
    }
    return .incomplete
  }
}

// MARK: - Payloads

extension FrameReceiver {
  /// Begins a frame whose header is legal; delivers it at once when all of it is in the read buffer.
  private mutating func start(_ header: FrameHeader, _ input: inout ReceivedBytes) -> Delivery? {
    if !header.opcode.isControl && header.opcode != .continuation {
      let isCompressed = header.reservedBits != 0
      if header.isFinal && header.payloadLength <= UInt64(input.remaining) && !isCompressed {
        return deliverWhole(header, &input)
      }
      assembler.begin(header.opcode, isCompressed: isCompressed)
      messageStart = streamOffset - UInt64(header.encodedLength)
    }
    if header.opcode.isControl && header.payloadLength <= UInt64(input.remaining) {
      let payload = takePayload(header, Int(header.payloadLength), offset: 0, &input)
      return .control(header.opcode, payload, streamOffset: streamOffset - UInt64(payload.count))
    }
    // A peer may send very many small fragments; what there is of each is not noted to be taken up again.
    if !header.opcode.isControl && header.payloadLength <= UInt64(input.remaining) && !assembler.isCompressed
    {
      let start = streamOffset
      let piece = takePayload(header, Int(header.payloadLength), offset: 0, &input)
      return assemble(piece, of: header, from: start, missing: 0) ?? finish(header)
    }
    unfinished = Unfinished(header: header)
    return header.payloadLength == 0 ? finishFrame() : nil
  }

  /// The path of an echo: a message in one frame, all of it in the read buffer.
  private mutating func deliverWhole(_ header: FrameHeader, _ input: inout ReceivedBytes) -> Delivery? {
    let start = streamOffset
    let payload = takePayload(header, Int(header.payloadLength), offset: 0, &input)
    if header.opcode == .text {
      var validator = UTF8StreamValidator()
      if let index = validator.append(UnsafeRawBufferPointer(payload)) {
        return violation(.textNotUTF8, at: start + UInt64(index))
      }
      guard validator.isComplete else { return violation(.textNotUTF8, at: streamOffset) }
    }
    return .message(header.opcode, payload)
  }

  private mutating func takePayload(
    _ header: FrameHeader, _ count: Int, offset: Int, _ input: inout ReceivedBytes
  ) -> UnsafeMutableRawBufferPointer {
    let payload = input.take(count)
    streamOffset &+= UInt64(payload.count)
    if let key = header.maskingKey { Masking.apply(key, to: payload, offset: offset) }
    return payload
  }

  /// Takes what there is of the payload of the frame in progress.
  private mutating func receivePayload(_ input: inout ReceivedBytes) -> Delivery? {
    guard var frame = unfinished else { return nil }
    let start = streamOffset
    let offset = Int(frame.received & 3)
    let piece = takePayload(frame.header, frame.missing, offset: offset, &input)
    frame.received += UInt64(piece.count)
    unfinished = frame
    if frame.header.opcode.isControl {
      control.append(UnsafeRawBufferPointer(piece))
    } else if assembler.isCompressed {
      if let rule = assembler.inflate(UnsafeRawBufferPointer(piece), limit: rules.limits.message) {
        return violation(rule, at: messageStart)
      }
    } else if let delivery = assemble(piece, of: frame.header, from: start, missing: frame.missing) {
      return delivery
    }
    return frame.missing == 0 ? finishFrame() : nil
  }

  /// Adds a piece of payload, which began at `start`, to the message in progress.
  private mutating func assemble(
    _ piece: UnsafeMutableRawBufferPointer, of header: FrameHeader, from start: UInt64, missing: Int
  ) -> Delivery? {
    // The last frame says how long the message will be.
    if header.isFinal {
      let now = assembler.count + piece.count
      assembler.expect(now + missing, having: now)
    }
    guard let index = assembler.append(UnsafeRawBufferPointer(piece)) else { return nil }
    return violation(.textNotUTF8, at: start + UInt64(index))
  }

  /// Where the next bytes of the stream may be read to, as they are payload that would be copied there anyway; nil where they are not, or
  /// not enough of them are missing to make it worth while.
  mutating func payloadRoom() -> UnsafeMutableRawBufferPointer? {
    guard let frame = unfinished, frame.missing >= Self.leastRoom, frame.header.isFinal,
      !frame.header.opcode.isControl, !assembler.isCompressed
    else { return nil }
    if messageWasDelivered || controlWasDelivered { forgetDelivered() }
    assembler.expect(assembler.count + frame.missing, having: assembler.count + 1)
    let room = assembler.room
    return UnsafeMutableRawBufferPointer(rebasing: room[..<min(room.count, frame.missing)])
  }

  private static var leastRoom: Int { 4096 }

  /// Takes note of payload that was read to where ``payloadRoom()`` said.
  private mutating func receiveInPlace(_ input: inout ReceivedBytes) -> Delivery? {
    guard var frame = unfinished else { return nil }
    let count = input.inPlace
    input.inPlace = 0
    let start = streamOffset
    let piece = UnsafeMutableRawBufferPointer(rebasing: assembler.room[..<count])
    if let key = frame.header.maskingKey {
      Masking.apply(key, to: piece, offset: Int(frame.received & 3))
    }
    streamOffset &+= UInt64(count)
    frame.received += UInt64(count)
    unfinished = frame
    if let index = assembler.takeFromRoom(count) {
      return violation(.textNotUTF8, at: start + UInt64(index))
    }
    return frame.missing == 0 ? finishFrame() : nil
  }

  /// Ends the frame in progress, all of whose payload is kept.
  private mutating func finishFrame() -> Delivery? {
    guard let header = unfinished?.header else { return nil }
    unfinished = nil
    if header.opcode.isControl {
      controlWasDelivered = true
      let payload = control.mutableBytes
      return .control(header.opcode, payload, streamOffset: streamOffset - UInt64(payload.count))
    }
    return finish(header)
  }

  /// Ends a data frame, all of whose payload is with the message; delivers that with its last one.
  private mutating func finish(_ header: FrameHeader) -> Delivery? {
    guard header.isFinal, let opcode = assembler.opcode else { return nil }
    guard !assembler.isCompressed || assembler.finishInflating() else {
      return violation(.compressedDataCorrupt, at: streamOffset)
    }
    guard assembler.mayEnd else { return violation(.textNotUTF8, at: streamOffset) }
    messageWasDelivered = true
    return .message(opcode, assembler.payload)
  }
}
