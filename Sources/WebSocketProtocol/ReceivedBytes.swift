/// What one read moved, and how far a machine has come in it.
///
/// The memory belongs to the caller and stays valid and untouched until the machine has returned `nil` from
/// ``ConnectionMachine/next(_:_:)``; payloads are unmasked in it.
@frozen public struct ReceivedBytes {
  @usableFromInline let memory: UnsafeMutableRawBufferPointer
  /// The bytes the machine has taken.
  public internal(set) var position = 0
  /// The bytes before those in `memory` that were read right into the machine's own, and that it has not taken note of yet.
  public internal(set) var inPlace: Int

  /// Starts at the first byte of `memory`.
  ///
  /// - Parameter inPlace: How many bytes of the read stand in ``ConnectionMachine/payloadRoom()`` and come before those in `memory`.
  public init(_ memory: UnsafeMutableRawBufferPointer, inPlace: Int = 0) {
    self.memory = memory
    self.inPlace = inPlace
  }

  /// The bytes not taken yet.
  public var remaining: Int { memory.count &- position }

  /// The rest of the memory.
  var rest: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: memory.baseAddress.map { $0 + position }, count: remaining)
  }

  /// Takes up to `count` bytes.
  mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    let taken = min(count, remaining)
    defer { position &+= taken }
    return UnsafeMutableRawBufferPointer(start: memory.baseAddress.map { $0 + position }, count: taken)
  }
}

/// What the peer sent, as slices of the read buffer or of the machine's own memory.
///
/// The slices are valid until the machine is asked for the next event.
@frozen public enum ReceivedEvent: BitwiseCopyable {
  /// A whole message; the opcode is `.text` (then the payload is valid UTF-8) or `.binary`.
  case message(Opcode, UnsafeMutableRawBufferPointer)
  /// A Ping. The machine has answered it already, according to its ``PongPolicy``.
  case ping(UnsafeMutableRawBufferPointer)
  /// A Pong, solicited or not.
  case pong(UnsafeMutableRawBufferPointer)
  /// The peer's Close. The machine has answered it already, unless it answers ours.
  case close(ReceivedClose)
  /// The peer broke a rule: the connection has failed, and the Close frame that says why has been written.
  case violation(ProtocolViolation)
}

/// A valid Close frame of the peer, as a slice; free of references like all of ``ReceivedEvent``.
@frozen public struct ReceivedClose: BitwiseCopyable {
  /// The code, or `nil` where the Close frame had no payload.
  public let code: CloseCode?
  /// The reason, valid UTF-8; valid until the machine is asked for the next event.
  public let reasonBytes: UnsafeRawBufferPointer

  /// Code and reason as values of their own.
  public var payload: ClosePayload { ClosePayload(self) }
}
