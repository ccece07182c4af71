import Steps
import WebSocketProtocol

/// A frame as the client sent it, lawful or not.
typealias ClientFrame = WebSocketProtocol.WireFrame

/// What the client has sent and no step has looked at yet: frames as they were on the wire, judged by nobody here.
struct ClientInbox {
  /// A frame, with the message it completes.
  struct Entry {
    let frame: ClientFrame
    let message: WholeMessage?
  }

  private var decoder = FrameDecoder(keptPayload: 64 << 20)
  private var entries: [Entry] = []
  private var first = 0
  private var kind: ServerStep.MessageKind?
  private var parts: [UInt8] = []
  /// Payload bytes held.
  private(set) var heldBytes = 0

  /// Takes a chunk.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) {
    for frame in decoder.receive(bytes) {
      entries.append(Entry(frame: frame, message: assemble(frame)))
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

  /// Puts the fragments of a message together, however the client cut them.
  private mutating func assemble(_ frame: ClientFrame) -> WholeMessage? {
    switch frame.header.opcode {
    case .text: (kind, parts) = (.text, frame.payload)
    case .binary: (kind, parts) = (.binary, frame.payload)
    case .continuation: parts += frame.payload
    default: return nil
    }
    guard frame.header.isFinal, let kind else { return nil }
    defer { (self.kind, parts) = (nil, []) }
    return WholeMessage(kind: kind, payload: parts)
  }
}

/// A message, fragments put together.
struct WholeMessage {
  let kind: ServerStep.MessageKind
  let payload: [UInt8]
}
