import Scenarios
import Steps
import WebSocketProtocol

/// permessage-deflate (RFC 7692): agreements, messages, and what breaks them.
extension ScenarioGenerator {
  /// How the offer is answered.
  private enum Manner { case plain, spelled, declined }

  static func deflate(_ dice: inout Dice) -> Draft {
    let client = ClientScript([
      .connect(ConnectStep(compression: true)), dice.chance(85) ? .echo() : .receive(),
    ])
    var answer = answerToOffer(&dice)
    var edits: [OpeningResponse.HeadEdit] = [.deflate(answer)]
    let manner = dice.inTurn(weighted: [(15, Manner.plain), (9, .spelled), (1, .declined)])
    if manner == .spelled {
      // Spelled out, rightly or wrongly; what it means stands beside it for the server to go by.
      let value = spelling(of: &answer, &dice)
      edits = [.deflate(answer), .set(name: "Sec-WebSocket-Extensions", value: value)]
      if dice.chance(6) { edits.append(.add(name: "Sec-WebSocket-Extensions", value: "x-other")) }
    } else if manner == .declined {
      edits = []
    }
    var play = Play(dice)
    play.add(.respond(.accept(edits: edits)))
    let isEchoed = client.tasks[0].steps.last == .echo()
    for _ in 0..<play.dice.few(upTo: 5) { play.compressed(isEchoed: isEchoed) }
    if !isEchoed, play.dice.chance(15) { play.bomb() }
    switch play.dice.number(0...9) {
    case 0..<4: play.breakCompression()
    case 4: play.cut()
    default: break
    }
    dice = play.dice
    return Draft(play, client)
  }

  private static func answerToOffer(_ dice: inout Dice) -> DeflateAnswer {
    var answer = DeflateAnswer(
      serverNoContextTakeover: dice.chance(35), clientNoContextTakeover: dice.chance(25))
    if dice.chance(40) { answer.serverMaxWindowBits = dice.number(8...15) }
    if dice.chance(15) { answer.clientMaxWindowBits = dice.number(9...15) }
    return answer
  }

  /// The answer in words. What it then says of the server's window and context is what the server keeps to.
  private static func spelling(of answer: inout DeflateAnswer, _ dice: inout Dice) -> String {
    if dice.chance(88) { answer.serverMaxWindowBits = answer.serverMaxWindowBits ?? 10 }
    if dice.chance(15) { answer.serverNoContextTakeover = true }
    var parameters = answer.serverNoContextTakeover ? ["server_no_context_takeover"] : []
    if answer.clientNoContextTakeover { parameters.append("client_no_context_takeover") }
    let bits = answer.serverMaxWindowBits
    if let bits { parameters.append("server_max_window_bits=\(bits)") }
    if dice.chance(60) {
      let odd = dice.inTurn(Self.oddParameters)
      if odd == "server_no_context_takeover" { answer.serverNoContextTakeover = true }
      // Mostly alone: who refuses a parameter that stands there twice need not look at its value.
      if dice.chance(80) { parameters.removeAll { Self.name(of: $0) == Self.name(of: odd) } }
      parameters.insert(odd, at: dice.number(0...parameters.count))
    }
    if dice.chance(40) { parameters = dice.shuffled(parameters) }
    if let bits, dice.chance(25) {
      parameters = parameters.map { $0.replacing("=\(bits)", with: "=\"\(bits)\"") }
    }
    let separator = dice.pick(["; ", "; ", ";", " ; ", ";\t"])
    let name =
      dice.chance(94) ? "permessage-deflate" : dice.pick(["x-webkit-deflate-frame", "permessage-bzip2"])
    let element = ([name] + parameters).joined(separator: separator)
    guard dice.chance(10) else { return element }
    return dice.pick(["\(element), \(element)", "\(element), x-other", "x-other, \(element)"])
  }

  private static func name(of parameter: String) -> Substring { parameter.prefix { $0 != "=" } }

  /// What fits no offer, or not every one.
  private static let oddParameters = [
    "server_no_context_takeover", "server_no_context_takeover=1", "server_no_context_takeover=\"true\"",
    "client_no_context_takeover", "client_no_context_takeover=0", "max_window_bits", "level=9", "x",
    "server_max_window_bits", "server_max_window_bits=7", "server_max_window_bits=16",
    "server_max_window_bits=-9",
    "server_max_window_bits=09", "server_max_window_bits=+9", "server_max_window_bits=0xA",
    "server_max_window_bits=10.0", "server_max_window_bits=ten", "server_max_window_bits=4294967306",
    "client_max_window_bits", "client_max_window_bits=7", "client_max_window_bits=16",
    "client_max_window_bits=010",
    "client_max_window_bits=ten", "client_max_window_bits=9", "client_max_window_bits=15",
  ]
}

