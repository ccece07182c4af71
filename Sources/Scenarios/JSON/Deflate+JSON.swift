import Steps

extension DeflateAnswer {
  /// Only what differs from the default, so that an offer taken as it is reads `{"deflate": {}}`.
  var json: JSONValue {
    .members(
      ("serverNoContextTakeover", serverNoContextTakeover ? .bool(true) : nil),
      ("clientNoContextTakeover", clientNoContextTakeover ? .bool(true) : nil),
      ("serverMaxWindowBits", serverMaxWindowBits.map(JSONValue.integer)),
      ("clientMaxWindowBits", clientMaxWindowBits.map(JSONValue.integer)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object(
      "serverNoContextTakeover", "clientNoContextTakeover", "serverMaxWindowBits", "clientMaxWindowBits")
    self.init()
    if let value = object.optional("serverNoContextTakeover") { serverNoContextTakeover = try value.bool() }
    if let value = object.optional("clientNoContextTakeover") { clientNoContextTakeover = try value.bool() }
    if let value = object.optional("serverMaxWindowBits") {
      serverMaxWindowBits = try value.integer(Self.windowBits)
    }
    if let value = object.optional("clientMaxWindowBits") {
      clientMaxWindowBits = try value.integer(Self.windowBits)
    }
  }
}

extension MessageSpec {
  var json: JSONValue {
    .members(
      ("kind", .string(kind.rawValue)), ("payload", payload.jsonUnlessEmpty),
      ("isCompressed", isCompressed ? nil : .bool(false)),
      ("blocks", blocks == .normal ? nil : .string(blocks.rawValue)),
      ("usesContext", usesContext ? nil : .bool(false)), ("deflated", deflated.map(\.json)),
      ("fragments", fragments == .count(1) ? nil : fragments.json), ("pingBetween", pingBetween.map(\.json)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object(
      "kind", "payload", "isCompressed", "blocks", "usesContext", "deflated", "fragments", "pingBetween")
    let kind = try object.required("kind", "\"text\" or \"binary\"").choice(ServerStep.MessageKind.self)
    self.init(kind, try object.payload("payload") ?? .empty, deflated: try object.payload("deflated"))
    if let value = object.optional("isCompressed") { isCompressed = try value.bool() }
    if let value = object.optional("blocks") { blocks = try value.choice(Blocks.self) }
    if let value = object.optional("usesContext") { usesContext = try value.bool() }
    if let value = object.optional("fragments") { fragments = try Fragments(json: value) }
    pingBetween = try object.payload("pingBetween")
  }
}

extension MessageSpec.Fragments {
  var json: JSONValue {
    switch self {
    case .count(let count): .tagged("count", .integer(count))
    case .size(let size): .tagged("size", .integer(size))
    case .sizes(let sizes): .tagged("sizes", .array(sizes.map(JSONValue.integer)))
    }
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let (kind, content) = try reader.tagged("count", "size", "sizes")
    if kind == "sizes" {
      self = .sizes(
        try content.list { (size) throws(ScenarioFileError) in try size.integer(0...65536) })
      return
    }
    let number = try content.integer(1...65536)
    self = kind == "count" ? .count(number) : .size(number)
  }
}
