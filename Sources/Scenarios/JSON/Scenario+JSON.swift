import Steps

extension Scenario {
  /// The version of the format that ``ScenarioFile`` writes.
  static let schemaVersion = 1

  /// `delivery` makes it a case, and `overTLS` one that was put over TLS.
  func json(delivery: Delivery?, overTLS: Bool = false) -> JSONValue {
    .members(
      ("schemaVersion", .integer(Self.schemaVersion)), ("id", .string(id)),
      ("description", .string(description)),
      ("expectation", expectation.isEmpty ? nil : .string(expectation)), ("rfc", .string(rfc)),
      ("requirement", .string(requirement.rawValue)),
      ("dispute", dispute.map(JSONValue.string)),
      ("tags", tags.isEmpty ? nil : .array(tags.map(JSONValue.string))), ("server", server.json),
      ("client", client == .echo ? nil : client.json),
      ("expected", expected == Expected() ? nil : expected.json),
      (
        "deliveries",
        deliveries == Delivery.allCases ? nil : .array(deliveries.map { .string($0.rawValue) })
      ),
      ("isolation", isolation == .sameInterpreter ? nil : .string(isolation.rawValue)),
      ("delivery", delivery.map { .string($0.rawValue) }), ("overTLS", overTLS ? .bool(true) : nil))
  }

  init(json object: JSONObjectReader) throws(ScenarioFileError) {
    self.init(
      id: try object.required("id", "chapter.slug, such as \"2.ping-empty\"").string(),
      description: try object.required("description", "what the server does, in one sentence").string(),
      expectation: try object.optional("expectation")?.string() ?? "",
      rfc: try object.required(
        "rfc", "a section of RFC 6455, such as \"5.5.2\", or of RFC 7692, such as \"RFC 7692 7.2.1\""
      ).string(),
      requirement: try object.required("requirement", Requirement.allCases.map(\.rawValue).quotedList)
        .choice(Requirement.self),
      dispute: try object.optional("dispute")?.string(),
      tags: try object.optional("tags")?.strings() ?? [],
      server: try ServerScript(json: try object.required("server", "an object with the key connections")))
    if let value = object.optional("client") { client = try ClientScript(json: value) }
    if let value = object.optional("expected") { expected = try Expected(json: value) }
    if let value = object.optional("deliveries") {
      deliveries = try value.list { (value) throws(ScenarioFileError) in try value.choice(Delivery.self) }
    }
    if let value = object.optional("isolation") { isolation = try value.choice(Isolation.self) }
  }
}

extension Expected {
  var json: JSONValue {
    .members(
      ("opening", opening == .accepted ? nil : .string(opening.rawValue)),
      ("closeCodes", closeCodes.map { .array($0.map { .integer(Int($0)) }) }),
      ("failure", failure.map(JSONValue.bool)), ("failFast", failFast ? .bool(true) : nil),
      ("request", request.map(\.json)), ("messageLimit", messageLimit.map(JSONValue.integer)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object(
      "opening", "closeCodes", "failure", "failFast", "request", "messageLimit")
    self.init()
    if let value = object.optional("opening") { opening = try value.choice(Opening.self) }
    if let value = object.optional("closeCodes") {
      closeCodes = try value.list { (code) throws(ScenarioFileError) in UInt16(try code.integer(0...65535)) }
    }
    if let value = object.optional("failure") { failure = try value.bool() }
    if let value = object.optional("failFast") { failFast = try value.bool() }
    if let value = object.optional("request") { request = try RequestExpectation(json: value) }
    if let value = object.optional("messageLimit") { messageLimit = try value.integer(0...Int.max) }
  }
}

extension RequestExpectation {
  var json: JSONValue {
    .members(
      ("target", target.map(JSONValue.string)),
      ("headers", headers.isEmpty ? nil : .array(headers.map(\.json))),
      ("subprotocols", subprotocols.map { .array($0.map(JSONValue.string)) }))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("target", "headers", "subprotocols")
    self.init()
    if let value = object.optional("target") { target = try value.string() }
    if let value = object.optional("headers") {
      headers = try value.list(ConnectStep.HeaderField.init(json:))
    }
    if let value = object.optional("subprotocols") { subprotocols = try value.strings() }
  }
}
