/// Writes JSON for people: two spaces of indentation, and whatever fits into a line on one line, so that a step is a line.
struct JSONWriter {
  private static let lineLength = 100

  /// The text of a file, with a line break at its end.
  static func text(of value: JSONValue) -> String {
    var writer = JSONWriter()
    writer.write(value, indentation: 0, isTop: true, room: lineLength)
    return writer.text + "\n"
  }

  /// The text on one line, with a space after colons and commas.
  static func line(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let bool): bool ? "true" : "false"
    case .integer(let integer): String(integer)
    case .unsigned(let unsigned): String(unsigned)
    case .double(let double): String(double)
    case .string(let string): quoted(string)
    case .array(let values): "[" + values.map(line).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { "\(quoted($0.key)): \(line(of: $0.value))" }.joined(separator: ", ") + "}"
    }
  }

  private var text = ""

  /// `room` is what is left of the line after what stands before the value.
  private mutating func write(_ value: JSONValue, indentation: Int, isTop: Bool = false, room: Int) {
    // The line is made only where it may fit: payloads have megabytes, and there is a try at each level above them.
    if !isTop, Self.leastLength(of: value, upTo: room) <= room {
      let line = Self.line(of: value)
      if line.utf8.count <= room { return text += line }
    }
    let inner = indentation + 2
    switch value {
    case .array(let values) where !values.isEmpty:
      writeList("[", "]", indentation: indentation, values) { writer, value in
        writer.write(value, indentation: inner, room: Self.lineLength - inner)
      }
    case .object(let members) where !members.isEmpty:
      writeList("{", "}", indentation: indentation, members) { writer, member in
        let key = Self.quoted(member.key) + ": "
        writer.text += key
        writer.write(member.value, indentation: inner, room: Self.lineLength - inner - key.count)
      }
    default: text += Self.line(of: value)
    }
  }

  /// No more bytes than the line has; something beyond the limit where it has more than that.
  private static func leastLength(of value: JSONValue, upTo limit: Int) -> Int {
    var length = 2
    switch value {
    case .string(let string): return length + string.utf8.count
    case .array(let values):
      for value in values where length <= limit { length += leastLength(of: value, upTo: limit) }
    case .object(let members):
      for member in members where length <= limit {
        length += member.key.utf8.count + leastLength(of: member.value, upTo: limit)
      }
    default: return 1
    }
    return length
  }

  private mutating func writeList<Element>(
    _ open: String, _ close: String, indentation: Int, _ elements: [Element],
    _ writeElement: (inout JSONWriter, Element) -> Void
  ) {
    text += open
    for (index, element) in elements.enumerated() {
      text += (index == 0 ? "\n" : ",\n") + String(repeating: " ", count: indentation + 2)
      writeElement(&self, element)
    }
    text += "\n" + String(repeating: " ", count: indentation) + close
  }

  /// A JSON string. Control characters are escaped, also those beyond ASCII that a terminal would act on.
  private static func quoted(_ string: String) -> String {
    var quoted = "\""
    if string.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) {
      return "\"\(string)\""
    }
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case let scalar where scalar.properties.generalCategory == .control || scalar.properties.isBidiControl:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
