import Steps
import WebSocketProtocol

extension Catalogue {
  /// Without an extension that gives them a meaning, the reserved bits must be 0 (RFC 6455 section 5.2).
  @ListBuilder<Scenario> static var reservedBits: [Scenario] {
    for bits in UInt8(1)...7 {
      unlawful("text-rsv-\(bits)", "5.2", "Sends a text frame whose reserved bits read \(bits).") {
        ServerStep.frame(.text, "reserved", reservedBits: bits)
      }
    }
    for (name, opcode, bits) in controlAndBinary {
      unlawful("\(name)-rsv-\(bits)", "5.2", "Sends a \(opcode) frame whose reserved bits read \(bits).") {
        ServerStep.frame(opcode, "reserved", reservedBits: bits)
      }
    }
    unlawful(
      "close-rsv-1", "5.2", "Sends a Close frame with code 1000 whose reserved bits read 1.", isProbed: false
    ) {
      ServerStep.frame(.close, [0x03, 0xE8], reservedBits: 1)
    }
    unlawful("empty-rsv-4", "5.2", "Sends an empty text frame with the first reserved bit set.") {
      ServerStep.frame(.text, reservedBits: 4)
    }
    unlawful(
      "after-message-rsv-4", "5.2",
      "Exchanges a message, then sends a text frame with the first reserved bit set.",
      "Echoes the first message and fails the connection at the second with 1002."
    ) {
      echo("lawful")
      ServerStep.frame(.text, "unlawful", reservedBits: 4)
    }
    unlawful(
      "first-fragment-rsv-4", "5.2", "Sends the first fragment of a message with the first reserved bit set."
    ) {
      ServerStep.frame(.text, "frag", isFinal: false, reservedBits: 4)
    }
    unlawful(
      "continuation-rsv-2", "5.2", "Sends the last fragment of a message with the second reserved bit set.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.frame(.continuation, "ments", reservedBits: 2)
    }
  }

  private static let controlAndBinary: [(String, Opcode, UInt8)] = [
    ("binary", .binary, 4), ("binary", .binary, 1), ("ping", .ping, 2), ("pong", .pong, 4),
  ]
}
