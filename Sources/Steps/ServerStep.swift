import WebSocketProtocol

/// One thing that the scripted server does or waits for on one connection. Waiting steps end at what they wait for, at
/// the end of the stream, or at the attempt's deadline; a miss is recorded in the trace and ends the script.
public enum ServerStep: Sendable, Hashable {
  /// Answers the opening handshake. Comes first; without it the lawful 101 is sent.
  case respond(OpeningResponse)
  /// Writes a frame.
  case sendFrame(FrameSpec)
  /// Writes a whole message: compressed where permessage-deflate was agreed on, plainly where it was not.
  case sendMessage(MessageSpec)
  /// Writes bytes that are no frame, or a part of one.
  case sendBytes(Payload)
  /// Waits for the next data or control frame that `frame` describes; other frames before it are recorded and passed over
  /// if they are control frames, otherwise it is a miss.
  case expectFrame(FrameExpectation)
  /// Waits for one whole message from the client, fragments assembled and inflated where it is compressed, and equal to
  /// `payload` if that is given.
  case expectMessage(kind: MessageKind?, payload: Payload?)
  /// Waits for a Close frame.
  case expectClose
  /// Waits for the client's end of stream (FIN or RST).
  case expectEnd
  /// Stays silent for that long, reading what comes.
  case pause(milliseconds: Int)
  /// Waits until so long after the connection's first step began, however long those before it took; not at all where that is past. A
  /// load on a fixed schedule is made of it.
  case waitUntil(milliseconds: Int)
  /// Stops reading from the socket, so that the client's own writes fill its send buffer.
  case stopReading
  /// Reads again.
  case resumeReading
  /// Sends FIN and goes on reading.
  case halfClose
  /// Drains and closes TCP without a Close frame of its own.
  case closeTCP
  /// Resets the TCP connection.
  case resetTCP
  /// Sends FIN without TLS's close_notify before it, and goes on reading: the client cannot know whether it has got everything. In
  /// clear it is ``halfClose``.
  case truncateTLS
  /// From here on leaves only so many further bytes of TLS, and then ends TCP, so that a record is cut. In clear it does nothing.
  case cutTLS(afterBytes: Int)
  /// Asks for another TLS handshake (TLS 1.2), which a client may refuse. In clear, and in TLS 1.3, it does nothing.
  case renegotiateTLS
  /// Waits until each connection of the script that has this barrier has reached it.
  case barrier(String)

  /// The type of a message (RFC 6455 section 5.6).
  public enum MessageKind: String, Sendable, Hashable, CaseIterable { case text, binary }
}

extension ServerStep {
  /// Whether it sends a message, or the last frame of one. What is written as mere bytes does not count.
  public var sendsMessage: Bool {
    switch self {
    case .sendFrame(let frame): frame.isFinal && !frame.opcode.isControl
    case .sendMessage: true
    default: false
    }
  }
}

/// A client frame to wait for; nil fields match anything.
public struct FrameExpectation: Sendable, Hashable {
  /// The opcode by number.
  public var opcode: UInt8?
  /// The unmasked payload.
  public var payload: Payload?
  /// The FIN bit.
  public var isFinal: Bool?

  /// Creates an expectation.
  public init(opcode: UInt8? = nil, payload: Payload? = nil, isFinal: Bool? = nil) {
    self.opcode = opcode
    self.payload = payload
    self.isFinal = isFinal
  }
}
