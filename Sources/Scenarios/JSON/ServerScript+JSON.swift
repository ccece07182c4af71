import Steps

extension ServerScript {
  var json: JSONValue {
    .members(
      ("ownPort", ownPort ? .bool(true) : nil), ("port", port.map { .integer(Int($0)) }),
      ("tls", tls.map(\.json)),
      ("connections", .array(connections.map(\.json))))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("ownPort", "port", "tls", "connections")
    let connections = try object.required("connections", "a list of connections")
      .list(ConnectionScript.init(json:))
    self.init(connections: connections)
    if let value = object.optional("ownPort") { ownPort = try value.bool() }
    if let value = object.optional("port") { port = UInt16(try value.integer(1...65535)) }
    if let value = object.optional("tls") { tls = try ServerTLS(json: value) }
  }
}

extension ConnectionScript {
  var json: JSONValue {
    .members(
      ("name", .string(name)), ("steps", .array(steps.map(\.json))), ("ending", .string(ending.rawValue)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("name", "steps", "ending")
    let steps = try object.required("steps", "a list of server steps").list(ServerStep.init(json:))
    self.init(name: "main", steps: steps)
    if let value = object.optional("name") { name = try value.string() }
    if let value = object.optional("ending") { ending = try value.choice(ServerScript.Ending.self) }
  }
}

/// The longest pause of a step: longer ones belong into no suite.
let allowedPauses = 0...10_000
/// How far a schedule reaches, in milliseconds.
let allowedSchedule = 0...600_000

extension ServerStep {
  /// Steps without content are written as a string alone.
  var json: JSONValue {
    switch self {
    case .respond(let response): .tagged("respond", response.json)
    case .sendFrame(let frame): .tagged("sendFrame", frame.json)
    case .sendMessage(let message): .tagged("sendMessage", message.json)
    case .sendBytes(let payload): .tagged("sendBytes", payload.json)
    case .expectFrame(let expectation): .tagged("expectFrame", expectation.json)
    case .expectMessage(let kind, let payload):
      .tagged(
        "expectMessage",
        .members(("kind", kind.map { .string($0.rawValue) }), ("payload", payload.map(\.json))))
    case .expectClose: .string("expectClose")
    case .expectEnd: .string("expectEnd")
    case .pause(let milliseconds): .tagged("pause", .members(("milliseconds", .integer(milliseconds))))
    case .waitUntil(let milliseconds):
      .tagged("waitUntil", .members(("milliseconds", .integer(milliseconds))))
    case .stopReading: .string("stopReading")
    case .resumeReading: .string("resumeReading")
    case .halfClose: .string("halfClose")
    case .closeTCP: .string("closeTCP")
    case .resetTCP: .string("resetTCP")
    case .truncateTLS: .string("truncateTLS")
    case .cutTLS(let count): .tagged("cutTLS", .members(("afterBytes", .integer(count))))
    case .renegotiateTLS: .string("renegotiateTLS")
    case .barrier(let name): .tagged("barrier", .string(name))
    }
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let (kind, content) = try reader.tagged(
      "respond", "sendFrame", "sendMessage", "sendBytes", "expectFrame", "expectMessage", "expectClose",
      "expectEnd",
      "pause", "waitUntil", "stopReading", "resumeReading", "halfClose", "closeTCP", "resetTCP",
      "truncateTLS",
      "cutTLS", "renegotiateTLS", "barrier")
    switch kind {
    case "respond": self = .respond(try OpeningResponse(json: content))
    case "sendFrame": self = .sendFrame(try FrameSpec(json: content))
    case "sendMessage": self = .sendMessage(try MessageSpec(json: content))
    case "sendBytes": self = .sendBytes(try Payload(json: content))
    case "expectFrame": self = .expectFrame(try FrameExpectation(json: content))
    case "expectMessage": self = try Self.expectMessage(json: content)
    case "pause":
      let object = try content.object("milliseconds")
      self = .pause(
        milliseconds: try object.required("milliseconds", "a number").integer(allowedPauses))
    case "waitUntil":
      let object = try content.object("milliseconds")
      self = .waitUntil(
        milliseconds: try object.required("milliseconds", "a number").integer(allowedSchedule))
    case "cutTLS": self = .cutTLS(afterBytes: try content.bytesOfTLS())
    case "barrier": self = .barrier(try content.string())
    default: self = try Self.plain(kind, content)
    }
  }

  private static func plain(
    _ kind: String, _ content: JSONReader
  ) throws(ScenarioFileError) -> ServerStep {
    guard content.value == .object([]) else { throw content.mismatch("nothing: write \"\(kind)\" alone") }
    switch kind {
    case "expectClose": return .expectClose
    case "expectEnd": return .expectEnd
    case "stopReading": return .stopReading
    case "resumeReading": return .resumeReading
    case "halfClose": return .halfClose
    case "closeTCP": return .closeTCP
    case "truncateTLS": return .truncateTLS
    case "renegotiateTLS": return .renegotiateTLS
    default: return .resetTCP
    }
  }

  private static func expectMessage(json reader: JSONReader) throws(ScenarioFileError) -> ServerStep {
    let object = try reader.object("kind", "payload")
    let kind = try object.optional("kind") { (value) throws(ScenarioFileError) in
      try value.choice(MessageKind.self)
    }
    return .expectMessage(kind: kind, payload: try object.payload("payload"))
  }
}
