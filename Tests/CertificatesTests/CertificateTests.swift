import Certificates
import Foundation
import PosixIO
import TestSupport
import Testing

/// The oracle is `openssl`, the program.
private let openssl = "openssl"

@Suite("Certificates, as openssl sees them", .timeLimit(.minutes(2)))
struct CertificateTests {
  static let names = [SubjectName("127.0.0.1"), SubjectName("::1"), SubjectName("board.example")]
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func verify(
    _ identity: Identity, trusting authority: Certificate, _ options: [String] = []
  ) async throws -> FinishedChild {
    let root = try folder.write(authority.pem, to: "root.pem")
    let chain = try folder.write(identity.intermediates.map(\.pem).joined(), to: "chain.pem")
    let leaf = try folder.write(identity.certificate.pem, to: "leaf.pem")
    let untrusted = identity.intermediates.isEmpty ? [] : ["-untrusted", chain]
    return try await RunningChild.run(
      openssl, ["verify", "-x509_strict", "-CAfile", root] + untrusted + options + [leaf])
  }

  @Test(
    "A server's certificate verifies, for each kind of key, with and without an authority between",
    arguments: KeyKind.allCases)
  func verifies(key: KeyKind) async throws {
    let root = try Authority.make()
    for authority in [root, try root.intermediate(key: key)] {
      let leaf = try authority.issue(CertificateProfile(.server, names: Self.names, key: key))
      for check in [
        ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"], ["-verify_hostname", "board.example"],
      ] {
        let child = try await verify(leaf, trusting: root.certificate, ["-purpose", "sslserver"] + check)
        #expect(child.status == 0, "\(child.everything)")
      }
      #expect(leaf.certificate.names == Self.names)
      #expect(leaf.certificate.issuer == authority.identity.certificate.subject)
    }
  }

  @Test("A client's certificate is one for clients only")
  func client() async throws {
    let root = try Authority.make()
    let leaf = try root.issue(CertificateProfile(.client, commonName: "a client"))
    let right = try await verify(leaf, trusting: root.certificate, ["-purpose", "sslclient"])
    #expect(right.status == 0, "\(right.everything)")
    let wrong = try await verify(leaf, trusting: root.certificate, ["-purpose", "sslserver"])
    #expect(wrong.status != 0 && wrong.errors.contains("purpose"), "\(wrong.everything)")
  }

