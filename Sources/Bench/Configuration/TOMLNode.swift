import TOMLKit

/// A TOML document as a value.
enum TOMLNode: Sendable, Hashable {
  case table([String: TOMLNode])
  case array([TOMLNode])
  case string(String)
  case integer(Int)
  case boolean(Bool)
  /// What `wsrig.toml` has no use for: numbers with a fraction, dates, times.
  case other

  /// Where a text is no TOML, and why.
  struct SyntaxError: Error, Hashable {
    var line: Int
    var reason: String
  }

  /// Parses a document.
  static func document(_ text: String) throws(SyntaxError) -> [String: TOMLNode] {
    do {
      return content(of: try TOMLTable(string: text))
    } catch let error as TOMLParseError {
      throw SyntaxError(line: error.source.begin.line, reason: error.description)
    } catch {
      throw SyntaxError(line: 1, reason: "\(error)")
    }
  }

  private static func content(of table: TOMLTable) -> [String: TOMLNode] {
    // The values point into the table, which must outlive them.
    withExtendedLifetime(table) {
      Dictionary(uniqueKeysWithValues: table.map { ($0.0, TOMLNode($0.1)) })
    }
  }

  private init(_ value: any TOMLValueConvertible) {
    if let table = value.table {
      self = .table(Self.content(of: table))
    } else if let array = value.array {
      self = .array(array.map { TOMLNode($0) })
    } else if let text = value.string {
      self = .string(text)
    } else if let number = value.int {
      self = .integer(number)
    } else if let flag = value.bool {
      self = .boolean(flag)
    } else {
      self = .other
    }
  }

  /// What it is, in words, without its content: that may be a secret which somebody wrote in the wrong place.
  var kind: String {
    switch self {
    case .table: "a table"
    case .array: "an array"
    case .string: "a string"
    case .integer: "a whole number"
    case .boolean: "true or false"
    case .other: "a number with a fraction, a date or a time"
    }
  }
}
