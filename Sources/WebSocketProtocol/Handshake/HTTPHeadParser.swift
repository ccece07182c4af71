/// Reads the head of an opening handshake byte by byte, wherever it is cut, and strictly.
///
/// Stricter than RFC 7230 section 3.5 allows, because this is the parser of a conformance rig and every laxness here
/// would hide a fault of the client: line ends are CR LF only (a bare CR or LF is refused), no empty line before the
/// start line, no folded lines (section 3.2.4), no white space between name and colon (section 3.2.4), names are tokens,
/// values hold no control characters but the tab.
public struct HTTPHeadParser: Sendable {
  /// What a chunk led to.
  public enum Progress: Hashable, Sendable {
    /// All bytes were taken, the head goes on.
    case incomplete
    /// The head is complete; the chunk's bytes from `consumed` on belong to what follows it.
    case complete(HTTPHead, consumed: Int)
    /// The head is refused; nothing further is looked at.
    case rejected(HandshakeRejection)
  }

  private enum State: Sendable {
    case startLine
    case startLineFeed
    case lineStart
    case name
    case valueStart
    case value
    case valueFeed
    case lastFeed
    case complete
  }

  private let limits: Limits
  private var state = State.startLine
  private var bytes: [UInt8] = []
  private var startLineEnd = 0
  private var fields: [HTTPHead.FieldRange] = []
  private var nameStart = 0
  private var nameEnd = 0
  private var valueStart = 0

  /// Creates a parser at the start of a head.
  public init(limits: Limits = Limits()) { self.limits = limits }

  /// The bytes taken so far, for reports.
  public var rawBytes: [UInt8] { bytes }

  /// Takes a chunk.
  public mutating func receive(_ chunk: UnsafeRawBufferPointer) -> Progress {
    let before = bytes.count
    // What a usual request needs, in one allocation each.
    if before == 0 { fields.reserveCapacity(min(limits.headerFields, 12)) }
    let room = max(limits.head - before, 0)
    bytes.append(contentsOf: chunk.prefix(room))
    var index = before
    while index < bytes.count {
      let byte = bytes[index]
      if let reason = step(byte, at: index) { return reject(reason, at: index) }
      index += 1
      if state == .complete { return complete(index, before) }
      // Most of a head is values.
      while state == .value, index < bytes.count, ASCII.isFieldValue(bytes[index]) { index += 1 }
    }
    return chunk.count > room || bytes.count == limits.head
      ? .rejected(.headTooLong(limit: limits.head)) : .incomplete
  }

  private mutating func complete(_ end: Int, _ before: Int) -> Progress {
    bytes.removeSubrange(end...)
    let head = HTTPHead(rawBytes: bytes, startLineRange: 0..<startLineEnd, fieldRanges: fields)
    return .complete(head, consumed: end - before)
  }

  private func reject(_ reason: HandshakeRejection.HeadFault, at index: Int) -> Progress {
    .rejected(
      reason == .tooManyFields ? .tooManyFields(limit: limits.headerFields) : .malformed(reason, at: index))
  }

  /// Takes one byte; returns what is wrong with it.
  private mutating func step(_ byte: UInt8, at index: Int) -> HandshakeRejection.HeadFault? {
    switch state {
    case .startLine: return stepStartLine(byte, at: index)
    case .startLineFeed, .valueFeed:
      guard byte == 0x0A else { return .bareCarriageReturn }
      state = .lineStart
    case .lastFeed:
      guard byte == 0x0A else { return .bareCarriageReturn }
      state = .complete
    case .complete: break
    case .lineStart: return stepLineStart(byte, at: index)
    case .name: return stepName(byte, at: index)
    case .valueStart, .value: return stepValue(byte, at: index)
    }
    return nil
  }

  private mutating func stepStartLine(_ byte: UInt8, at index: Int) -> HandshakeRejection.HeadFault? {
    switch byte {
    case 0x0D:
      guard index > 0 else { return .emptyStartLine }
      startLineEnd = index
      state = .startLineFeed
    case 0x0A: return .bareLineFeed
    default: guard ASCII.isFieldValue(byte) else { return .controlCharacter }
    }
    return nil
  }

  private mutating func stepLineStart(_ byte: UInt8, at index: Int) -> HandshakeRejection.HeadFault? {
    switch byte {
    case 0x0D: state = .lastFeed
    case 0x0A: return .bareLineFeed
    case 0x20, 0x09: return .foldedLine
    default:
      guard fields.count < limits.headerFields else { return .tooManyFields }
      guard ASCII.isToken(byte) else { return .badFieldName }
      nameStart = index
      state = .name
    }
    return nil
  }

  private mutating func stepName(_ byte: UInt8, at index: Int) -> HandshakeRejection.HeadFault? {
    if byte == UInt8(ascii: ":") {
      nameEnd = index
      state = .valueStart
      return nil
    }
    return ASCII.isToken(byte) ? nil : .badFieldName
  }

  private mutating func stepValue(_ byte: UInt8, at index: Int) -> HandshakeRejection.HeadFault? {
    if state == .valueStart {
      valueStart = index
      if byte == 0x20 || byte == 0x09 { return nil }
      state = .value
    }
    switch byte {
    case 0x0D:
      var end = index
      while end > valueStart, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
      fields.append(.init(name: nameStart..<nameEnd, value: valueStart..<end))
      state = .valueFeed
    case 0x0A: return .bareLineFeed
    default: guard ASCII.isFieldValue(byte) else { return .controlCharacter }
    }
    return nil
  }
}
