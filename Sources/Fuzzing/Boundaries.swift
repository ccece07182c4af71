import Scenarios
import Steps
import WebSocketProtocol

/// Where implementations change their way, and so err: lengths, codes and code points at the borders that the RFCs draw.
extension Dice {
  /// The length of a payload, mostly short.
  mutating func length() -> Int {
    pick(weighted: [
      (14, number(0...3)), (40, number(4...40)), (10, number(41...123)),
      (12, pick([124, 125, 126, 127, 128])),
      (10, number(129...600)), (7, pick([512, 1023, 1024, 1025, 1100, 2048, 4095, 4096, 4097])),
      (4, number(600...6000)), (2, pick([16383, 16384, 16385])), (2, pick([32768, 65535, 65536])),
    ])
  }

  /// The length of the payload of a control frame.
  mutating func controlLength() -> Int {
    pick(weighted: [
      (20, 0), (50, number(1...30)), (10, number(31...123)), (20, pick([63, 64, 65, 124, 125])),
    ])
  }

  /// Text that is UTF-8, of about so many bytes.
  mutating func text(_ length: Int) -> Payload {
    if length > 700 { return repeated(pick(Self.units), length: length) }
    if chance(35) { return .text(String(words(length))) }
    var text = ""
    var count = 0
    while count < length {
      let scalar = scalar()
      let width = UTF8.width(scalar)
      // What finds no more room gives way to ASCII, so that the length is as it was wanted.
      let next = count + width <= length ? scalar : "z"
      text.unicodeScalars.append(next)
      count += UTF8.width(next)
    }
    return .text(text)
  }

  /// A long text, described by what is repeated in it: letters, where that does not come out even.
  private mutating func repeated(_ unit: String, length: Int) -> Payload {
    let bytes = Array(unit.utf8)
    guard !length.isMultiple(of: bytes.count) else {
      return .repeated(unit: bytes, count: length / bytes.count)
    }
    let size = [7, 5, 3].first { length.isMultiple(of: $0) } ?? 1
    return .repeated(unit: Array("letters".utf8.prefix(size)), count: length / size)
  }

  /// Eight bytes each, of characters of one to four bytes.
  private static let units = ["fill me ", "aé€zz", "😀😀", "\u{10FFFF}{}\u{7FF}"]

  private mutating func words(_ length: Int) -> String {
    let text = pick(["the quick brown fox ", "{\"t\": 21.5}, ", "hello ", "x"])
    return String(repeating: text, count: length / text.count + 1).prefix(length).description
  }

  /// A code point, often one at a border of UTF-8 or of Unicode.
  private mutating func scalar() -> Unicode.Scalar {
    if chance(45) { return pick(Self.borders) }
    let range = pick([0x20...0x7E, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF])
    return Unicode.Scalar(UInt32(number(range))) ?? "?"
  }

  private static let borders: [Unicode.Scalar] = [
    "\u{0}", "\u{1}", "\u{A}", "\u{7F}", "\u{80}", "\u{BF}", "\u{C0}", "\u{3CC}", "\u{3CE}", "\u{7C0}",
    "\u{7FF}",
    "\u{800}", "\u{FFF}", "\u{1000}", "\u{CFFF}", "\u{D000}", "\u{D7FF}", "\u{E000}", "\u{EFFF}", "\u{F000}",
    "\u{FEFF}", "\u{FFFD}", "\u{FFFE}", "\u{FFFF}", "\u{10000}", "\u{3FFFF}", "\u{40000}", "\u{FFFFF}",
    "\u{100000}", "\u{10FFFF}", "\u{212A}",
  ]

  /// The payload of a message: of that type, of any length.
  mutating func payload(_ kind: ServerStep.MessageKind) -> Payload {
    payload(kind, length: length())
  }

  /// The same, of about so many bytes.
  mutating func payload(_ kind: ServerStep.MessageKind, length: Int) -> Payload {
    if kind == .text { return text(length) }
    if length > 700 {
      let size = [8, 7, 5, 3].first { length.isMultiple(of: $0) } ?? 1
      return .repeated(unit: bytes(size), count: length / size)
    }
    // What is no UTF-8 is nothing special in a binary message; what is may be mistaken for text.
    return chance(30) ? .bytes(Array(words(length).utf8)) : .bytes(bytes(length))
  }

  /// Bytes that are not UTF-8, between bytes that are.
  mutating func brokenText() -> [UInt8] {
    let bad = chance(88) ? pick(Self.illFormed) : bytes(number(1...4)).map { $0 | 0x80 }
    let before = text(pick(weighted: [(40, 0), (40, number(1...12)), (5, 124), (8, 1100)])).bytes ?? []
    let behind = text(pick(weighted: [(50, 0), (40, number(1...12)), (3, 200)])).bytes ?? []
    return before + bad + behind
  }

  /// Overlong forms, surrogates, what lies above U+10FFFF, bytes that never occur, and sequences that are cut short.
  private static let illFormed: [[UInt8]] = [
    [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF],
    [0xF0, 0x80, 0x80, 0xAF], [0xF0, 0x8F, 0xBF, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xAD, 0xBF],
    [0xED, 0xB0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF4, 0x90, 0x80, 0x80],
    [0xF4, 0xBF, 0xBF, 0xBF], [0xF5, 0x80, 0x80, 0x80], [0xF7, 0xBF, 0xBF, 0xBF],
    [0xF8, 0x88, 0x80, 0x80, 0x80],
    [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0x80], [0xBF], [0x80, 0xBF, 0x80], [0xC2], [0xDF],
    [0xE0, 0xA0], [0xE2, 0x82], [0xEF, 0xBF], [0xF0], [0xF0, 0x9F], [0xF0, 0x9F, 0x98], [0xF4, 0x8F, 0xBF],
    [0xC3, 0x28], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xF0, 0x28, 0x8C, 0xBC], [0xF0, 0x90, 0x28, 0xBC],
    [0xF0, 0x90, 0x8C, 0x28], [0xC2, 0xC2, 0x80], [0xE2, 0xC3, 0xA9],
  ]

  /// A close code that may be sent (RFC 6455 section 7.4), and those of the registry.
  mutating func lawfulCode() -> UInt16 {
    let of = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
    return UInt16(
      pick(weighted: [(50, pick(of)), (20, pick([3000, 3999, 4000, 4999])), (20, number(3000...4999))]))
  }

  /// A close code that may not.
  mutating func unlawfulCode() -> UInt16 {
    let border = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999]
    return UInt16(pick(weighted: [(70, pick(border)), (15, number(0...999)), (15, number(1016...2999))]))
  }

  /// The payload of a lawful Close.
  mutating func closePayload() -> [UInt8] {
    guard !chance(12) else { return [] }
    let code = lawfulCode()
    let room = pick(weighted: [(45, 0), (35, number(1...40)), (10, pick([121, 122, 123])), (10, 123)])
    return [UInt8(code >> 8), UInt8(code & 0xFF)] + (text(room).bytes ?? [])
  }
}
