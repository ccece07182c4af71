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
