import Scenarios
import Steps
import Traces

/// TLS below the connection (RFC 6455 section 4.1, item 5), as the server saw it.
extension Rule {
  static let tls: [Rule] = [
    Rule(
      "tls-spoken", .opening, rfc: "4.1", .must, "For a wss URL the client speaks TLS before anything else."
    ) {
      $0.clearTextFindings
    },
    Rule(
      establishedID, .opening, rfc: "4.1", .must, "The client shakes hands with a server whose TLS is lawful."
    ) {
      $0.unsecuredFindings
    },
    Rule(
      "tls-refused", .opening, rfc: "4.1", .must,
      "Where the TLS handshake fails, or has to, the client fails the connection and sends no request."
    ) {
      $0.unrefusedTLSFindings
    },
    Rule("tls-server-name", .opening, rfc: "4.1", .must, "The client names the host that it wants (SNI).") {
      $0.serverNameFindings
    },
    Rule(
      "tls-client-certificate", .opening, rfc: "", .quality,
      "The client shows the certificate that the application gave, where the server asks for one."
    ) {
      $0.clientCertificateFindings
    },
  ]

  /// The rule that tells of a handshake that came to nothing.
  static let establishedID = "tls-established"
}

extension RuleContext {
  /// How the client was to speak TLS; nil where the connection is in clear.
  private var securedStep: ConnectStep? {
    scenario.speaksTLS ? application.connectStep.flatMap { $0.tls == nil ? nil : $0 } : nil
  }

  /// What the endpoints agreed on; nil where the handshake was not completed.
  var tlsFacts: TLSFacts? {
    trace?.events.lazy.compactMap { if case .secured(let facts) = $0.kind { facts } else { nil } }.first
  }

  /// How TLS failed, in the server's words, and whether the client had spoken HTTP in clear.
  private var tlsFailure: (reason: String, inClear: Bool)? {
    trace?.events.lazy.compactMap {
      if case .tlsFailed(let reason, let inClear) = $0.kind { (reason, inClear) } else { nil }
    }.first
  }

  /// Whether the client came to the server, and TLS did not come about.
  var failedInTLS: Bool { securedStep != nil && trace != nil && tlsFacts == nil }

  /// Put over TLS, a scenario's own requirement says nothing about TLS.
  private var tlsRequirement: Requirement { `case`.isOverTLS ? .must : scenario.requirement }

  private var spokeInClear: Bool { tlsFailure?.inClear ?? false }

  fileprivate var clearTextFindings: [Finding] {
    guard securedStep != nil, spokeInClear else { return [] }
    return [Finding("The client sent its request in clear, where TLS was asked for.")]
  }

  fileprivate var unsecuredFindings: [Finding] {
    guard failedInTLS, expected.opening == .accepted, !spokeInClear, application.unsupported.isEmpty else {
      return []
    }
    let how =
      application.connectFailure.map { "the client threw \(Words.exception($0))" } ?? "the client gave up"
    let seen = tlsFailure.map { "; the server \(Words.line($0.reason))" } ?? ""
    return [
      Finding(
        "TLS did not come about, though the server's was lawful: \(how)\(seen).", requirement: tlsRequirement)
    ]
  }

  fileprivate var unrefusedTLSFindings: [Finding] {
    if failedInTLS, application.isConnected {
      return [Finding("The client reported a connection, though its TLS handshake had come to nothing.")]
    }
    // Where TLS is in order, it is the answer behind it that is to be refused.
    guard securedStep != nil, expected.opening == .refused, refusesInTLS else { return [] }
    let what =
      decoded.request != nil
      ? "sent its request" : application.isConnected ? "reported a connection" : nil
    guard let what else { return [] }
    return [
      Finding(
        "The client \(what), and had to fail the connection: \(Words.line(scenario.description))",
        requirement: tlsRequirement)
    ]
  }

  /// Whether it is TLS that is to be refused, and not an answer that comes through it.
  private var refusesInTLS: Bool {
    guard !`case`.isOverTLS else { return false }
    let steps = scenario.server.connections.first { $0.name == name }?.steps ?? []
    return !steps.contains { if case .respond = $0 { true } else { false } }
  }

  fileprivate var serverNameFindings: [Finding] {
    guard let facts = tlsFacts, let step = securedStep, let server = attempt.server,
      let url = RequestedURL(step.url(host: server.host, port: server.port, token: trace?.token ?? ""))
    else { return [] }
    guard !url.namesAddress else {
      guard let name = facts.serverName, step.tls?.verifies == false else { return [] }
      return [
        Finding(
          "The client named \(Words.quoted(Array(name.utf8))) as its server, and an address is no server name"
            + " (RFC 6066 section 3).", requirement: .quality, rfc: "")
      ]
    }
    guard facts.serverName?.lowercased() != url.host else { return [] }
    let named = facts.serverName.map { "named \(Words.quoted(Array($0.utf8)))" } ?? "named no server"
    return [Finding("The client \(named) in the TLS handshake; it must name \(url.host) (SNI).")]
  }

  fileprivate var clientCertificateFindings: [Finding] {
    guard let facts = tlsFacts, let told = securedStep?.tls,
      let wanted = scenario.server.tls?.clientCertificate,
      application.unsupported.isEmpty
    else { return [] }
    if told.identity == .none {
      return facts.clientSubject.map {
        [Finding("The client showed a certificate, \(Words.line($0)), that nobody had given it.")]
      } ?? []
    }
    guard wanted != .notWanted, facts.clientSubject == nil, expected.opening == .accepted else { return [] }
    return [Finding("The server asked for the client's certificate, and the client did not show it.")]
  }
}
