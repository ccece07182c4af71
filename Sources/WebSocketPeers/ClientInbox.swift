import Steps
import WebSocketProtocol

/// A frame as the client sent it, lawful or not.
typealias ClientFrame = WebSocketProtocol.WireFrame

/// What the client has sent and no step has looked at yet: frames as they were on the wire, judged by nobody here.
struct ClientInbox {
  /// A frame, with the message it completes.
  struct Entry {
    let frame: ClientFrame
    var message: WholeMessage?
    /// Whether it completes a compressed message that cannot be inflated.
    var isCorrupt = false
  }

  /// What was agreed on, where permessage-deflate is in use.
  var deflate: ScriptedDeflate?

  private var decoder = FrameDecoder(keptPayload: 64 << 20)
  private var entries: [Entry] = []
  private var first = 0
  private var kind: ServerStep.MessageKind?
  private var parts: [UInt8] = []
  private var isCompressed = false
  /// Payload bytes held.
  private(set) var heldBytes = 0

  /// Takes a chunk.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) {
    for frame in decoder.receive(bytes) {
      entries.append(assemble(frame))
      heldBytes += frame.payload.count
    }
  }

  /// Takes the oldest frame out.
  mutating func next() -> Entry? {
    guard first < entries.count else { return nil }
    defer {
      first += 1
      if first == entries.count { (entries, first) = ([], 0) }
    }
    heldBytes -= entries[first].frame.payload.count
    return entries[first]
  }

  /// Puts the fragments of a message together, however the client cut them, and inflates it where it is compressed.
  private mutating func assemble(_ frame: ClientFrame) -> Entry {
    let header = frame.header
    switch header.opcode {
    case .text: begin(.text, header)
    case .binary: begin(.binary, header)
    case .continuation: break
    default: return Entry(frame: frame)
    }
    // Mostly a message is one frame, and then not copied.
    if parts.isEmpty { parts = frame.payload } else { parts += frame.payload }
    guard header.isFinal, let kind else { return Entry(frame: frame) }
    defer { (self.kind, parts) = (nil, []) }
    guard isCompressed, let deflate else {
      return Entry(frame: frame, message: WholeMessage(kind: kind, payload: parts))
    }
    guard let payload = deflate.inflate(parts) else { return Entry(frame: frame, isCorrupt: true) }
    return Entry(frame: frame, message: WholeMessage(kind: kind, payload: payload))
  }

  private mutating func begin(_ kind: ServerStep.MessageKind, _ header: FrameHeader) {
    self.kind = kind
    parts = []
    isCompressed = header.reservedBits & 4 != 0
  }
}

/// A message, fragments put together.
struct WholeMessage {
  let kind: ServerStep.MessageKind
  let payload: [UInt8]
}
