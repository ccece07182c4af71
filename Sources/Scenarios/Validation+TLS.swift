import Steps

extension ScenarioChecker {
  mutating func check(_ tls: ServerTLS) {
    if tls.versions.isEmpty || Set(tls.versions).count < tls.versions.count {
      report(
        "server.tls.versions", "is \(tls.versions.isEmpty ? "empty" : "no list of different versions")",
        allowed: "\(ServerTLS.Version.allCases.map(\.rawValue).quotedList), or one of them")
    }
    for (key, text) in [
      ("groups", tls.groups), ("ciphers", tls.ciphers), ("cipherSuites", tls.cipherSuites),
    ] where text == "" {
      report("server.tls.\(key)", "is empty", allowed: "names as OpenSSL has them, with colons between")
    }
    if tls.warnsOfNames, !tls.versions.contains(.v1_2) {
      report(
        "server.tls.warnsOfNames", "stands there without TLS 1.2, which alone has warnings", allowed: "false")
    }
    let steps = scenario.server.connections.flatMap(\.steps)
    if steps.contains(.renegotiateTLS), tls.versions != [.v1_2] {
      report(
        "server.tls.versions",
        "does not stand for TLS 1.2 alone, beside a step renegotiateTLS that no other version has",
        allowed: "[\"1.2\"]")
    }
    if tls.fault != nil, !steps.isEmpty {
      report(
        "server.tls.fault", "stands beside steps, which no connection will come to", allowed: "no steps")
    }
  }

  /// Both sides speak TLS, or none does; a URL of the step's own says the same as the step.
  mutating func checkTLS(_ connect: ConnectStep, _ keyPath: String) {
    let url = connect.url.map { $0.lowercased() }
    if let tls = connect.tls {
      if scenario.server.tls == nil {
        report("\(keyPath).tls", "stands there although the server speaks no TLS", allowed: "no such key")
      }
      if let url, !url.hasPrefix("wss:") {
        report("\(keyPath).url", "is no wss URL although tls is given", allowed: "a URL with the scheme wss")
      }
      if tls.trust == .severalAuthorities, tls.form != .pem {
        report("\(keyPath).tls.form", "is \"der\", which holds one certificate", allowed: "\"pem\"")
      }
    } else if scenario.server.tls != nil {
      report("\(keyPath).tls", "is missing although the server speaks TLS", allowed: "an object, such as {}")
    }
  }
}
