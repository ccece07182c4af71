import FuzzSupport

@testable import Configuration

/// `wsrig.toml` down to its values: whatever stands in it, it is read or refused with its file and line.
enum TOMLTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    let text = String(decoding: input.payload, as: UTF8.self)
    check { () throws(ConfigurationError) in try walk(TOMLReader(text: text, file: "wsrig.toml")) }
  }

  /// Asks every value for everything.
  private static func walk(_ reader: TOMLReader) throws(ConfigurationError) {
    guard case .table = reader.node else { return ask(reader) }
    for (_, value) in try reader.entries() { try walk(value) }
  }

  private static func ask(_ value: TOMLReader) {
    check { () throws(ConfigurationError) in _ = try value.string() }
    check { () throws(ConfigurationError) in _ = try value.strings("texts") }
    check { () throws(ConfigurationError) in _ = try value.integer(1...9) }
    check { () throws(ConfigurationError) in _ = try value.boolean() }
    check { () throws(ConfigurationError) in _ = try value.table(["name"]) }
  }

  private static func check(_ read: () throws(ConfigurationError) -> Void) {
    do throws(ConfigurationError) { try read() } catch {
      precondition(error.description.hasPrefix("wsrig.toml, line "), "the error names no line: \(error)")
    }
  }
}
