/// Says how the payload of a frame is to be read (RFC 6455 sections 5.2 and 11.8).
///
/// A struct and not an enum, so that a reserved opcode of a broken peer can be represented too.
@frozen public struct Opcode: RawRepresentable, Hashable, Sendable {
  /// The four bits as sent, 0...15.
  public let rawValue: UInt8

  /// Creates an opcode from its four bits; higher bits are dropped.
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue & 0x0F }

  /// A further fragment of the message in progress.
  @inlinable public static var continuation: Opcode { Opcode(rawValue: 0x0) }
  /// Starts a text message; its payload is UTF-8.
  @inlinable public static var text: Opcode { Opcode(rawValue: 0x1) }
  /// Starts a binary message.
  @inlinable public static var binary: Opcode { Opcode(rawValue: 0x2) }
  /// Starts or answers the closing handshake.
  @inlinable public static var close: Opcode { Opcode(rawValue: 0x8) }
  /// Asks the peer for a Pong with the same payload.
  @inlinable public static var ping: Opcode { Opcode(rawValue: 0x9) }
  /// Answers a Ping, or is an unsolicited sign of life.
  @inlinable public static var pong: Opcode { Opcode(rawValue: 0xA) }

  /// Whether the top bit is set: opcodes 8...15 are control frames (RFC 6455 section 5.5), reserved ones included.
  @inlinable public var isControl: Bool { rawValue & 0x8 != 0 }

  /// Whether RFC 6455 gives this opcode no meaning: 3...7 and 11...15.
  @inlinable public var isReserved: Bool { rawValue & 0x7 > 2 }
}

extension Opcode: CustomStringConvertible {
  /// The RFC's name in lower case, or `reserved(3)`.
  public var description: String {
    switch self {
    case .continuation: "continuation"
    case .text: "text"
    case .binary: "binary"
    case .close: "close"
    case .ping: "ping"
    case .pong: "pong"
    default: "reserved(\(rawValue))"
    }
  }
}
