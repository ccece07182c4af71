/// A message as the application sees it (RFC 6455 section 5.6).
public enum Message: Hashable, Sendable {
  /// Text.
  case text(String)
  /// Bytes.
  case binary([UInt8])

  /// Copies a received message out of the read buffer: ``ReceivedEvent/message(_:_:)``.
  public init(_ opcode: Opcode, _ payload: UnsafeMutableRawBufferPointer) {
    self = opcode == .text ? .text(String(decoding: payload, as: UTF8.self)) : .binary([UInt8](payload))
  }
}

/// What happened on a connection, as values of their own.
public enum ConnectionEvent: Hashable, Sendable {
  /// A whole message came.
  case message(Message)
  /// A Ping came; it is answered already.
  case ping([UInt8])
  /// A Pong came.
  case pong([UInt8])
  /// The peer's Close came; it is answered already, unless it answers ours.
  case close(ClosePayload)
  /// The peer broke a rule and the connection failed.
  case violation(ProtocolViolation)
  /// TCP ended. Always the last event.
  case ended(CloseStatus)
}

/// ``ConnectionMachine`` with arrays: the four calls receive bytes, receive the end of the stream, take events, take bytes.
///
/// The seam of this module for callers that want values and may allocate: replays of vectors, properties, programs of their own. The
/// peers on real sockets drive ``ConnectionMachine`` itself, whose events point into their read buffer.
public struct BufferedConnection: ~Copyable, Sendable {
  private var machine: ConnectionMachine
  private var output = ByteBuffer()
  private var events: [ConnectionEvent] = []

  /// Wraps a machine.
  public init(_ machine: consuming ConnectionMachine) { self.machine = machine }

  /// Where the connection is.
  public var state: ConnectionState { machine.state }
  /// The role of this endpoint.
  public var role: Role { machine.role }
  /// What to do with TCP once the bytes taken are written.
  public var directive: TransportDirective { machine.directive }
  /// Which Pings are answered.
  public var pongPolicy: PongPolicy {
    get { machine.pongPolicy }
    set { machine.pongPolicy = newValue }
  }
  /// Whether there are bytes to be written.
  public var hasOutput: Bool { !output.isEmpty }

  /// Takes what one read moved.
  public mutating func receive(_ bytes: [UInt8]) {
    var copy = bytes
    copy.withUnsafeMutableBytes { receive(inPlace: $0) }
  }

  /// Takes what one read moved, unmasking in place.
  public mutating func receive(inPlace bytes: UnsafeMutableRawBufferPointer) {
    var input = ReceivedBytes(bytes)
    while let event = machine.next(&input, &output) {
      events.append(ConnectionEvent(event))
    }
  }

  /// Takes the end of the peer's stream.
  public mutating func receiveEndOfStream() {
    if case .ended = machine.state { return }
    events.append(.ended(machine.receiveEndOfStream()))
  }

  /// Returns what happened since the last call.
  public mutating func takeEvents() -> [ConnectionEvent] {
    defer { events = [] }
    return events
  }

  /// Returns what is to be written.
  public mutating func takeOutput() -> [UInt8] { output.take() }

  /// Sends a whole message.
  public mutating func send(_ message: Message) throws(InvalidOperation) {
    switch message {
    case .text(let text): try send(.text, Array(text.utf8))
    case .binary(let bytes): try send(.binary, bytes)
    }
  }

  /// Sends a message or a fragment of one; see ``ConnectionMachine/send(_:_:isFinal:_:)``.
  public mutating func send(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true)
    throws(InvalidOperation)
  {
    try payload.withUnsafeBufferPointer { (bytes) throws(InvalidOperation) in
      try machine.send(opcode, UnsafeRawBufferPointer(bytes), isFinal: isFinal, &output)
    }
  }

  /// Sends a Ping.
  public mutating func ping(_ payload: [UInt8] = []) throws(InvalidOperation) {
    try payload.withUnsafeBufferPointer { (bytes) throws(InvalidOperation) in
      try machine.ping(UnsafeRawBufferPointer(bytes), &output)
    }
  }

  /// Sends a Pong that answers no Ping.
  public mutating func pong(_ payload: [UInt8] = []) throws(InvalidOperation) {
    try payload.withUnsafeBufferPointer { (bytes) throws(InvalidOperation) in
      try machine.pong(UnsafeRawBufferPointer(bytes), &output)
    }
  }

  /// Starts the closing handshake.
  public mutating func close(_ code: CloseCode = .normalClosure, reason: String = "") throws(InvalidOperation)
  {
    try machine.close(ClosePayload(code, reason: reason), &output)
  }

  /// Starts the closing handshake with any Close that may be sent, ``ClosePayload/empty`` included.
  public mutating func close(_ payload: ClosePayload) throws(InvalidOperation) {
    try machine.close(payload, &output)
  }
}

extension ConnectionEvent {
  /// Copies a received event out of the read buffer.
  public init(_ event: ReceivedEvent) {
    switch event {
    case .message(let opcode, let payload): self = .message(Message(opcode, payload))
    case .ping(let payload): self = .ping([UInt8](payload))
    case .pong(let payload): self = .pong([UInt8](payload))
    case .close(let close): self = .close(close.payload)
    case .violation(let violation): self = .violation(violation)
    }
  }
}
