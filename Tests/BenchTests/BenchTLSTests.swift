import Certificates
import PosixIO
import Scenarios
import Steps
import Testing
import Traces
import WebSocketPeers

@testable import Bench

@Suite("The certificates of a run")
struct BenchTLSTests {
  private let tls = BenchTLS(host: "127.0.0.1")

  private func material(_ client: ClientTLS, for server: ServerTLS = ServerTLS()) throws -> ClientTLSMaterial
  {
    try tls.material(of: client, for: server)
  }

  @Test("there is one authority, which every client is given, in both forms")
  func authority() throws {
    let der = try #require(try material(ClientTLS(trust: .authority)).cafile)
    #expect(try material(ClientTLS(certReqs: 2, trust: .authority)).cafile == der)
    let pem = try #require(try material(ClientTLS(trust: .authority, form: .pem)).cafile)
    #expect(try Certificate.all(inPEM: pem).map(\.der) == [der])
    let two = try #require(try material(ClientTLS(trust: .severalAuthorities, form: .pem)).cafile)
    let several = try Certificate.all(inPEM: two)
    #expect(several.count == 2 && several[1].der == der && several[0].der != der)
    #expect(try material(ClientTLS()).cafile == nil)
  }

  @Test("a server's certificate is for the addresses that clients use", arguments: TLSKey.allCases)
  func names(key: TLSKey) throws {
    let server = ServerTLS(key: key, certificate: .selfSigned)
    let der = try #require(try material(ClientTLS(trust: .serverCertificate), for: server).cafile)
    let names = try Certificate(der: der).names
    #expect(names.contains(.dns("localhost")) && names.contains(.address("127.0.0.1")))
    let board = BenchTLS(host: "192.168.1.9")
    let other = try board.material(
      of: ClientTLS(trust: .serverCertificate), for: ServerTLS(certificate: .selfSigned))
    let own = try Certificate(der: try #require(other.cafile))
    #expect(own.names == [.address("192.168.1.9")])
  }

  @Test("a client's certificate has its key, another's, or none")
  func identities() throws {
    let good = try material(ClientTLS(identity: .good))
    let certificate = try Certificate(der: try #require(good.certfile))
    #expect(certificate.subject.contains(BenchTLS.clientName))
    let key = try PrivateKey(der: try #require(good.keyfile))
    #expect(throws: Never.self) { try Identity(certificate: certificate, key: key) }
    let other = try material(ClientTLS(identity: .otherKey))
    #expect(other.certfile == good.certfile && other.keyfile != good.keyfile)
    #expect(throws: CertificateError.self) { try other.configuration() }
    let without = try material(ClientTLS(identity: .withoutKey))
    #expect(without.certfile == good.certfile && without.keyfile == nil)
    #expect(throws: ClientTLSError.keyMissing) { try without.configuration() }
  }

  @Test("the reference refuses what nobody can verify by")
  func nothingToVerifyBy() throws {
    #expect(throws: ClientTLSError.nothingToTrust) { try material(ClientTLS(certReqs: 2)).configuration() }
    #expect(throws: CertificateError.self) {
      try material(ClientTLS(certReqs: 2, trust: .garbage)).configuration()
    }
    let optional = try material(ClientTLS(certReqs: 1)).configuration()
    #expect(optional.verification == .optional)
  }

  @Test("every server of the catalogue can be made", .timeLimit(.minutes(2)))
  func servers() throws {
    for scenario in Catalogue.scenarios(of: .tls) {
      let made = try tls.server(of: scenario.server)
      #expect((made?.handshakeTimeout != nil) == (scenario.server.tls?.fault != nil), "\(scenario.id)")
    }
    #expect(try tls.server(of: ServerScript([])) == nil)
  }

  @Test("the agent is given the content of files, and holds a ballast where TLS is spoken")
  func program() throws {
    let told = ClientTLS(certReqs: 2, trust: .authority, identity: .good)
    let scenario = Scenario(
      id: "15.x", description: "d", expectation: "e", rfc: "4.1", requirement: .must,
      server: {
        var script = ServerScript([])
        script.tls = ServerTLS()
        return script
      }(), client: ClientScript([.connect(ConnectStep(tls: told))]))
    let given = try material(told)
    let text = AgentProgram.run(
      Case(scenario: scenario), at: .init(host: "127.0.0.1", port: 9), token: "tok", tls: [told: given],
      ballast: 1000)
    #expect(text.contains("'url': 'wss://127.0.0.1:9'"))
    #expect(text.contains("['connect', 'main', '/tok', [], [], False, {'cafile': b'"))
    #expect(
      text.contains("'keyfile': b'") && text.contains("'cert_reqs': 2}")
        && text.hasSuffix("'ballast': 1000})"))
    #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
  }
}
