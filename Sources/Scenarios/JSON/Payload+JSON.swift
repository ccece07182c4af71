import Steps
import WebSocketProtocol

extension Payload {
  var json: JSONValue {
    switch self {
    case .text(let text): .tagged("text", .string(text))
    case .bytes(let bytes): .tagged("hex", .string(Hexadecimal.text(bytes)))
    case .repeated(let unit, let count): .tagged("repeat", Self.json(unit: unit, count: count))
    case .random(let count, let kind):
      .tagged("random", .members(("count", .integer(count)), ("kind", .string(kind.rawValue))))
    }
  }

  /// Printable units are written as text, since both forms mean the same bytes.
  private static func json(unit: [UInt8], count: Int) -> JSONValue {
    let isPrintable = !unit.isEmpty && unit.allSatisfy { (0x20...0x7E).contains($0) }
    let text: JSONValue? = isPrintable ? .string(String(decoding: unit, as: UTF8.self)) : nil
    return .members(
      ("text", text), ("hex", isPrintable ? nil : .string(Hexadecimal.text(unit))), ("count", .integer(count))
    )
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let (kind, content) = try reader.tagged("text", "hex", "repeat", "random")
    switch kind {
    case "text": self = .text(try content.string())
    case "hex": self = .bytes(try content.hex())
    case "repeat": self = try Self.repeated(json: content)
    default:
      let object = try content.object("count", "kind")
      let count = try object.required("count", "the number of bytes").integer(Self.allowedCounts)
      let kind = try object.optional("kind") { (reader) throws(ScenarioFileError) in
        try reader.choice(RandomKind.self)
      }
      self = .random(count: count, kind: kind ?? .binary)
    }
  }

  /// Up to 16 MiB: more than a board holds, less than what a typing error could ask for.
  private static let allowedCounts = 0...(16 << 20)

  private static func repeated(json reader: JSONReader) throws(ScenarioFileError) -> Payload {
    let object = try reader.object("text", "hex", "count")
    let unit: [UInt8]
    if let text = object.optional("text") {
      guard object.optional("hex") == nil else {
        throw reader.mismatch("count, and either text or hex")
      }
      unit = Array(try text.string().utf8)
    } else {
      unit = try object.required("hex", "hexadecimal digits, or text in place of hex").hex()
    }
    let most = allowedCounts.upperBound / max(unit.count, 1)
    let count = try object.required("count", "how often the unit is repeated").integer(0...most)
    return .repeated(unit: unit, count: count)
  }

  /// Nil for no bytes at all, which is the default wherever a payload stands.
  var jsonUnlessEmpty: JSONValue? { self == .empty ? nil : json }
}

extension JSONObjectReader {
  func payload(_ key: String) throws(ScenarioFileError) -> Payload? {
    guard let value = optional(key) else { return nil }
    return try Payload(json: value)
  }
}
