import Steps
import WebSocketProtocol

// Short names for what servers do, so that a scenario reads like the sentence that describes it.

extension ServerStep {
  package static func frame(
    _ opcode: Opcode, _ payload: Payload = .empty, isFinal: Bool = true, reservedBits: UInt8 = 0,
    maskingKey: UInt32? = nil, lengthEncoding: FrameSpec.LengthEncoding = .minimal,
    declaredLength: UInt64? = nil
  ) -> ServerStep {
    .sendFrame(
      FrameSpec(
        opcode, payload, isFinal: isFinal, reservedBits: reservedBits, maskingKey: maskingKey,
        lengthEncoding: lengthEncoding, declaredLength: declaredLength))
  }

  package static func text(_ payload: Payload) -> ServerStep { frame(.text, payload) }
  package static func binary(_ payload: Payload) -> ServerStep { frame(.binary, payload) }
  package static func ping(_ payload: Payload = .empty) -> ServerStep { frame(.ping, payload) }
  package static func pong(_ payload: Payload = .empty) -> ServerStep { frame(.pong, payload) }

  /// The first fragment of a message.
  package static func begin(_ kind: MessageKind, _ payload: Payload = .empty) -> ServerStep {
    frame(kind == .text ? .text : .binary, payload, isFinal: false)
  }

  /// A further fragment, with more to come.
  package static func more(_ payload: Payload = .empty) -> ServerStep {
    frame(.continuation, payload, isFinal: false)
  }

  /// The last fragment.
  package static func last(_ payload: Payload = .empty) -> ServerStep { frame(.continuation, payload) }

  /// A Close frame with any code and any bytes as its reason.
  package static func close(_ code: UInt16, _ reason: [UInt8] = []) -> ServerStep {
    frame(.close, .bytes([UInt8(code >> 8), UInt8(code & 0xFF)] + reason))
  }

  package static func close(_ code: UInt16, _ reason: String) -> ServerStep {
    close(code, Array(reason.utf8))
  }

  package static func expectPong(_ payload: Payload = .empty) -> ServerStep {
    .expectFrame(FrameExpectation(opcode: Opcode.pong.rawValue, payload: payload))
  }

  package static func expectText(_ payload: Payload? = nil) -> ServerStep {
    .expectMessage(kind: .text, payload: payload)
  }

  package static func expectBinary(_ payload: Payload? = nil) -> ServerStep {
    .expectMessage(kind: .binary, payload: payload)
  }

  /// Answers the opening handshake with the lawful head, changed.
  package static func respond(_ edits: OpeningResponse.HeadEdit...) -> ServerStep {
    .respond(.accept(edits: edits))
  }
}

/// Sends a whole message and waits for its echo.
func echo(_ payload: Payload, as kind: ServerStep.MessageKind = .text) -> [ServerStep] {
  [kind == .text ? .text(payload) : .binary(payload), .expectMessage(kind: kind, payload: payload)]
}

extension ClientScript {
  /// Connects, and does these steps in one task while another receives in its own way.
  package static func sending(_ steps: [ClientStep], beside receiving: ClientStep) -> ClientScript {
    ClientScript(tasks: [
      ClientTask(
        name: "main",
        steps: [.connect(ConnectStep()), .start(task: "receiver")] + steps + [.join(task: "receiver")]),
      ClientTask(name: "receiver", steps: [receiving]),
    ])
  }
}

extension [Delivery] {
  /// All of them.
  static let every = Delivery.allCases
  /// For payloads of which a write for each byte would only cost time.
  static let notBytewise = Delivery.allCases.filter { $0 != .bytewise }
  /// For many steps or much data, where pausing at each would take long.
  static let unpaused: [Delivery] = [.whole, .coalesced]
  /// For frames so short that writing each byte by itself is quick, but too many to pause at each.
  static let unpausedAndBytewise: [Delivery] = [.whole, .bytewise, .coalesced]
  /// Where the instants of the writes are the point.
  static let wholeOnly: [Delivery] = [.whole]
}
