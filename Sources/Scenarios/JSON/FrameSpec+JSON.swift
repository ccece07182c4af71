import Steps
import WebSocketProtocol

/// Opcodes are written by name, reserved ones by number.
enum OpcodeName {
  static let names = ["continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10]

  static func json(_ opcode: UInt8) -> JSONValue {
    names.first { $0.value == Int(opcode) }.map { .string($0.key) } ?? .integer(Int(opcode))
  }

  static func opcode(json reader: JSONReader) throws(ScenarioFileError) -> UInt8 {
    let sorted = names.sorted { $0.value < $1.value }.map(\.key)
    let allowed = "\(sorted.quotedList), or a number from 0 to 15"
    switch reader.value {
    case .integer(let number) where (0...15).contains(number): return UInt8(number)
    case .string(let name):
      if let number = names[name] { return UInt8(number) }
      throw reader.mismatch(
        allowed, suggestion: Nearest.name(to: name, in: sorted).map { "\"\($0)\"" })
    default: throw reader.mismatch(allowed)
    }
  }
}

extension FrameSpec {
  var json: JSONValue {
    .members(
      ("opcode", OpcodeName.json(opcode.rawValue)), ("payload", payload.jsonUnlessEmpty),
      ("isFinal", isFinal ? nil : .bool(false)),
      ("reservedBits", reservedBits == 0 ? nil : .integer(Int(reservedBits))),
      ("maskingKey", maskingKey.map { .string(Self.hex($0)) }),
      ("lengthEncoding", lengthEncoding == .minimal ? nil : .string(lengthEncoding.rawValue)),
      ("declaredLength", declaredLength.map { $0 > Int.max ? .unsigned($0) : .integer(Int($0)) }))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object(
      "opcode", "payload", "isFinal", "reservedBits", "maskingKey", "lengthEncoding", "declaredLength")
    let opcode = try OpcodeName.opcode(
      json: try object.required("opcode", "the name or the number of an opcode"))
    self.init(Opcode(rawValue: opcode), try object.payload("payload") ?? .empty)
    if let value = object.optional("isFinal") { isFinal = try value.bool() }
    if let value = object.optional("reservedBits") { reservedBits = UInt8(try value.integer(0...7)) }
    if let value = object.optional("maskingKey") { maskingKey = try Self.maskingKey(json: value) }
    if let value = object.optional("lengthEncoding") {
      lengthEncoding = try value.choice(LengthEncoding.self)
    }
    if let value = object.optional("declaredLength") { declaredLength = try value.unsigned() }
  }

  private static func hex(_ key: UInt32) -> String {
    Hexadecimal.text([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: key >> $0) })
  }

  private static func maskingKey(json reader: JSONReader) throws(ScenarioFileError) -> UInt32 {
    guard let bytes = try? reader.hex(), bytes.count == 4 else {
      throw reader.mismatch("eight hexadecimal digits, such as \"37fa213d\"")
    }
    return bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }
}

extension FrameExpectation {
  var json: JSONValue {
    .members(
      ("opcode", opcode.map(OpcodeName.json)), ("payload", payload.map(\.json)),
      ("isFinal", isFinal.map(JSONValue.bool)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("opcode", "payload", "isFinal")
    self.init(payload: try object.payload("payload"))
    if let value = object.optional("opcode") { opcode = try OpcodeName.opcode(json: value) }
    if let value = object.optional("isFinal") { isFinal = try value.bool() }
  }
}
