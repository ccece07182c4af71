import Scenarios
import Steps
import WebSocketProtocol

/// What a server may not do (RFC 6455 sections 5 to 8).
private enum Breach {
  case reservedBits, opcode, mask, controlForm, length, order, close, text
}

extension Play {
  /// Breaks a rule of framing, of text or of closing, and asks whether anybody noticed.
  mutating func violate() {
    settle()
    // Some rules are about what stands between the fragments of a message.
    if dice.chance(35) {
      begin(dice.chance(60) ? .text : .binary, dice.text(dice.number(0...9)).bytes ?? [])
      if dice.chance(25) { add(.ping("between")) }
    }
    let breach = dice.inTurn(weighted: [
      (22, Breach.reservedBits), (14, .opcode), (8, .mask), (8, .controlForm), (9, .length), (9, .order),
      (16, .close), (24, .text),
    ])
    commit(breach)
    probe(isText: breach == .text)
  }

  /// A client that overlooked the breach gives itself away by what it does with what follows. Behind bad text the stream does not
  /// end at once: a client may check it no sooner than it hands it out.
  mutating func probe(isText: Bool) {
    ending = .awaitFailure
    let question: Payload = "still there?"
    if dice.chance(25) { add(.text("behind the breach")) }
    if dice.chance(85) {
      add(.ping(question))
      guard !isText else { return }
      add(.expectPong(question))
    }
    if !isText { add(.halfClose) }
  }

  private mutating func commit(_ breach: Breach) {
    switch breach {
    case .reservedBits:
      let frame = lawfulFrame()
      let bits = dice.inTurn(weighted: [(3, 4), (3, 2), (3, 1), (1, dice.number(3...7))])
      add(.frame(frame.opcode, frame.payload, isFinal: frame.isFinal, reservedBits: UInt8(bits)))
    case .opcode:
      let opcode = Opcode(rawValue: UInt8(dice.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])))
      let length = dice.pick([0, 0, 1, 8, 125])
      add(.frame(opcode, dice.text(length), isFinal: opcode.isControl || dice.chance(80)))
    case .mask:
      let frame = lawfulFrame()
      add(
        .frame(
          frame.opcode, frame.payload, isFinal: frame.isFinal,
          maskingKey: dice.pick([0, 0x3712_A5F0, 0xFFFF_FFFF])))
    case .controlForm: breakControl()
    case .length: breakLength()
    case .order: breakOrder()
    case .close: breakClose()
    case .text: breakText()
    }
  }

  /// Kinds of frames, nil being data, with a payload and without. They come by turns: a client may look at each in a place of its own, and
  /// take another way where nothing follows a head.
  private static let lawfulFrames: [(weight: Int, element: (control: Opcode?, isEmpty: Bool))] = [
    (8, (nil, false)), (1, (nil, true)), (1, (.ping, false)), (1, (.ping, true)), (1, (.pong, false)),
    (1, (.pong, true)), (1, (.close, false)), (1, (.close, true)),
  ]

  /// A frame that would be in order here.
  private mutating func lawfulFrame() -> (opcode: Opcode, payload: Payload, isFinal: Bool) {
    let (control, isEmpty) = dice.inTurn(weighted: Self.lawfulFrames)
    switch control {
    case .close?: return (.close, .bytes(isEmpty ? [] : dice.closePayload()), true)
    case let control?:
      return (control, .bytes(isEmpty ? [] : dice.bytes(max(1, dice.controlLength()))), true)
    case nil:
      let data: Opcode = open == nil ? dice.pick([.text, .binary]) : .continuation
      let payload = isEmpty ? .empty : dice.text(dice.pick([1, 5, 5, 20, 125, 126, 300]))
      return (data, payload, dice.chance(80))
    }
  }

  /// Control frames are final and have at most 125 bytes (section 5.5).
  private mutating func breakControl() {
    let opcode: Opcode = dice.pick([.ping, .pong, .close])
    guard dice.chance(55) else {
      let payload = opcode == .close ? dice.closePayload() : dice.bytes(dice.controlLength())
      return add(.frame(opcode, .bytes(payload), isFinal: false))
    }
    let length = dice.pick([126, 126, 127, 130, 200, 300, 1000])
    let start: [UInt8] = opcode == .close ? [0x03, 0xE8] : []
    add(.frame(opcode, .bytes(start + Array(repeating: 0x78, count: length - start.count))))
  }

  /// The length stands in its shortest form, and its top bit is not set (section 5.2).
  private mutating func breakLength() {
    let frame = lawfulFrame()
    if dice.chance(35) {
      let declared = 1 << 63 | UInt64(frame.payload.count)
      return add(
        .frame(
          frame.opcode, frame.payload, isFinal: frame.isFinal, lengthEncoding: .sixtyFourBit,
          declaredLength: declared))
    }
    let length = dice.pick([0, 1, 5, 124, 125, 125, 200])
    let payload = frame.opcode == .close ? frame.payload : dice.text(length)
    add(
      .frame(
        frame.opcode, payload, isFinal: frame.isFinal,
        lengthEncoding: dice.pick([.sixteenBit, .sixteenBit, .sixtyFourBit])))
  }

  /// A continuation of nothing, or a message inside another (section 5.4).
  private mutating func breakOrder() {
    if open != nil {
      add(.frame(dice.pick([.text, .binary]), dice.text(dice.pick([0, 5, 20])), isFinal: dice.chance(70)))
    } else {
      add(.frame(.continuation, dice.text(dice.pick([0, 5, 20])), isFinal: dice.chance(70)))
    }
  }

  /// A Close with half a code, a code that may not be sent, or a reason that is not UTF-8 (sections 5.5.1 and 7.4).
  private mutating func breakClose() {
    switch dice.number(0...9) {
    case 0: add(.frame(.close, .bytes([dice.pick([0x03, 0x00, 0x7F])])))
    case 1...5:
      add(.close(dice.unlawfulCode(), dice.chance(70) ? [] : dice.text(dice.number(1...20)).bytes ?? []))
    default: add(.close(dice.lawfulCode(), Array(dice.brokenText().prefix(123))))
    }
  }

  /// Text that is not UTF-8 (section 8.1): in one frame, in fragments, or in a frame that comes in pieces.
  private mutating func breakText() {
    let bad = dice.brokenText()
    if open == .text {
      if dice.chance(20) { add(.more(.bytes(Array(bad.prefix(bad.count / 2))))) }
      return add(.frame(.continuation, .bytes(bad), isFinal: dice.chance(75)))
    }
    // Inside a binary message nothing has to be text: it ends, and a text follows.
    if open == .binary { end(with: "ended") }
    switch dice.number(0...9) {
    case 0..<5: add(.text(.bytes(bad)))
    case 5..<8:
      let cut = dice.number(0...bad.count)
      add(.begin(.text, .bytes(Array(bad[..<cut]))))
      if dice.chance(30) { add(.ping("in the text")) }
      add(.frame(.continuation, .bytes(Array(bad[cut...])), isFinal: dice.chance(80)))
    default:
      let rest = Array(repeating: UInt8(ascii: "."), count: dice.pick([1, 10, 300]))
      let frame = Frame(.text, bad + rest).encoded()
      add(.sendBytes(.bytes(Array(frame.dropLast(rest.count)))))
      add(.pause(milliseconds: 15))
      add(.sendBytes(.bytes(rest)))
    }
  }
}
