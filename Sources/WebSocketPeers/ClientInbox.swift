import PosixIO
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

  /// Takes a chunk; returns the messages that end in it.
  mutating func receive(_ bytes: UnsafeRawBufferPointer) -> [WholeMessage] {
    var messages: [WholeMessage] = []
    for frame in decoder.receive(bytes) {
      let message = assemble(frame)
      if let message { messages.append(message) }
      entries.append(Entry(frame: frame, message: message))
      heldBytes += frame.payload.count
    }
    return messages
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
struct WholeMessage: Hashable {
  var kind: ServerStep.MessageKind
  var payload: [UInt8]
}

/// Pairs the messages sent with those that came back.
struct EchoMatcher {
  private var outstanding: [(message: WholeMessage, sentAt: MonotonicInstant)] = []
  private(set) var roundTrips: [EchoRoundTrip] = []

  /// Messages remembered; the oldest is forgotten first.
  static let mostOutstanding = 1024

  mutating func sent(_ message: WholeMessage, at instant: MonotonicInstant) {
    if outstanding.count == Self.mostOutstanding { outstanding.removeFirst() }
    outstanding.append((message, instant))
  }

  mutating func received(
    _ message: WholeMessage, at instant: MonotonicInstant, isKernelInstant: Bool, on connection: String
  ) {
    guard let index = outstanding.firstIndex(where: { $0.message == message }) else { return }
    let sent = outstanding.remove(at: index)
    roundTrips.append(
      EchoRoundTrip(
        connection: connection, isText: message.kind == .text, payloadLength: message.payload.count,
        nanoseconds: max(0, instant.nanoseconds - sent.sentAt.nanoseconds), isKernelInstant: isKernelInstant))
  }
}
