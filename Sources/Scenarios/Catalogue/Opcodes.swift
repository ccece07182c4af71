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
    for (opcode, kind) in [(UInt8(7), "data"), (15, "control")] {
      unlawful(
        "reserved-\(opcode)-200", "5.2",
        "Sends a \(kind) frame of 200 bytes with the reserved opcode \(opcode)."
      ) {
        ServerStep.frame(Opcode(rawValue: opcode), .repeated(unit: [0x2A], count: 200))
      }
      unlawful(
        "reserved-\(opcode)-header-alone", "5.2",
        "Sends only the header of a \(kind) frame with the reserved opcode \(opcode).",
        "Fails the connection with 1002 at the header.", isProbed: false
      ) {
        ServerStep.sendBytes([0x80 | opcode, 0x05])
        ServerStep.halfClose
      }
    }
    unlawful(
      "reserved-12-unfinished", "5.2",
      "Sends a control frame that is not final, with the reserved opcode 12."
    ) {
      ServerStep.frame(Opcode(rawValue: 12), "frag", isFinal: false)
    }
    unlawful(
      "reserved-5-glued-to-head", "5.2",
      "Sends a data frame with the reserved opcode 5 in one write with the head of its response."
    ) {
      ServerStep.respond(.append([0x85, 0x02, 0x68, 0x69]))
    }
    unlawful(
      "reserved-6-after-fragments", "5.2",
      "Sends a fragmented message, then a data frame with the reserved opcode 6.",
      "Echoes the message and fails the connection with 1002."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.last("ments")
      ServerStep.expectText("fragments")
      ServerStep.frame(Opcode(rawValue: 6), "reserved")
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
