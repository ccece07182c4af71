import Steps

extension OpeningResponse {
  var json: JSONValue {
    switch self {
    case .accept(let edits): .tagged("accept", .array(edits.map(\.json)))
    case .raw(let payload): .tagged("raw", payload.json)
    }
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let (kind, content) = try reader.tagged("accept", "raw")
    if kind == "raw" {
      self = .raw(try Payload(json: content))
    } else {
      let edits = content.value == .object([]) ? [] : try content.list(HeadEdit.init(json:))
      self = .accept(edits: edits)
    }
  }
}

extension OpeningResponse.HeadEdit {
  var json: JSONValue {
    switch self {
    case .statusLine(let line): .tagged("statusLine", .string(line))
    case .set(let name, let value): .tagged("set", ConnectStep.HeaderField(name, value).json)
    case .add(let name, let value): .tagged("add", ConnectStep.HeaderField(name, value).json)
    case .remove(let name): .tagged("remove", .string(name))
    case .rename(let name, let new):
      .tagged("rename", .members(("name", .string(name)), ("to", .string(new))))
    case .append(let payload): .tagged("append", payload.json)
    case .subprotocol(let name): .tagged("subprotocol", .string(name))
    case .accept(let form): .tagged("accept", .string(form.rawValue))
    case .deflate(let answer): .tagged("deflate", answer.json)
    }
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let (kind, content) = try reader.tagged(
      "statusLine", "set", "add", "remove", "rename", "append", "subprotocol", "accept", "deflate")
    switch kind {
    case "statusLine": self = .statusLine(try content.string())
    case "set":
      let field = try ConnectStep.HeaderField(json: content)
      self = .set(name: field.name, value: field.value)
    case "add":
      let field = try ConnectStep.HeaderField(json: content)
      self = .add(name: field.name, value: field.value)
    case "remove": self = .remove(name: try content.string())
    case "rename":
      let object = try content.object("name", "to")
      let name = try object.required("name", "the header's name").string()
      self = .rename(name: name, to: try object.required("to", "the name in another case").string())
    case "append": self = .append(try Payload(json: content))
    case "accept": self = .accept(try content.choice(AcceptForm.self))
    case "deflate": self = .deflate(try DeflateAnswer(json: content))
    default: self = .subprotocol(try content.string())
    }
  }
}

extension ConnectStep.HeaderField {
  var json: JSONValue { .members(("name", .string(name)), ("value", .string(value))) }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("name", "value")
    let name = try object.required("name", "the header's name").string()
    self.init(name, try object.required("value", "the header's value").string())
  }
}
