import Steps
import WebSocketProtocol

extension Catalogue {
  /// Opcodes without a meaning must fail the connection (RFC 6455 section 5.2).
  @ListBuilder<Scenario> static var opcodes: [Scenario] {
    for opcode in Array(UInt8(3)...7) + Array(UInt8(11)...15) {
      let kind = opcode < 8 ? "data" : "control"
      unlawful("reserved-\(opcode)", "5.2", "Sends a \(kind) frame with the reserved opcode \(opcode).") {
        ServerStep.frame(Opcode(rawValue: opcode), "reserved")
      }
    }
    for opcode: UInt8 in [3, 11] {
      let kind = opcode < 8 ? "data" : "control"
      unlawful(
        "reserved-\(opcode)-empty", "5.2",
        "Sends an empty \(kind) frame with the reserved opcode \(opcode)."
      ) {
        ServerStep.frame(Opcode(rawValue: opcode))
      }
      unlawful(
        "reserved-\(opcode)-after-message", "5.2",
        "Exchanges a message, then sends a \(kind) frame with the reserved opcode \(opcode).",
        "Echoes the first message and fails the connection with 1002."
      ) {
        echo("lawful")
        ServerStep.frame(Opcode(rawValue: opcode), "reserved")
      }
      unlawful(
        "reserved-\(opcode)-between-fragments", "5.2",
        "Sends a \(kind) frame with the reserved opcode \(opcode) between two fragments.",
        "Fails the connection with 1002 and does not hand out the message."
      ) {
        ServerStep.begin(.text, "frag")
        ServerStep.frame(Opcode(rawValue: opcode), "reserved")
        ServerStep.last("ments")
      }
    }
    unlawful(
      "reserved-4-fragmented", "5.2",
      "Sends a message of two fragments that begins with the reserved opcode 4."
    ) {
      ServerStep.frame(Opcode(rawValue: 4), "frag", isFinal: false)
      ServerStep.last("ments")
    }
  }
}
