import Foundation

/// A JSON value (RFC 8259) whose objects keep the order of their members, so that an exported file is the same at every export.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// Above `Int.max`: only a declared payload length gets there.
  case unsigned(UInt64)
  case double(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// A member of an object.
  struct Member: Hashable, Sendable {
    var key: String
    var value: JSONValue

    init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// An object of the members that have a value.
  static func members(_ members: (String, JSONValue?)...) -> JSONValue {
    .object(members.compactMap { key, value in value.map { Member(key, $0) } })
  }

  /// An object of one member: how a step, an edit or a payload names its kind.
  static func tagged(_ key: String, _ value: JSONValue) -> JSONValue { .object([Member(key, value)]) }
}

extension JSONValue: Decodable {
  /// Takes any JSON value. Members come in alphabetical order, since a decoder does not keep theirs.
  init(from decoder: any Decoder) throws {
    // Strings and objects first: they are the most, and each wrong guess costs an error.
    let container = try decoder.singleValueContainer()
    if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let keyed = try? decoder.container(keyedBy: AnyKey.self) {
      let keys = keyed.allKeys.sorted { $0.stringValue < $1.stringValue }
      self = .object(
        try keys.map { Member($0.stringValue, try keyed.decode(JSONValue.self, forKey: $0)) })
    } else if var list = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !list.isAtEnd { values.append(try list.decode(JSONValue.self)) }
      self = .array(values)
    } else {
      self = Self.scalar(container)
    }
  }

  private static func scalar(_ container: any SingleValueDecodingContainer) -> JSONValue {
    if let integer = try? container.decode(Int.self) { return .integer(integer) }
    if let bool = try? container.decode(Bool.self) { return .bool(bool) }
    if let unsigned = try? container.decode(UInt64.self) { return .unsigned(unsigned) }
    if let double = try? container.decode(Double.self) { return .double(double) }
    return .null
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
