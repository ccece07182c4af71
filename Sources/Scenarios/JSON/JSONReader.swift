import Steps
import WebSocketProtocol

/// A JSON value together with its place in a file, so that whatever is wrong can be reported there.
package struct JSONReader {
  let file: String
  let keyPath: String
  let value: JSONValue

  package func failure(_ problem: String, allowed: String, suggestion: String? = nil) -> ScenarioFileError {
    ScenarioFileError(
      file: file, keyPath: keyPath, problem: problem, allowed: allowed, suggestion: suggestion)
  }

  /// The error that what came is not what is allowed.
  package func mismatch(_ allowed: String, suggestion: String? = nil) -> ScenarioFileError {
    failure("is \(value.summary)", allowed: allowed, suggestion: suggestion)
  }

  func child(_ key: String, _ value: JSONValue) -> JSONReader {
    JSONReader(file: file, keyPath: keyPath.isEmpty ? key : "\(keyPath).\(key)", value: value)
  }
}

extension JSONReader {
  package func string() throws(ScenarioFileError) -> String {
    guard case .string(let string) = value else { throw mismatch("a string") }
    return string
  }

  package func bool() throws(ScenarioFileError) -> Bool {
    guard case .bool(let bool) = value else { throw mismatch("true or false") }
    return bool
  }

  package func integer(_ range: ClosedRange<Int>) throws(ScenarioFileError) -> Int {
    guard case .integer(let integer) = value, range.contains(integer) else {
      throw mismatch(
        range.count == 1
          ? "\(range.lowerBound)" : "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  func unsigned() throws(ScenarioFileError) -> UInt64 {
    switch value {
    case .integer(let integer) where integer >= 0: return UInt64(integer)
    case .unsigned(let unsigned): return unsigned
    default: throw mismatch("a whole number from 0 to \(UInt64.max)")
    }
  }

  /// Bytes written as hexadecimal digits; spaces between them are allowed.
  package func hex() throws(ScenarioFileError) -> [UInt8] {
    let allowed = "an even number of hexadecimal digits, such as \"48 65\""
    guard case .string(let string) = value else { throw mismatch(allowed) }
    guard let bytes = Hexadecimal.bytes(string.filter { $0 != " " }) else { throw mismatch(allowed) }
    return bytes
  }

  package func choice<Choice: RawRepresentable & CaseIterable>(
    _ type: Choice.Type
  ) throws(ScenarioFileError) -> Choice where Choice.RawValue == String {
    let names = Choice.allCases.map(\.rawValue)
    guard case .string(let string) = value else { throw mismatch(names.quotedList) }
    guard let choice = Choice(rawValue: string) else {
      throw mismatch(names.quotedList, suggestion: Nearest.name(to: string, in: names).map { "\"\($0)\"" })
    }
    return choice
  }

  package func list<Element>(
    _ read: (JSONReader) throws(ScenarioFileError) -> Element
  ) throws(ScenarioFileError) -> [Element] {
    guard case .array(let values) = value else { throw mismatch("a list") }
    var elements: [Element] = []
    for (index, value) in values.enumerated() {
      elements.append(try read(JSONReader(file: file, keyPath: "\(keyPath)[\(index)]", value: value)))
    }
    return elements
  }

  /// Whether it is an object with that key.
  package func hasKey(_ key: String) -> Bool {
    guard case .object(let members) = value else { return false }
    return members.contains { $0.key == key }
  }

  /// An object that has no other keys than these.
  package func object(_ keys: String...) throws(ScenarioFileError) -> JSONObjectReader {
    guard case .object(let members) = value else {
      throw mismatch("an object with the keys \(keys.joined(separator: ", "))")
    }
    for member in members where !keys.contains(member.key) {
      throw child(member.key, member.value).failure(
        "is no known key", allowed: keys.joined(separator: ", "),
        suggestion: Nearest.name(to: member.key, in: keys))
    }
    return JSONObjectReader(reader: self, members: members)
  }

  /// An object of exactly one of these keys, which says what it is, with its content; or the key alone, as a string, where the
  /// content is all defaults.
  package func tagged(_ keys: String...) throws(ScenarioFileError) -> (key: String, content: JSONReader) {
    let key: String
    let content: JSONValue
    switch value {
    case .string(let string): (key, content) = (string, .object([]))
    case .object(let members) where members.count == 1: (key, content) = (members[0].key, members[0].value)
    default: throw mismatch("an object with exactly one of the keys \(keys.joined(separator: ", "))")
    }
    guard keys.contains(key) else {
      throw failure(
        "is \(JSONValue.string(key).summary), which is unknown", allowed: keys.joined(separator: ", "),
        suggestion: Nearest.name(to: key, in: keys))
    }
    return (key, child(key, content))
  }
}

/// The members of an object whose keys are known.
package struct JSONObjectReader {
  let reader: JSONReader
  let members: [JSONValue.Member]

  /// The member's value; nil where it is absent or null.
  package func optional(_ key: String) -> JSONReader? {
    members.first { $0.key == key && $0.value != .null }.map { reader.child(key, $0.value) }
  }

  /// The member's value; `allowed` says what belongs there if it is absent.
  package func required(_ key: String, _ allowed: String) throws(ScenarioFileError) -> JSONReader {
    if let value = optional(key) { return value }
    throw reader.child(key, .null).failure("is missing", allowed: allowed)
  }

  package func optional<Value>(
    _ key: String, _ read: (JSONReader) throws(ScenarioFileError) -> Value
  ) throws(ScenarioFileError) -> Value? {
    guard let value = optional(key) else { return nil }
    return try read(value)
  }
}

extension JSONValue {
  /// What it is, short enough for a sentence.
  var summary: String {
    switch self {
    case .null: return "null"
    case .array(let values): return "a list of \(values.count)"
    case .object(let members):
      return members.isEmpty
        ? "an empty object" : "an object with \(members.map(\.key).joined(separator: ", "))"
    case .string(let string) where string.count > 40: return "a string of \(string.count) characters"
    default: return JSONWriter.line(of: self)
    }
  }
}

extension [String] {
  var quotedList: String { map { "\"\($0)\"" }.joined(separator: ", ") }
}
