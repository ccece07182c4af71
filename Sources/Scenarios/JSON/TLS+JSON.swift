import Steps

extension ServerTLS {
  /// Only what differs from the default, so that a lawful server reads `"tls": {}`.
  var json: JSONValue {
    let standard = ServerTLS()
    return .members(
      ("key", key == standard.key ? nil : .string(key.rawValue)),
      ("chain", chain == standard.chain ? nil : .string(chain.rawValue)),
      ("certificate", certificate == standard.certificate ? nil : .string(certificate.rawValue)),
      ("versions", versions == standard.versions ? nil : .array(versions.map { .string($0.rawValue) })),
      ("groups", groups.map(JSONValue.string)), ("ciphers", ciphers.map(JSONValue.string)),
      ("cipherSuites", cipherSuites.map(JSONValue.string)),
      (
        "clientCertificate",
        clientCertificate == standard.clientCertificate ? nil : .string(clientCertificate.rawValue)
      ),
      ("warnsOfNames", warnsOfNames ? .bool(true) : nil),
      ("recordSize", recordSize == standard.recordSize ? nil : .integer(recordSize)),
      ("writeSize", writeSize.map(JSONValue.integer)), ("fault", fault.map(\.json)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object(
      "key", "chain", "certificate", "versions", "groups", "ciphers", "cipherSuites", "clientCertificate",
      "warnsOfNames", "recordSize", "writeSize", "fault")
    self.init()
    if let value = object.optional("key") { key = try value.choice(TLSKey.self) }
    if let value = object.optional("chain") { chain = try value.choice(Chain.self) }
    if let value = object.optional("certificate") { certificate = try value.choice(Certificate.self) }
    if let value = object.optional("versions") {
      versions = try value.list { (version) throws(ScenarioFileError) in try version.choice(Version.self) }
    }
    groups = try object.optional("groups")?.string()
    ciphers = try object.optional("ciphers")?.string()
    cipherSuites = try object.optional("cipherSuites")?.string()
    if let value = object.optional("clientCertificate") {
      clientCertificate = try value.choice(ClientCertificate.self)
    }
    if let value = object.optional("warnsOfNames") { warnsOfNames = try value.bool() }
    if let value = object.optional("recordSize") { recordSize = try value.integer(1...Self.largestRecord) }
    writeSize = try object.optional("writeSize")?.integer(1...Self.largestRecord)
    if let value = object.optional("fault") { fault = try Fault(json: value) }
  }
}

/// So many bytes may leave before TLS goes wrong: more than any handshake has.
let allowedTLSBytes = 0...65536

extension ServerTLS.Fault {
  var json: JSONValue {
    switch self {
    case .alert(let description): .tagged("alert", .integer(Int(description)))
    case .instead(let payload): .tagged("instead", payload.json)
    case .stalled(let count): .tagged("stalled", .members(("afterBytes", .integer(count))))
    case .ended(let count): .tagged("ended", .members(("afterBytes", .integer(count))))
    }
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let (kind, content) = try reader.tagged("alert", "instead", "stalled", "ended")
    switch kind {
    case "alert": self = .alert(UInt8(try content.integer(0...255)))
    case "instead": self = .instead(try Payload(json: content))
    case "stalled": self = .stalled(afterBytes: try content.bytesOfTLS())
    default: self = .ended(afterBytes: try content.bytesOfTLS())
    }
  }
}

extension JSONReader {
  /// The number of `{"afterBytes": 100}`.
  func bytesOfTLS() throws(ScenarioFileError) -> Int {
    try object("afterBytes").required("afterBytes", "a number").integer(allowedTLSBytes)
  }
}

extension ClientTLS {
  /// Only what differs from the default.
  var json: JSONValue {
    let standard = ClientTLS()
    return .members(
      ("certReqs", certReqs == standard.certReqs ? nil : .integer(certReqs)),
      ("trust", trust == standard.trust ? nil : .string(trust.rawValue)),
      ("identity", identity == standard.identity ? nil : .string(identity.rawValue)),
      ("key", key == standard.key ? nil : .string(key.rawValue)),
      ("form", form == standard.form ? nil : .string(form.rawValue)))
  }

  init(json reader: JSONReader) throws(ScenarioFileError) {
    let object = try reader.object("certReqs", "trust", "identity", "key", "form")
    self.init()
    if let value = object.optional("certReqs") { certReqs = try value.integer(Self.allowedCertReqs) }
    if let value = object.optional("trust") { trust = try value.choice(Trust.self) }
    if let value = object.optional("identity") { identity = try value.choice(Identity.self) }
    if let value = object.optional("key") { key = try value.choice(TLSKey.self) }
    if let value = object.optional("form") { form = try value.choice(Form.self) }
  }
}
