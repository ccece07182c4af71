import Steps

// The kinds of scenarios over TLS.

/// A scenario over TLS, whose client is told what `told` says.
private func overTLS(
  _ slug: String, _ rule: Rule, _ description: String, _ expectation: String, tag: String, server: ServerTLS,
  told: ClientTLS, url: String?, steps: [ServerStep], ending: ServerScript.Ending, expected: Expected,
  dispute: String? = nil, deliveries: [Delivery] = .wholeOnly
) -> Scenario {
  var script = ServerScript(steps, ending: ending)
  script.tls = server
  let connect = ConnectStep(url: url, tls: told)
  return Scenario(
    id: slug, description: description, expectation: expectation, rfc: rule.section,
    requirement: rule.requirement, dispute: dispute, tags: [tag] + (dispute == nil ? [] : ["disputed"]),
    server: script, client: ClientScript([.connect(connect), .echo()]), expected: expected,
    deliveries: deliveries)
}

/// TLS that the client must speak, with a message that goes back and forth.
func secured(
  _ slug: String, _ rule: Rule, _ description: String, _ expectation: String = "Connects, and echoes.",
  tag: String, by server: ServerTLS = ServerTLS(), told: ClientTLS = ClientTLS(), url: String? = nil,
  ending: ServerScript.Ending = .closingHandshake, deliveries: [Delivery] = .wholeOnly,
  steps: [ServerStep] = echo("hello")
) -> Scenario {
  overTLS(
    slug, rule, description, expectation, tag: tag, server: server, told: told, url: url, steps: steps,
    ending: ending, expected: Expected(), deliveries: deliveries)
}

/// TLS that the client must not take for a connection. Who does so is greeted, and sees the end.
func unsecured(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String = "Fails the connection in the TLS handshake, and sends no request.", tag: String,
  by server: ServerTLS = ServerTLS(), told: ClientTLS = ClientTLS(), url: String? = nil,
  greets: Bool = true
) -> Scenario {
  overTLS(
    slug, rule, description, expectation, tag: tag, server: server, told: told, url: url,
    steps: greets ? [.text("hello")] : [], ending: .endOfStream, expected: Expected(opening: .refused))
}

/// TLS that some clients cannot or will not speak: who can echoes, and who cannot refuses in an orderly way.
func perhapsSecured(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String = "Connects, or fails the connection in the TLS handshake, without hanging.",
  tag: String, because dispute: String, by server: ServerTLS = ServerTLS(), told: ClientTLS = ClientTLS(),
  url: String? = nil
) -> Scenario {
  overTLS(
    slug, rule, description, expectation, tag: tag, server: server, told: told, url: url,
    steps: echo("hello"), ending: .closingHandshake, expected: Expected(opening: .either), dispute: dispute)
}

extension ClientTLS {
  /// Verifies the server by the bench's authority.
  static let verifying = ClientTLS(certReqs: 2, trust: .authority)
}

extension TLSKey {
  /// In sentences.
  var words: String {
    switch self {
    case .rsa2048: "an RSA key of 2048 bits"
    case .rsa3072: "an RSA key of 3072 bits"
    case .p256: "a P-256 key"
    case .p384: "a P-384 key"
    }
  }
}
