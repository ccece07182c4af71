import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("The rules of TLS")
struct TLSRulesTests {
  /// An attempt over TLS, opened as `opens` says; the handshake comes to `facts`, or to nothing.
  static func secured(
    by tls: ServerTLS = ServerTLS(), told: ClientTLS = ClientTLS(), url: String? = nil,
    requirement: Requirement = .must, opening: Expected.Opening = .accepted, facts: TLSFacts?,
    _ build: (inout Attempt) -> Void
  ) -> Attempt {
    let step = ConnectStep(url: url, tls: told)
    var attempt = Attempt(
      ClientScript([.connect(step), .echo()]), expected: Expected(opening: opening), requirement: requirement)
    attempt.scenario.server.tls = tls
    attempt.server = .usual
    attempt.wires = [WireBuilder(opens: false)]
    if let facts { attempt.wire.note(.secured(facts)) }
    build(&attempt)
    return attempt
  }

  static func facts(name: String? = nil, client: String? = nil) -> TLSFacts {
    TLSFacts(
      version: "TLSv1.2", cipher: "ECDHE-ECDSA-AES128-GCM-SHA256", group: "secp256r1", serverName: name,
      clientSubject: client, handshakeNanoseconds: 1_000_000)
  }

  /// A connection that opens and closes as it should, whatever TLS was.
  static func opens(_ attempt: inout Attempt, host: String = "127.0.0.1:8080") {
    var lines = WireBuilder.requestLines
    lines[1] = "Host: \(host)"
    attempt.wire.request(lines)
    attempt.wire.respond()
    attempt.connected()
    attempt.closes()
  }

  static func fails(_ attempt: inout Attempt, reason: String, inClear: Bool = false) {
    attempt.wire.note(.tlsFailed(reason: reason, inClear: inClear))
    attempt.app(.connectFailed(ClientException(type: "OSError", message: "x")), step: 0)
    attempt.wire.end()
  }

  static let byName = "wss://localhost:{port}/{token}"
  static let alert =
    "could not complete the TLS handshake with x: the peer refused with alert 48 (unknown ca)"

  static let broken: [Example] = [
    Example(
      "a request in clear", breaks: ["tls-spoken"],
      secured(facts: nil) { fails(&$0, reason: "whatever the TLS library says", inClear: true) }),
    Example(
      "a handshake that comes to nothing", breaks: ["tls-established"],
      secured(facts: nil) { fails(&$0, reason: alert) }),
    Example(
      "the same, where nothing binds the client to what it cannot do", breaks: ["tls-established:QUALITY"],
      secured(requirement: .quality, facts: nil) { fails(&$0, reason: alert) }),
    Example(
      "a request to a server that is not to be trusted", breaks: ["tls-refused"],
      secured(by: ServerTLS(certificate: .expired), told: .strict, opening: .refused, facts: facts()) {
        opens(&$0)
      }),
    Example(
      "a connection that is none", breaks: ["tls-refused"],
      secured(opening: .either, facts: nil) {
        $0.wire.note(.tlsFailed(reason: alert))
        $0.connected()
        $0.ended()
        $0.wire.end()
      }),
    Example(
      "no server name", breaks: ["tls-server-name"],
      secured(url: byName, facts: facts()) { opens(&$0, host: "localhost:8080") }),
    Example(
      "another server name", breaks: ["tls-server-name"],
      secured(url: byName, facts: facts(name: "127.0.0.1")) { opens(&$0, host: "localhost:8080") }),
    Example(
      "an address as server name", breaks: ["tls-server-name:QUALITY"],
      secured(facts: facts(name: "127.0.0.1")) { opens(&$0) }),
    Example(
      "a certificate that is not shown", breaks: ["tls-client-certificate:QUALITY"],
      secured(
        by: ServerTLS(clientCertificate: .wanted), told: ClientTLS(identity: .good), facts: facts()
      ) { opens(&$0) }),
    Example(
      "a certificate that nobody gave", breaks: ["tls-client-certificate:QUALITY"],
      secured(facts: facts(client: "CN=x")) { opens(&$0) }),
  ]

  static let kept: [Example] = [
    Example("a plain echo", breaks: [], secured(facts: facts()) { opens(&$0) }),
    Example(
      "the server's name in capital letters", breaks: [],
      secured(url: byName, facts: facts(name: "LOCALHOST")) { opens(&$0, host: "localhost:8080") }),
    Example(
      "an address that is verified, and so has to be named to MicroPython", breaks: [],
      secured(told: .strict, facts: facts(name: "127.0.0.1")) { opens(&$0) }),
    Example(
      "a refusal where one is due", breaks: [],
      secured(by: ServerTLS(certificate: .expired), told: .strict, opening: .refused, facts: nil) {
        fails(&$0, reason: alert)
      }),
    Example(
      "a refusal where one may be", breaks: [],
      secured(opening: .either, facts: nil) { fails(&$0, reason: alert) }),
    Example(
      "a certificate that is shown", breaks: [],
      secured(
        by: ServerTLS(clientCertificate: .required), told: ClientTLS(identity: .good),
        facts: facts(client: "CN=wsrig client")
      ) { opens(&$0) }),
  ]

  @Test("each is broken by what it is about, alone", arguments: broken + kept)
  func examples(example: Example) { #expect(example.attempt.broken == example.broken) }

  @Test("over TLS by modifier, the scenario's own requirement says nothing of the handshake")
  func modifier() throws {
    var attempt = Self.secured(requirement: .may, facts: nil) { Self.fails(&$0, reason: Self.alert) }
    var clear = attempt.scenario
    clear.server.tls = nil
    clear.client = .echo
    attempt.scenario = clear
    let testCase = Case(scenario: clear, overTLS: true)
    let violations = Judge.violations(case: testCase, trace: attempt.trace)
    #expect(violations.map(\.rule) == ["tls-established"] && violations.map(\.requirement) == [.must])
  }

  @Test("a wss URL has the default port 443")
  func defaultPort() {
    var attempt = Self.secured(facts: Self.facts()) { Self.opens(&$0, host: "127.0.0.1") }
    attempt.server = ServerAddress(host: "127.0.0.1", port: 443)
    #expect(attempt.broken == [])
    attempt.server = ServerAddress(host: "127.0.0.1", port: 80)
    #expect(attempt.broken == ["request-host"])
  }
}

extension ClientTLS {
  fileprivate static let strict = ClientTLS(certReqs: 2, trust: .authority)
}
