import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// Which sentences of the grammar of frames a run has put to its client: opcode, final bit, reserved bits, class of length,
/// position and delivery of every frame that the server really sent.
public struct GrammarCoverage: Sendable {
  /// Where a frame stands in the server's stream.
  public enum Position: Int, Sendable, CaseIterable {
    /// It is the first one.
    case first
    /// Between messages.
    case between
    /// Between the fragments of a message.
    case inside
    /// Behind a Close.
    case behindClose
  }

  private var seen: Set<UInt32> = []

  /// Begins with nothing seen.
  public init() {}

  /// How many different sentences were seen.
  public var count: Int { seen.count }

  /// Adds the frames of a connection; returns how many of their sentences are new.
  public mutating func add(_ connection: DecodedConnection, delivery: Delivery) -> Int {
    let before = seen.count
    var position = Position.first
    var isOpen = false
    for frame in connection.server.frames {
      seen.insert(Self.sentence(frame.header, position, delivery))
      if !frame.opcode.isControl { isOpen = !frame.isFinal }
      if frame.opcode == .close || position == .behindClose {
        position = .behindClose
      } else {
        position = isOpen ? .inside : .between
      }
    }
    return seen.count - before
  }

  /// The classes of lengths: borders by themselves, and what lies between them.
  private static func lengthClass(_ length: UInt64) -> UInt32 {
    switch length {
    case 0: 0
    case 1: 1
    case 2...124: 2
    case 125: 3
    case 126: 4
    case 127: 5
    case 128...65534: 6
    case 65535: 7
    case 65536: 8
    default: 9
    }
  }

  private static func sentence(_ header: FrameHeader, _ position: Position, _ delivery: Delivery) -> UInt32 {
    var sentence = UInt32(header.opcode.rawValue)
    sentence = sentence << 1 | (header.isFinal ? 1 : 0)
    sentence = sentence << 1 | (header.isMasked ? 1 : 0)
    sentence = sentence << 1 | (header.isMinimal ? 1 : 0)
    sentence = sentence << 3 | UInt32(header.reservedBits)
    sentence = sentence << 4 | lengthClass(header.payloadLength)
    sentence = sentence << 2 | UInt32(position.rawValue)
    return sentence << 3 | UInt32(Delivery.allCases.firstIndex(of: delivery) ?? 0)
  }
}
