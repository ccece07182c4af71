import Scenarios
import Steps
import WebSocketProtocol

/// How a connection comes to its end: lawfully, cut off, or by what the server may not do.
extension Play {
  /// Any end.
  mutating func finish() {
    switch dice.number(0...99) {
    case 0..<40: settle()
    case 40..<55: close()
    case 55..<63: endStream()
    case 63..<72: cut()
    case 72..<76: reset()
    default: violate()
    }
  }

  /// The server begins the closing handshake.
  mutating func close() {
    if dice.chance(60) { settle() }
    if dice.chance(20) { begin(dice.chance(50) ? .text : .binary, Array("begun".utf8)) }
    let payload = dice.closePayload()
    add(.frame(.close, .bytes(payload)))
    if dice.chance(15) { add(.text("behind the Close")) }
    switch dice.number(0...3) {
    case 0: add(.expectClose)
    case 1:
      add(.expectClose)
      ending = .endOfStream
    default: break
    }
  }

  /// The stream ends without a Close.
  mutating func endStream() {
    if dice.chance(70) { settle() }
    ending = .endOfStream
    if dice.chance(30) { add(.halfClose) }
  }

  /// The stream ends inside a frame or a message.
  mutating func cut() {
    settle()
    if dice.chance(30) {
      begin(dice.chance(50) ? .text : .binary, dice.text(dice.number(0...20)).bytes ?? [])
    } else {
      let opcode: Opcode = dice.pick([.text, .binary, .ping, .close, .pong])
      let payload = opcode.isControl ? dice.closePayload() : dice.text(dice.pick([5, 130, 700])).bytes ?? []
      let frame = Frame(opcode, payload).encoded()
      let count = dice.chance(50) ? dice.number(1...min(5, frame.count)) : dice.number(1...frame.count)
      if count < frame.count { add(.sendBytes(.bytes(Array(frame.prefix(count))))) }
    }
    if dice.chance(30) { add(.pause(milliseconds: 5)) }
    ending = .endOfStream
  }

  /// The connection is reset.
  mutating func reset() {
    settle()
    if dice.chance(40) { add(.sendBytes([0x81, 0x05, 0x68])) }
    if dice.chance(40) { add(.pause(milliseconds: 5)) }
    add(.resetTCP)
    ending = .endOfStream
  }
}
