/// Parses JSON (RFC 8259) strictly and says at which line and column it is wrong, which Foundation's parsers do not. Keeps the order
/// of keys and refuses a key that comes twice in an object.
struct JSONParser {
  /// What is wrong, and where, both counted from 1.
  struct Failure: Error, Hashable {
    var problem: String
    var line: Int
    var column: Int
  }

  /// Deeper than any scenario, shallower than what would use up the stack.
  static let mostLevels = 64

  private let bytes: [UInt8]
  private var index = 0

  /// The value that the bytes spell, with nothing but white space around it.
  static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    let value = try parser.value(level: 0)
    parser.skipSpace()
    if parser.index < bytes.count { throw parser.failure("something follows the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func failure(_ problem: String) -> Failure {
    let before = bytes[..<min(index, bytes.count)]
    let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return Failure(problem: problem, line: line, column: before.count - start + 1)
  }

  private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { index += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func value(level: Int) throws(Failure) -> JSONValue {
    skipSpace()
    guard level < Self.mostLevels else { throw failure("the nesting is too deep") }
    switch current {
    case UInt8(ascii: "{"): return try object(level: level)
    case UInt8(ascii: "["): return try array(level: level)
    case UInt8(ascii: "\""): return .string(try string())
    case nil: throw failure("the end comes where a value should")
    default: return try word()
    }
  }

  private mutating func object(level: Int) throws(Failure) -> JSONValue {
    index += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw failure("a key in quotes is missing") }
      let start = index
      let key = try string()
      if members.contains(where: { $0.key == key }) {
        index = start
        throw failure("the key \(key) comes a second time")
      }
      skipSpace()
      guard take(":") else { throw failure("a colon is missing") }
      members.append(JSONValue.Member(key, try value(level: level + 1)))
      skipSpace()
    } while take(",")
    guard take("}") else { throw failure("a comma or } is missing") }
    return .object(members)
  }

  private mutating func array(level: Int) throws(Failure) -> JSONValue {
    index += 1
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    repeat {
      values.append(try value(level: level + 1))
      skipSpace()
    } while take(",")
    guard take("]") else { throw failure("a comma or ] is missing") }
    return .array(values)
  }

  /// A number, `true`, `false` or `null`.
  private mutating func word() throws(Failure) -> JSONValue {
    let start = index
    while let byte = current, isWordByte(byte) { index += 1 }
    let word = String(decoding: bytes[start..<index], as: UTF8.self)
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default: break
    }
    if isNumber(word) {
      if let integer = Int(word) { return .integer(integer) }
      if let unsigned = UInt64(word) { return .unsigned(unsigned) }
      if let double = Double(word), double.isFinite { return .double(double) }
    }
    index = start
    throw failure(word.isEmpty ? "no value begins like this" : "\(word.prefix(20)) is no value")
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
  }

  /// Swift reads more numbers than JSON has: `+1`, `.5`, `0x1p3`, `nan`, and `007`.
  private func isNumber(_ word: String) -> Bool {
    let digits = Array(word.drop { $0 == "-" }.utf8)
    guard let first = digits.first, (0x30...0x39).contains(first), !word.hasPrefix("--") else { return false }
    if first == 0x30, digits.count > 1, (0x30...0x39).contains(digits[1]) { return false }
    return !word.hasSuffix(".") && word.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
  }
}

extension JSONParser {
  private mutating func string() throws(Failure) -> String {
    let start = index
    index += 1
    var content: [UInt8] = []
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        guard let text = String(validating: content, as: UTF8.self) else {
          index = start
          throw failure("the string is no UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): content += try escape()
      case 0..<0x20: throw failure("a string holds a control character or a line break")
      default:
        content.append(byte)
        index += 1
      }
    }
    index = start
    throw failure("a string does not end")
  }

  private mutating func escape() throws(Failure) -> [UInt8] {
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
      UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]
    let letter = index + 1 < bytes.count ? bytes[index + 1] : 0
    if let byte = simple[letter] {
      index += 2
      return [byte]
    }
    guard letter == UInt8(ascii: "u"), var code = unit(at: index + 2) else {
      throw failure("an unknown escape")
    }
    var length = 6
    if 0xD800..<0xDC00 ~= code, bytes[index...].dropFirst(6).starts(with: "\\u".utf8),
      let low = unit(at: index + 8), 0xDC00..<0xE000 ~= low
    {
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      length = 12
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
    index += length
    return Array(String(scalar).utf8)
  }

  /// Four hexadecimal digits.
  private func unit(at start: Int) -> UInt32? {
    guard start + 4 <= bytes.count else { return nil }
    let digits = String(decoding: bytes[start..<start + 4], as: UTF8.self)
    return digits.allSatisfy(\.isHexDigit) ? UInt32(digits, radix: 16) : nil
  }
}
