import Certificates
import Foundation
import PosixIO
import Scenarios
import Steps
import Synchronization
import TestSupport
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

  @Test("it is the bench's, which the first run makes and the next ones find")
  func benchAuthority() throws {
    let folder = try TemporaryFolder()
    let file = AuthorityFile(folder: folder.path + "/data")
    var seen: [[UInt8]] = []
    for _ in 0..<2 {
      let run = BenchTLS(host: "127.0.0.1", authority: file) { Issue.record("not used: \($0)") }
      seen.append(
        try #require(try run.material(of: ClientTLS(trust: .authority), for: ServerTLS()).cafile))
    }
    #expect(try seen == Array(repeating: file.open().certificate.der, count: 2))
  }

  @Test("where that cannot be used the run has one of its own, and says why, once")
  func benchAuthorityUnusable() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("nothing of the kind\n", to: "authority.pem")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    let reasons = Mutex<[String]>([])
    let run = BenchTLS(host: "127.0.0.1", authority: AuthorityFile(folder: folder.path)) { reason in
      reasons.withLock { $0.append("\(reason)") }
    }
    for form in [ClientTLS.Form.der, .pem] {
      #expect(try run.material(of: ClientTLS(trust: .authority, form: form), for: ServerTLS()).cafile != nil)
    }
    let told = reasons.withLock { $0 }
    #expect(told.count == 1 && told[0].contains(path), "\(told)")
    #expect(try folder.text("authority.pem") == "nothing of the kind\n")
  }

  @Test("a key of each kind is made once for its owner: the good and the faulty certificates have the same")
  func keys() throws {
    let subjects = try [ServerTLS.Certificate.good, .expired, .selfSigned].map { certificate in
      let server = ServerTLS(certificate: certificate)
      let der = try #require(try material(ClientTLS(trust: .serverCertificate), for: server).cafile)
      return try Certificate(der: der)
    }
    let key = try #require(try material(ClientTLS(identity: .good)).keyfile)
    #expect(try material(ClientTLS(identity: .expired)).keyfile == key)
    let stranger = try material(ClientTLS(identity: .unknownAuthority)).keyfile
    #expect(try stranger != key && stranger == material(ClientTLS(identity: .otherKey)).keyfile)
    #expect(try Set(subjects.map(Self.publicKey)).count == 1 && Set(subjects).count == 3)
    #expect(throws: CertificateError.self) {
      try Identity(certificate: subjects[0], key: PrivateKey(der: key))
    }
  }

  /// The point of a certificate's key on P-256: the BIT STRING that begins with 0 and 4 (RFC 5480 section 2.2).
  private static func publicKey(of certificate: Certificate) throws -> ArraySlice<UInt8> {
    let range = try #require(certificate.der.firstRange(of: [0x03, 0x42, 0x00, 0x04]))
    return certificate.der[range.lowerBound...].prefix(68)
  }

  @Test("who waits for a key that takes long keeps nobody from another; who wants the same waits")
  func madeOnce() async throws {
    let made = MadeOnce<Int, Int>()
    let (begun, goesOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let slow = Task.detached {
      await besidesTasks {
        try? made.value(of: 1) {
          begun.signal()
          goesOn.wait()
          return 10
        }
      }
    }
    await besidesTasks { begun.wait() }
    #expect(try made.value(of: 2) { 20 } == 20)
    goesOn.signal()
    #expect(await slow.value == 10)
    #expect(try made.value(of: 1) { 11 } == 10)
    struct Trouble: Error {}
    #expect(throws: Trouble.self) { try made.value(of: 3) { throw Trouble() } }
    #expect(try made.value(of: 3) { 30 } == 30)
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
        && text.contains("'ballast': 1000, 'crc': "))
    #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
  }
}
