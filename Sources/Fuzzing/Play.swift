import Scenarios
import Steps
import WebSocketProtocol

/// A server's script while it is being made: what was sent so far, and so what a client may be waited for.
///
/// Nobody is waited for in vain: a client that does what it must comes to the end of the script without a deadline.
struct Play {
  var dice: Dice
  private(set) var steps: [ServerStep] = []
  /// What happens behind the steps.
  var ending = ServerScript.Ending.closingHandshake
  /// Whether the client sends back what it gets.
  let isEchoed: Bool
  /// The messages whose echo was not waited for yet.
  private var owed: [(kind: ServerStep.MessageKind, payload: Payload)] = []
  /// The type of the message that was begun.
  private(set) var open: ServerStep.MessageKind?

  init(_ dice: Dice, isEchoed: Bool = true) {
    self.dice = dice
    self.isEchoed = isEchoed
  }

  mutating func add(_ step: ServerStep) { steps.append(step) }

  /// Something lawful that a server may do while the connection is open.
  mutating func exchange() {
    switch dice.number(0...99) {
    case 0..<43: message()
    case 43..<60: fragments()
    case 60..<70: ping()
    case 70..<76: add(.pong(.bytes(dice.bytes(dice.controlLength()))))
    case 76..<80: messageInPieces()
    case 80..<86: framesInPieces()
    case 86..<89: add(.pause(milliseconds: dice.pick([1, 2, 8, 15])))
    default: settle()
    }
  }

  // MARK: messages

  private mutating func kind() -> ServerStep.MessageKind { dice.chance(60) ? .text : .binary }

  /// A message in one frame.
  mutating func message() {
    let kind = kind()
    let payload = dice.payload(kind)
    add(.frame(Self.opcode(kind), payload))
    owe(kind, payload)
  }

  static func opcode(_ kind: ServerStep.MessageKind) -> Opcode { kind == .text ? .text : .binary }

  /// A frame in chunks of the script's own, with a pause between them.
  private mutating func messageInPieces() {
    let kind = kind()
    let payload = dice.payload(kind, length: dice.pick([1, 5, 20, 126, 300]))
    let frame = Frame(Self.opcode(kind), payload.bytes ?? []).encoded()
    pieces(of: frame)
    owe(kind, payload)
  }

  /// Two or three frames in chunks that have nothing to do with where a frame ends.
  private mutating func framesInPieces() {
    var bytes: [UInt8] = []
    var borders = [0]
    var messages: [(kind: ServerStep.MessageKind, payload: Payload)] = []
    for _ in 0..<dice.number(2...3) {
      if dice.chance(20) {
        bytes += Frame(.ping, dice.bytes(dice.controlLength())).encoded()
      } else {
        let kind = kind()
        let payload = dice.payload(kind, length: dice.pick([0, 1, 1, 5, 20, 125, 126, 300]))
        bytes += Frame(Self.opcode(kind), payload.bytes ?? []).encoded()
        messages.append((kind, payload))
      }
      borders.append(bytes.count)
    }
    pieces(of: bytes, near: borders)
    for message in messages { owe(message.kind, message.payload) }
  }

  /// Bytes in a few writes that arrive apart, half of which end just behind one of these places.
  mutating func pieces(of bytes: [UInt8], near places: [Int] = [0]) {
    var start = 0
    let cuts = (0..<dice.few(upTo: 3)).map { _ in
      dice.chance(50)
        ? min(dice.pick(places) + dice.number(0...4), bytes.count) : dice.number(0...bytes.count)
    }
    for cut in Set(cuts).sorted() + [bytes.count] where cut > start {
      if start > 0 { add(.pause(milliseconds: dice.pick([1, 3, 12]))) }
      add(.sendBytes(.bytes(Array(bytes[start..<cut]))))
      start = cut
    }
  }

  /// A message in fragments, perhaps with control frames between them.
  mutating func fragments() {
    let kind = kind()
    let whole = dice.payload(kind, length: min(2000, dice.length())).bytes ?? []
    var sizes = sizes(of: whole.count)
    var start = 0
    begin(kind, Array(whole[..<sizes.removeFirst()]))
    start = whole.count - sizes.reduce(0, +)
    for (index, size) in sizes.enumerated() {
      control()
      let piece = Payload.bytes(Array(whole[start..<start + size]))
      start += size
      if index == sizes.count - 1 { end(with: piece) } else { add(.more(piece)) }
    }
    owe(kind, .bytes(whole))
  }

  /// At least two sizes that add up, empty ones among them.
  private mutating func sizes(of count: Int) -> [Int] {
    let most = dice.pick(weighted: [(60, 2), (25, 4), (10, 9), (2, 40), (2, 300)])
    let pieces = dice.number(2...max(2, most))
    if dice.chance(25) {
      // All of one size: where a counter of fragments is wrong, or each byte comes alone.
      return MessageSpec.Fragments.count(pieces).ranges(of: count).map(\.count)
    }
    let cuts = (1..<pieces).map { _ in
      dice.chance(20) ? dice.pick([0, count]) : dice.number(0...count)
    }.sorted()
    return zip([0] + cuts, cuts + [count]).map { $1 - $0 }
  }

  /// The first fragment of a message.
  mutating func begin(_ kind: ServerStep.MessageKind, _ payload: [UInt8]) {
    add(.begin(kind, .bytes(payload)))
    open = kind
  }

  /// The last fragment.
  mutating func end(with payload: Payload) {
    add(.last(payload))
    open = nil
  }

  /// Perhaps control frames, between fragments.
  private mutating func control() {
    guard dice.chance(35) else { return }
    if dice.chance(70) { ping() } else { add(.pong(.bytes(dice.bytes(dice.controlLength())))) }
  }

  private mutating func owe(_ kind: ServerStep.MessageKind, _ payload: Payload) {
    guard isEchoed else { return }
    owed.append((kind, payload))
    if dice.chance(60) { settle() }
  }

  /// Waits for the echoes that are due.
  mutating func settle() {
    // The first of them might be inside a message of the client's still, if one of ours is open.
    for (kind, payload) in owed { add(.expectMessage(kind: kind, payload: payload)) }
    owed = []
  }

  // MARK: control frames

  /// A Ping, or several, the last of which is mostly waited for.
  mutating func ping() {
    var payload: [UInt8] = []
    for _ in 0..<dice.pick(weighted: [(80, 1), (14, 2), (5, 5), (1, 30)]) {
      payload = dice.chance(20) ? Array("ping".utf8) : dice.bytes(dice.controlLength())
      add(.ping(.bytes(payload)))
    }
    // While echoes are under way a wait for a control frame would take them for a miss.
    if owed.isEmpty, dice.chance(70) { add(.expectPong(.bytes(payload))) }
  }
}
