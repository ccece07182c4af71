import Traces
import WebSocketProtocol

/// What the client's bytes are: its messages, answers and Close.
struct ClientStreamModel: Sendable {
  /// The client's Close.
  struct Close: Sendable, Hashable {
    var content: CloseContent
    /// Whether the capture holds all of it; otherwise its content is not to be judged.
    var isKnown: Bool
    var streamOffset: Int
    var eventIndex: Int
  }

  /// All complete frames up to the attempt's deadline.
  private(set) var frames: [DecodedFrame]
  /// The frame that never was completed.
  private(set) var tail: IncompleteFrame?
  /// The first Close.
  private(set) var close: Close?
  /// Whether everything that the client sent is known.
  private(set) var isComplete: Bool
  /// The messages; an unfinished one is marked.
  private(set) var messages: [DecodedMessage]
  /// The first compressed message that cannot be inflated, as it stood on the wire.
  private(set) var corruptMessage: DecodedMessage?

  /// Reads the client's stream; `deflate` is what was agreed on, where permessage-deflate is in use.
  init(_ connection: DecodedConnection, deflate: DeflateAgreement? = nil) {
    var stream = connection.client
    if let deadline = connection.deadlineIndex {
      // What comes after the deadline is the host's doing: it interrupts the client.
      stream.frames = stream.frames.filter { $0.eventIndex < deadline }
      if let tail = stream.tail, tail.eventIndex > deadline { stream.tail = nil }
    }
    frames = stream.frames
    tail = stream.tail
    isComplete = stream.isComplete
    messages = stream.messages
    let reader = deflate.map { InflatingReader($0.client) }
    for (index, message) in messages.enumerated() {
      if let reader, let inflated = reader.inflated(message, in: frames) {
        messages[index] = inflated
      } else if reader != nil {
        corruptMessage = message
        break
      }
    }
    close = frames.first { $0.opcode == .close }.map {
      Close(
        content: CloseContent($0.payload), isKnown: !$0.isCut, streamOffset: $0.streamOffset,
        eventIndex: $0.eventIndex)
    }
  }

  var pongs: [DecodedFrame] { frames.filter { $0.opcode == .pong } }
  var wholeMessages: [DecodedMessage] { messages.filter(\.isComplete) }
}