extension Play {
  /// A message on a connection that may compress, or a Ping between two.
  mutating func compressed(isEchoed: Bool) {
    if dice.chance(12) { return ping() }
    let kind: ServerStep.MessageKind = dice.chance(65) ? .text : .binary
    var payload = dice.payload(kind)
    switch dice.number(0...9) {
    case 0, 1: payload = farReference(kind)
    case 2...4:
      payload = .repeated(unit: Array("{\"t\": 1} ".utf8), count: dice.pick([3, 40, 130, 600, 2000]))
    default: break
    }
    var spec = MessageSpec(kind, payload)
    spec.isCompressed = dice.chance(85)
    if spec.isCompressed {
      spec.blocks = dice.pick(weighted: [
        (60, .normal), (10, .stored), (8, .fixed), (8, .several), (7, .emptyFirst), (7, .last),
      ])
      spec.usesContext = dice.chance(80)
    }
    spec.fragments = dice.pick(weighted: [
      (60, .count(1)), (20, .count(dice.number(2...5))), (8, .size(dice.number(1...3))), (6, .sizes([0])),
      (6, .sizes([dice.number(0...3), 0])),
    ])
    // Not so many frames that each costs time by itself.
    if case .size = spec.fragments, payload.count > 60 { spec.fragments = .count(3) }
    if dice.chance(20) {
      spec.pingBetween = dice.pick(["in between", [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]] as [Payload])
    }
    add(.sendMessage(spec))
    if isEchoed { add(.expectMessage(kind: kind, payload: payload)) }
  }

  /// A text whose beginning comes back at a distance that takes a window of some size.
  private mutating func farReference(_ kind: ServerStep.MessageKind) -> Payload {
    let letters = (0..<dice.pick([200, 300, 500, 900, 2000])).map { _ in UInt8(0x61 + dice.number(0...25)) }
    return .bytes(letters + letters.prefix(80))
  }

  /// Few bytes that become many (RFC 7692 section 8), for a client that does not send them back.
  mutating func bomb() {
    let size = dice.pick([17_000, 66_000, 1 << 20])
    add(.sendMessage(MessageSpec(dice.chance(50) ? .text : .binary, .repeated(unit: [0x30], count: size))))
  }

  /// What a server must not do with compressed messages.
  mutating func breakCompression() {
    switch dice.number(0...9) {
    case 0..<4: corruptStream()
    case 4, 5:
      var deflater = RawDeflater()
      let bad = deflater.deflateMessage(dice.brokenText())
      let cut = dice.chance(60) ? bad.count : dice.number(0...bad.count)
      add(.frame(.text, .bytes(Array(bad[..<cut])), isFinal: cut == bad.count, reservedBits: 4))
      if cut < bad.count { add(.last(.bytes(Array(bad[cut...])))) }
      return probe(isText: true)
    case 6:
      // The first reserved bit belongs on the first frame of a message only (section 6).
      if dice.chance(50) { begin(.text, Array("plain".utf8)) }
      let opcode: Opcode = open != nil && dice.chance(60) ? .continuation : dice.pick([.ping, .pong, .close])
      let payload: [UInt8] = opcode == .close ? [0x03, 0xE8] : Array("odd".utf8)
      add(.frame(opcode, .bytes(payload), reservedBits: 4))
    case 7:
      add(
        .frame(
          dice.pick([.text, .binary]), [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
          reservedBits: dice.pick([5, 6, 7])))
    default: return violate()
    }
    probe(isText: false)
  }

  private mutating func corruptStream() {
    let streams: [[UInt8]] = [
      [0x07], [0x06, 0xFF], [0xFF, 0xFF, 0xFF], [0x00, 5, 0, 0xFA, 0xFE, 0x48],
      [0x00, 1, 0, 0xFF, 0xFF, 0x61],
      [0xF2, 0x48, 0xCD], [0x62, 0x60, 0x60], [0x4B, 0x04, 0x12, 0x00], [0x2A, 0x49, 0x2D, 0x2E, 0x01], [],
    ]
    var stream = dice.pick(streams)
    if dice.chance(40) {
      var deflater = RawDeflater()
      stream = deflater.deflateMessage(dice.text(40).bytes ?? [])
      for _ in 0..<dice.few(upTo: 3) { stream[dice.number(0...stream.count - 1)] = dice.byte() }
    }
    let kind: Opcode = dice.pick([.text, .binary])
    let cut = dice.chance(75) ? stream.count : dice.number(0...stream.count)
    add(.frame(kind, .bytes(Array(stream[..<cut])), isFinal: cut == stream.count, reservedBits: 4))
    if cut < stream.count { add(.last(.bytes(Array(stream[cut...])))) }
  }
}
