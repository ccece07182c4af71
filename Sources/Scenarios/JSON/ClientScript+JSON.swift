import Steps

extension ClientScript {
  var json: JSONValue { .members(("tasks", .array(tasks.map(\.json)))) }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("tasks")
    self.init(tasks: try object.required("tasks", "a list of tasks").list(ClientTask.init(json:)))
  }
}

extension ClientTask {
  var json: JSONValue { .members(("name", .string(name)), ("steps", .array(steps.map(\.json)))) }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("name", "steps")
    let steps = try object.required("steps", "a list of client steps").list(ClientStep.init(json:))
    self.init(name: "main", steps: steps)
    if let value = object.optional("name") { name = try value.string() }
  }
}

extension ConnectStep {
  var json: JSONValue {
    let standard = ConnectStep()
    return .members(
      ("connection", connection == standard.connection ? nil : .string(connection)),
      ("target", target == standard.target ? nil : .string(target)), ("url", url.map(JSONValue.string)),
      ("headers", headers.isEmpty ? nil : .array(headers.map(\.json))),
      ("subprotocols", subprotocols.isEmpty ? nil : .array(subprotocols.map(JSONValue.string))),
      ("compression", compression ? .bool(true) : nil), ("tls", tls.map(\.json)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object(
      "connection", "target", "url", "headers", "subprotocols", "compression", "tls")
    self.init()
    if let value = object.optional("connection") { connection = try value.string() }
    if let value = object.optional("target") { target = try value.string() }
    if let value = object.optional("url") { url = try value.string() }
    if let value = object.optional("headers") { headers = try value.list(HeaderField.init(json:)) }
    if let value = object.optional("subprotocols") { subprotocols = try value.strings() }
    if let value = object.optional("compression") { compression = try value.bool() }
    if let value = object.optional("tls") { tls = try ClientTLS(json: value) }
  }
}

extension JSONReader {
  func strings() throws(ScenarioFileError) -> [String] {
    try list { (reader) throws(ScenarioFileError) in try reader.string() }
  }
}

extension ClientStep {
  var json: JSONValue {
    switch self {
    case .connect(let step): .tagged("connect", step.json)
    case .echo(let connection, let count):
      Self.json("echo", connection, ("count", count.map(JSONValue.integer)))
    case .receive(let connection, let count):
      Self.json("receive", connection, ("count", count.map(JSONValue.integer)))
    case .send(let connection, let kind, let payload):
      Self.json("send", connection, ("kind", .string(kind.rawValue)), ("payload", payload.json))
    case .ping(let connection, let payload):
      Self.json("ping", connection, ("payload", payload.jsonUnlessEmpty))
    case .close(let connection, let code, let reason):
      Self.json(
        "close", connection, ("code", code.map { .integer(Int($0)) }),
        ("reason", reason.map(JSONValue.string)))
    case .start(let task): .tagged("start", .string(task))
    case .join(let task): .tagged("join", .string(task))
    case .cancel(let task): .tagged("cancel", .string(task))
    case .barrier(let name): .tagged("barrier", .string(name))
    case .pause(let milliseconds): .tagged("pause", .members(("milliseconds", .integer(milliseconds))))
    case .measure(let counts):
      .tagged("measure", .members(("countsAllocations", counts ? .bool(true) : nil)))
    case .watchLoad: .string("watchLoad")
    }
  }

  private static func json(
    _ kind: String, _ connection: String, _ members: (String, JSONValue?)...
  ) -> JSONValue {
    let name: JSONValue? = connection == "main" ? nil : .string(connection)
    let all = [("connection", name)] + members
    return .tagged(kind, .object(all.compactMap { key, value in value.map { JSONValue.Member(key, $0) } }))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let (kind, content) = try reader.tagged(
      "connect", "echo", "receive", "send", "ping", "close", "start", "join", "cancel", "barrier", "pause",
      "measure", "watchLoad")
    switch kind {
    case "connect": self = .connect(try ConnectStep(json: content))
    case "echo", "receive":
      let object = try content.object("connection", "count")
      let connection = try object.connection()
      let count = try object.optional("count") { (value) throws(ScenarioFileError) in
        try value.integer(0...1_000_000)
      }
      self =
        kind == "echo"
        ? .echo(connection: connection, count: count) : .receive(connection: connection, count: count)
    case "start": self = .start(task: try content.string())
    case "join": self = .join(task: try content.string())
    case "cancel": self = .cancel(task: try content.string())
    case "barrier": self = .barrier(try content.string())
    case "pause":
      let object = try content.object("milliseconds")
      self = .pause(
        milliseconds: try object.required("milliseconds", "a number").integer(allowedPauses))
    case "measure":
      let object = try content.object("countsAllocations")
      self = .measure(countsAllocations: try object.optional("countsAllocations")?.bool() ?? false)
    case "watchLoad":
      guard content.value == .object([]) else { throw content.mismatch("nothing: write \"watchLoad\" alone") }
      self = .watchLoad
    default: self = try Self.sending(kind, content)
    }
  }

  private static func sending(
    _ kind: String, _ content: JSONReader
  ) throws(ScenarioFileError) -> ClientStep {
    switch kind {
    case "send":
      let object = try content.object("connection", "kind", "payload")
      let kind = try object.required("kind", "\"text\" or \"binary\"").choice(ServerStep.MessageKind.self)
      return .send(
        connection: try object.connection(), kind: kind, payload: try object.payload("payload") ?? .empty)
    case "ping":
      let object = try content.object("connection", "payload")
      return .ping(connection: try object.connection(), payload: try object.payload("payload") ?? .empty)
    default:
      let object = try content.object("connection", "code", "reason")
      var code: UInt16?
      if let value = object.optional("code") { code = UInt16(try value.integer(0...65535)) }
      return .close(
        connection: try object.connection(), code: code, reason: try object.optional("reason")?.string())
    }
  }
}

extension JSONObjectReader {
  func connection() throws(ScenarioFileError) -> String { try optional("connection")?.string() ?? "main" }
}