  @Test(
    "A certificate has the one fault that it was made with",
    arguments: [
      (CertificateFault.expired, "certificate has expired"),
      (.notYetValid, "certificate is not yet valid"),
      (.wrongHost, "IP address mismatch"),
      (.selfSigned, "self-signed certificate"),
      (.unknownAuthority, "unable to get local issuer certificate"),
    ])
  func faults(fault: CertificateFault, reason: String) async throws {
    let root = try Authority.make()
    let leaf = try root.issue(CertificateProfile(.server, names: Self.names), with: fault)
    let child = try await verify(leaf, trusting: root.certificate, ["-verify_ip", "127.0.0.1"])
    #expect(child.status != 0 && (child.errors + child.output).contains(reason), "\(child.everything)")
    #expect(
      (child.errors + child.output).components(separatedBy: " depth lookup: ").count == 2,
      "\(child.everything)")
  }

  @Test("Subject, fingerprint and validity are those that openssl prints; PEM and DER hold the same")
  func shows() async throws {
    let root = try Authority.make("a name, with = and ü")
    let path = try folder.write(root.certificate.pem, to: "root.pem")
    let child = try await RunningChild.run(
      openssl,
      [
        "x509", "-in", path, "-noout", "-fingerprint", "-sha256", "-enddate", "-subject", "-nameopt",
        "RFC2253,-esc_msb",
      ])
    #expect(child.output.contains("Fingerprint=\(root.certificate.fingerprint)\n"), "\(child.everything)")
    #expect(child.output.contains("subject=\(root.certificate.subject)\n"), "\(child.everything)")
    let end = try #require(child.output.firstMatch(of: /notAfter=(.+)\n/)?.output.1)
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.dateFormat = "MMM d HH:mm:ss yyyy z"
    let collapsed = end.split(separator: " ").joined(separator: " ")
    #expect(format.date(from: collapsed) == root.certificate.validity.upperBound, "\(end)")
    #expect(try Certificate.all(inPEM: Array(root.certificate.pem.utf8)) == [root.certificate])
    // The second one was dropped without a word: certificateBehindAGoodOne.
    let broken = root.certificate.pem.replacing("MII", with: "!!!", maxReplacements: 1)
    #expect(throws: CertificateError.self) {
      try Certificate.all(inPEM: Array((root.certificate.pem + broken).utf8))
    }
    let between = root.certificate.pem + "a comment\n" + root.certificate.pem + "and more\n"
    #expect(try Certificate.all(inPEM: Array(between.utf8)).count == 2)
    // A key that was cut off behind it was told as a certificate that cannot be read.
    let key = root.identity.key.pem
    let withKey = root.certificate.pem + key.prefix(key.count / 2)
    #expect(try Certificate.all(inPEM: Array(withKey.utf8)).count == 1)
    #expect(try Certificate(der: root.certificate.der) == root.certificate)
  }

  @Test("A key is read in every form, and never shown", arguments: KeyKind.allCases)
  func keys(kind: KeyKind) throws {
    let key = try PrivateKey(kind)
    #expect(try PrivateKey(der: key.der).der == key.der)
    #expect(try PrivateKey(pem: Array(key.pem.utf8)).der == key.der)
    var dumped = ""
    dump(key, to: &dumped)
    #expect("\(key)" == "a private key" && !dumped.contains("["), "\(dumped)")
  }

  @Test("What is no certificate, no key or no name is refused in one sentence")
  func refuses() throws {
    let root = try Authority.make()
    let other = try PrivateKey(.p256)
    #expect(throws: CertificateError.keyDoesNotFit(source: "the data")) {
      try Identity(certificate: root.certificate, key: other)
    }
    let wrong: [[UInt8]] = [
      [], [0x30], Array("hello".utf8), root.certificate.der + [0], root.certificate.der.dropLast(),
    ]
    for bytes in wrong {
      #expect(throws: CertificateError.self) { try Certificate(der: bytes) }
      #expect(throws: CertificateError.self) { try PrivateKey(der: bytes) }
      #expect(throws: CertificateError.self) { try Certificate.all(inPEM: bytes) }
    }
    for name in ["", "a,DNS:b", "a b", "a\0b"] {
      #expect(throws: CertificateError.badName(name)) {
        try root.issue(CertificateProfile(.server, commonName: "x", names: [.dns(name)]))
      }
    }
  }
}

@Suite("The authority of a bench")
struct AuthorityFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func mode(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.posixPermissions] as? Int) ?? 0
  }

  @Test("is made once, for its owner alone, and is the same from then on")
  func isKept() throws {
    let file = AuthorityFile(folder: folder.path + "/a/b")
    let first = try file.open()
    #expect(try mode(file.path) == 0o600 && mode(folder.path + "/a/b") == 0o700)
    #expect(try file.open().certificate == first.certificate)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a/b") == ["authority.pem"])
    let other = try AuthorityFile(folder: folder.path + "/c").open()
    #expect(other.certificate.subject != first.certificate.subject)
  }

  @Test("is one, however many want it at once")
  func isOne() async throws {
    let file = AuthorityFile(folder: folder.path + "/many")
    let all = try await withThrowingTaskGroup(of: Certificate.self) { group in
      for _ in 0..<8 { group.addTask { try file.open().certificate } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(all.count == 1)
  }

  @Test("is refused where others may read it, or where the file holds something else")
  func isRefused() throws {
    let file = AuthorityFile(folder: folder.path)
    _ = try file.open()
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
    #expect(throws: CertificateError.exposed(path: file.path)) { try file.open() }
    try Data("nothing".utf8).write(to: URL(filePath: file.path))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    let error = #expect(throws: CertificateError.self) { try file.open() }
    #expect(error?.description.contains(file.path) == true)
  }
}
