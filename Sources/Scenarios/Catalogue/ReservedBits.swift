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
    for bits: UInt8 in [1, 2, 4] {
      unlawful(
        "close-rsv-\(bits)", "5.2", "Sends a Close frame with code 1000 whose reserved bits read \(bits).",
        isProbed: false
      ) {
        ServerStep.frame(.close, [0x03, 0xE8], reservedBits: bits)
      }
    }
    unlawful("empty-rsv-4", "5.2", "Sends an empty text frame with the first reserved bit set.") {
      ServerStep.frame(.text, reservedBits: 4)
    }
    unlawful("ping-empty-rsv-2", "5.2", "Sends an empty Ping with the second reserved bit set.") {
      ServerStep.frame(.ping, reservedBits: 2)
    }
    unlawful(
      "header-alone-rsv-1", "5.2", "Sends only the header of a text frame with the third reserved bit set.",
      "Fails the connection with 1002 at the header.", isProbed: false
    ) {
      ServerStep.sendBytes([0x91, 0x05])
      ServerStep.halfClose
    }
    unlawful(
      "large-rsv-2", "5.2", "Sends a binary frame of 1000 bytes with the second reserved bit set.",
      deliveries: .notBytewise
    ) {
      ServerStep.frame(.binary, .random(count: 1000, kind: .binary), reservedBits: 2)
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
    for (kind, bits, which) in lastFragments {
      unlawful(
        "continuation-rsv-\(bits)", "5.2",
        "Sends the last fragment of a \(kind) message with the \(which) reserved bit set.",
        "Fails the connection with 1002 and does not hand out the message."
      ) {
        ServerStep.begin(kind, "frag")
        ServerStep.frame(.continuation, "ments", reservedBits: bits)
      }
    }
    unlawful(
      "continuation-middle-rsv-1", "5.2",
      "Sends the second of three fragments with the third reserved bit set.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.text, "one ")
      ServerStep.frame(.continuation, "two ", isFinal: false, reservedBits: 1)
      ServerStep.last("three")
    }
    unlawful(
      "ping-between-fragments-rsv-4", "5.2",
      "Sends a Ping with the first reserved bit set between two fragments.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.frame(.ping, "between", reservedBits: 4)
      ServerStep.last("ments")
    }
  }

  private static let lastFragments: [(ServerStep.MessageKind, UInt8, String)] = [
    (.text, 2, "second"), (.binary, 4, "first"),
  ]

  private static let controlAndBinary: [(String, Opcode, UInt8)] = [
    ("binary", .binary, 4), ("binary", .binary, 2), ("binary", .binary, 1), ("binary", .binary, 7),
    ("ping", .ping, 4), ("ping", .ping, 2), ("ping", .ping, 1), ("pong", .pong, 4), ("pong", .pong, 2),
    ("pong", .pong, 1),
  ]
}
