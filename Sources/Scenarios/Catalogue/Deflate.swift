import Steps
import WebSocketProtocol

extension Catalogue {
  /// Messages compressed by permessage-deflate (RFC 7692 section 7.2).
  @ListBuilder<Scenario> static var deflatePayloads: [Scenario] {
    deflateContents
    deflateConversations
    deflateThousands
    deflateLarge
    deflateBlocks
    deflateFragments
    deflateText
    deflateBombs
    deflateCorrupt
    deflateReservedBits
  }

  /// How permessage-deflate is offered, answered and refused (RFC 7692 section 7.1).
  @ListBuilder<Scenario> static var deflateParameters: [Scenario] {
    deflateServerWindows
    deflateClientWindows
    deflateContexts
    deflateLongAgreements
    deflateSpellings
    deflateUnused
    deflateRefused
    deflateRefusedByOffer
  }
}

// What both chapters say again and again.

extension ClientScript {
  /// Offers permessage-deflate and echoes to the end.
  static let compressing = ClientScript([.connect(ConnectStep(compression: true)), .echo()])

  /// Offers permessage-deflate and does these steps.
  static func compressing(_ steps: ClientStep...) -> ClientScript {
    ClientScript([.connect(ConnectStep(compression: true))] + steps)
  }
}

extension ServerStep {
  /// Sends a message, compressed where that was agreed on.
  static func message(
    _ payload: Payload, as kind: MessageKind = .text, isCompressed: Bool = true,
    blocks: MessageSpec.Blocks = .normal, usesContext: Bool = true, deflated: Payload? = nil,
    fragments: MessageSpec.Fragments = .count(1), pingBetween: Payload? = nil
  ) -> ServerStep {
    .sendMessage(
      MessageSpec(
        kind, payload, isCompressed: isCompressed, blocks: blocks, usesContext: usesContext,
        deflated: deflated,
        fragments: fragments, pingBetween: pingBetween))
  }

  /// A frame that says that its message is compressed, with these bytes.
  static func compressed(_ opcode: Opcode, _ payload: Payload, isFinal: Bool = true) -> ServerStep {
    frame(opcode, payload, isFinal: isFinal, reservedBits: 4)
  }
}

/// Sends a message, compressed where that was agreed on, and waits for its echo.
func exchange(
  _ payload: Payload, as kind: ServerStep.MessageKind = .text, blocks: MessageSpec.Blocks = .normal,
  deflated: Payload? = nil, fragments: MessageSpec.Fragments = .count(1), pingBetween: Payload? = nil
) -> [ServerStep] {
  [
    .message(
      payload, as: kind, blocks: blocks, deflated: deflated, fragments: fragments, pingBetween: pingBetween),
    .expectMessage(kind: kind, payload: payload),
  ]
}

/// A scenario in which the server accepts the client's offer and keeps the protocol.
func deflating(
  _ slug: String, _ rule: Rule, _ description: String, _ expectation: String,
  answer: DeflateAnswer = DeflateAnswer(), client: ClientScript = .compressing,
  expected: Expected = Expected(), deliveries: [Delivery] = .every, @StepList _ steps: () -> [ServerStep]
) -> Scenario {
  lawful(
    slug, rule, description, expectation, tags: ["deflate"], client: client, expected: expected,
    deliveries: deliveries
  ) {
    ServerStep.respond(.deflate(answer))
    steps()
  }
}

/// A scenario in which the server accepts the client's offer and then breaks a rule. It breaks one as well where the client has
/// offered nothing, since frames that say that they are compressed are then unlawful by themselves.
func misdeflating(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String = "Fails the connection with 1002.",
  codes: [UInt16] = [1002], isProbed: Bool = true, deliveries: [Delivery] = .every,
  @StepList _ steps: () -> [ServerStep]
) -> Scenario {
  unlawful(
    slug, rule, description, expectation, codes: codes, tags: ["deflate"], isProbed: isProbed,
    client: .compressing, deliveries: deliveries
  ) {
    ServerStep.respond(.deflate(DeflateAnswer()))
    steps()
  }
}

/// DEFLATE streams that are made by hand or beforehand.
enum DeflateStream {
  /// "Hello" in one block with fixed Huffman codes, as section 7.2.3.1 has it.
  static let hello: Payload = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]

  /// These bytes in one stored block.
  static func stored(_ bytes: [UInt8]) -> Payload {
    let length = UInt16(bytes.count)
    let head = [length, ~length].flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    return .bytes([0x00] + head + bytes + [0x00])
  }

  /// These bytes, compressed.
  static func normal(_ bytes: [UInt8]) -> [UInt8] {
    var deflater = RawDeflater()
    return deflater.deflateMessage(bytes)
  }
}
