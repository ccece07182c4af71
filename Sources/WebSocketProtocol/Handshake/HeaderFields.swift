/// Header fields in the order in which they stand in a head; names compare without regard to case, and may repeat
/// (RFC 7230 section 3.2).
public struct HeaderFields: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  /// One field.
  public struct Field: Hashable, Sendable {
    /// The name as written.
    public let name: String
    /// The value without white space around it.
    public let value: String

    /// Creates a field.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The fields in order.
  public private(set) var fields: [Field]

  /// Creates header fields.
  public init(_ fields: [Field] = []) { self.fields = fields }

  /// Creates header fields in the order of the literal.
  public init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field($0, $1) }
  }

  /// Appends a field.
  public mutating func append(_ name: String, _ value: String) { fields.append(Field(name, value)) }

  /// The values of all fields of a name, in order.
  public subscript(all name: String) -> [String] {
    let wanted = name.lowercased()
    return fields.filter { $0.name.lowercased() == wanted }.map(\.value)
  }

  /// The first value of a name.
  public subscript(name: String) -> String? { self[all: name].first }

  /// The elements of a comma-separated list over all fields of a name, without empty ones (RFC 7230 section 7).
  public func list(_ name: String) -> [String] {
    self[all: name].flatMap { value in
      value.split(separator: ",").compactMap { element in
        let trimmed = element.trimmingOptionalWhiteSpace
        return trimmed.isEmpty ? nil : String(trimmed)
      }
    }
  }

  /// The first field that cannot be sent: a name that is no token, or a value with a control character, which could
  /// smuggle a line break into the head.
  var firstUnsendable: Field? {
    fields.first { !ASCII.isToken($0.name) || !$0.value.utf8.allSatisfy(ASCII.isFieldValue) }
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  var trimmingOptionalWhiteSpace: Substring {
    var text = self
    while let first = text.utf8.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
    while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
    return text
  }
}
