import WebSocketProtocol

/// Walks through a document; through one that is not valid without a trap, and somehow to its end.
struct TOMLScanner {
  private let bytes: [UInt8]
  private var position = 0
  private(set) var line = 1
  /// The first thing found for which TOMLKit's parser would not refuse the document, but end the process by an assertion.
  private(set) var problem: TOMLNode.SyntaxError?

  init(bytes: [UInt8]) { self.bytes = bytes }

  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func step() {
    if peek == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  /// Goes to the next key or header; false at the end.
  mutating func skipToContent() -> Bool {
    while let byte = peek {
      if byte == UInt8(ascii: "#") { skipLine() } else if byte > 0x20 { return true } else { step() }
    }
    return false
  }

  private mutating func skipLine() {
    while let byte = peek, byte != UInt8(ascii: "\n") { step() }
  }

  private var rest: ArraySlice<UInt8> { bytes.dropFirst(position) }

  /// The path in `[a.b]` or `[[a.b]]`.
  mutating func header() -> [String] {
    step()
    if peek == UInt8(ascii: "[") { step() }
    while peek == UInt8(ascii: " ") || peek == UInt8(ascii: "\t") { step() }
    if let byte = peek, !Self.beginsName(byte), byte != UInt8(ascii: "]") {
      complain("where a table's name begins: with a letter from A to Z, a digit, _, - or a quote")
    }
    let path = key(endingWith: UInt8(ascii: "]"))
    skipLine()
    return path
  }

  private static func beginsName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "_-\"'".utf8.contains(byte)
    }
  }

  /// Notes what stands here, and where it stands.
  private mutating func complain(_ place: String) {
    guard let character = String(decoding: rest.prefix(4), as: UTF8.self).first else {
      return
    }
    let found = character.isNewline ? "the line ends" : "'\(character)' stands"
    note("\(found) \(place)", on: line)
  }

  /// Notes the first problem.
  private mutating func note(_ reason: String, on line: Int) {
    problem = problem ?? TOMLNode.SyntaxError(line: line, reason: reason)
  }

  /// A key of more parts is refused: the parser's own recursion has no bound, and the stack has.
  private static let mostParts = 32

  /// The parts of a dotted key, up to and behind the byte that ends it.
  mutating func key(endingWith end: UInt8) -> [String] {
    var parts: [String] = []
    var part: [UInt8] = []
    while problem == nil, let byte = peek, byte != end {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): part += quoted()
      case UInt8(ascii: "."):
        if parts.count == Self.mostParts { complain("behind \(Self.mostParts) parts of a key") }
        parts.append(String(decoding: part, as: UTF8.self))
        part = []
        step()
      case 0...0x20: step()
      default:
        part.append(byte)
        step()
      }
    }
    step()
    return parts + [String(decoding: part, as: UTF8.self)]
  }

  /// The content of a string on one line, escapes as they are written.
  private mutating func quoted() -> [UInt8] {
    guard let quote = peek else { return [] }
    var content: [UInt8] = []
    step()
    while let byte = peek, byte != quote {
      content.append(byte)
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        step()
        checkEscape()
        if let escaped = peek { content.append(escaped) }
      }
      step()
    }
    step()
    return content
  }

  /// Complains of a NUL, at which the parser's strings would end in Swift.
  private mutating func checkEscape() {
    if rest.starts(with: "u0000".utf8) || rest.starts(with: "U00000000".utf8) {
      note("it has an escaped NUL, which nothing here may hold", on: line)
    }
  }

  /// Complains of the first control character that TOML allows nowhere.
  mutating func refuseControlCharacters() {
    let allowed: [UInt8] = [0x09, 0x0A, 0x0D]
    guard let place = bytes.firstIndex(where: { $0 < 0x20 && !allowed.contains($0) || $0 == 0x7F }) else {
      return
    }
    let line = 1 + bytes[..<place].count { $0 == 0x0A }
    note("it has the control character 0x\(Hexadecimal.text([bytes[place]]))", on: line)
  }

  /// Goes to the end of a value: of its line, or of the line on which its last bracket closes.
  mutating func skipValue() {
    var open: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "-"): stepOverDash()
      case UInt8(ascii: "\n") where open.isEmpty: return
      case UInt8(ascii: "#"): skipLine()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        open.append(byte)
        step()
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        // In ASCII each closes the one two places before it.
        if open.popLast() != byte - 2 { complain("where no bracket of its kind is open") }
        step()
      case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
      default: step()
      }
    }
  }

  /// Complains of a dash behind the digits that a value begins with: a date. Of some that are cut the parser's assertions would end the
  /// process, and there is no use for any here.
  private mutating func stepOverDash() {
    let start = 1 + (bytes[..<position].lastIndex { " \t\r\n=,[{".utf8.contains($0) } ?? -1)
    let word = bytes[start..<position]
    if let first = word.first, (0x30...0x39).contains(first), let last = word.last, !"eE".utf8.contains(last)
    {
      complain("in what would be a date, which nothing here may be: put it in quotes")
    }
    step()
  }

  private mutating func skipString(_ quote: UInt8) {
    guard rest.starts(with: [quote, quote, quote]) else {
      _ = quoted()
      return
    }
    position += 3
    while peek != nil, !rest.starts(with: [quote, quote, quote]) {
      if peek == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        step()
        checkEscape()
      }
      step()
    }
    position += 3
    // One or two more of them may belong to the content.
    while peek == quote { step() }
  }
}
