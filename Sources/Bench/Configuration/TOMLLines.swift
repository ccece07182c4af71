/// The lines on which the keys of a TOML document stand: TOMLKit tells them of syntax errors only. The document must be valid.
struct TOMLLines: Sendable, Hashable {
  private var lines: [[String]: Int] = [:]

  /// Finds the keys.
  init(_ text: String) {
    var scanner = Scanner(bytes: Array(text.utf8))
    var table: [String] = []
    while scanner.skipToContent() {
      let line = scanner.line
      if scanner.peek == UInt8(ascii: "[") {
        table = scanner.header()
        note(table, line)
      } else {
        note(table + scanner.key(endingWith: UInt8(ascii: "=")), line)
        scanner.skipValue()
      }
    }
  }

  /// The line of a key, or of the innermost table around it that has one; 1 for the document as a whole.
  subscript(path: [String]) -> Int {
    var path = path
    while !path.isEmpty {
      if let line = lines[path] { return line }
      path.removeLast()
    }
    return 1
  }

  private mutating func note(_ path: [String], _ line: Int) {
    // A dotted key makes the tables on its way.
    for count in path.indices.map({ $0 + 1 }) {
      let part = Array(path.prefix(count))
      if lines[part] == nil { lines[part] = line }
    }
  }
}

/// Walks through a valid document.
private struct Scanner {
  let bytes: [UInt8]
  var position = 0
  var line = 1

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

  /// The path in `[a.b]` or `[[a.b]]`.
  mutating func header() -> [String] {
    while peek == UInt8(ascii: "[") { step() }
    let path = key(endingWith: UInt8(ascii: "]"))
    skipLine()
    return path
  }

  /// The parts of a dotted key, up to and behind the byte that ends it.
  mutating func key(endingWith end: UInt8) -> [String] {
    var parts: [String] = []
    var part: [UInt8] = []
    while let byte = peek, byte != end {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): part += quoted()
      case UInt8(ascii: "."):
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
        if let escaped = peek { content.append(escaped) }
      }
      step()
    }
    step()
    return content
  }

  /// Goes to the end of a value: of its line, or of the line on which its last bracket closes.
  mutating func skipValue() {
    var depth = 0
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\n") where depth == 0: return
      case UInt8(ascii: "#"): skipLine()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        step()
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        step()
      case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString(byte)
      default: step()
      }
    }
  }

  private mutating func skipString(_ quote: UInt8) {
    guard bytes[position...].starts(with: [quote, quote, quote]) else {
      _ = quoted()
      return
    }
    position += 3
    while peek != nil, !bytes[position...].starts(with: [quote, quote, quote]) {
      if peek == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { step() }
      step()
    }
    position += 3
    // One or two more of them may belong to the content.
    while peek == quote { step() }
  }
}
