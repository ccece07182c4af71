import Certificates
import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  /// The oracle is `openssl`, the program.
  @Suite("wsrig certs, and the certificates of wsrig serve --tls")
  struct CertsTests {
    private let folder: TemporaryFolder
    private let environment: [String: String?]
    /// Where the authority is kept.
    private let path: String

    init() throws {
      folder = try TemporaryFolder()
      environment = ["XDG_DATA_HOME": folder.path + "/data"]
      path = folder.path + "/data/wsrig/authority.pem"
    }

    private func certs(_ options: [String] = []) async throws -> FinishedChild {
      try await Tool.run(["certs"] + options, in: folder, environment: environment)
    }

    private func openssl(_ words: [String]) async throws -> FinishedChild {
      try await RunningChild.run("openssl", words, in: folder.url)
    }

    private func mode(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func bytes(_ name: String) throws -> Data {
      try Data(contentsOf: folder.url.appending(path: name))
    }

    @Test(
      "certs shows what it exports as PEM and DER, an authority that openssl reads; the key stays where only its owner reads"
    )
    func exports() async throws {
      let shown = try await certs()
      let exported = try await certs(["--pem", "root.pem", "--der", "root.der"])
      #expect(exported.status == 0 && exported.output.isEmpty, "\(exported.everything)")
      let read = try await openssl([
        "x509", "-inform", "DER", "-in", "root.der", "-noout", "-fingerprint", "-sha256", "-subject",
        "-nameopt",
        "RFC2253", "-ext", "basicConstraints,keyUsage",
      ])
      let fingerprint = try #require(read.output.firstMatch(of: /Fingerprint=(.+)\n/)?.output.1)
      let subject = try #require(read.output.firstMatch(of: /subject=(.+)\n/)?.output.1)
      #expect(shown.output.contains("SHA-256  \(fingerprint)\n"), "\(shown.everything)")
      #expect(shown.output.contains("subject  \(subject)\n") && shown.output.contains("file     \(path)\n"))
      #expect(
        read.output.contains("CA:TRUE") && read.output.contains("Certificate Sign"), "\(read.everything)")
      let converted = try await openssl([
        "x509", "-in", "root.pem", "-outform", "DER", "-out", "converted.der",
      ])
      #expect(try converted.status == 0 && bytes("converted.der") == bytes("root.der"))
      let verified = try await openssl(["verify", "-x509_strict", "-CAfile", "root.pem", "root.pem"])
      #expect(verified.status == 0, "\(verified.everything)")
      #expect(try !folder.text("root.pem").contains("PRIVATE"))
      #expect(try mode(path) == 0o600 && mode(folder.path + "/data/wsrig") == 0o700)
    }

    @Test("certs writes to standard output, DER byte for byte, and says where it cannot write")
    func standardOutput() async throws {
      _ = try await certs(["--pem", "root.pem", "--der", "root.der"])
      #expect(try await certs(["--pem", "-"]).output == folder.text("root.pem"))
      let tool = try #require(Tool.path)
      let child = try await RunningChild.run(
        "/bin/sh", ["-c", "exec \"$0\" certs --der - > piped.der", tool], environment: environment,
        in: folder.url)
      #expect(try child.status == 0 && bytes("piped.der") == bytes("root.der"))
      expectComplaint(try await certs(["--pem", "no/such/root.pem"]), status: 2, ["no/such/root.pem"])
    }

    @Test("However many processes make the authority at once, it is one, and nothing else is left")
    func race() async throws {
      let outputs = try await withThrowingTaskGroup(of: FinishedChild.self) { group in
        for _ in 0..<6 { group.addTask { try await certs() } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outputs.allSatisfy { $0.status == 0 && $0.errors.isEmpty })
      #expect(Set(outputs.map(\.output)).count == 1 && !outputs[0].output.isEmpty)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path + "/data/wsrig") == ["authority.pem"])
    }

    /// What may stand in the place of the authority, and a part of what is said of it.
    enum Damage: CaseIterable {
      case empty, text, cutOff, noKey, otherKey, noAuthority, expired, exposed, folder

      var words: String {
        switch self {
        case .empty, .text: "it holds no readable certificate"
        case .cutOff, .noKey: "it holds no readable private key"
        case .otherKey: "its private key belongs to another certificate"
        case .noAuthority: "its certificate is none of an authority"
        case .expired: "has expired"
        case .exposed: "others may read"
        case .folder: "Is a directory"
        }
      }

      /// The content; nil is a folder.
      func content() throws -> String? {
        let authority = try Authority.make()
        let certificate = authority.certificate.pem
        let key = authority.identity.key.pem
        switch self {
        case .empty: return ""
        case .text: return "nothing of the kind\n"
        case .cutOff: return certificate + key.prefix(key.count / 2)
        case .noKey: return certificate
        case .otherKey: return certificate + (try PrivateKey(.p256)).pem
        case .noAuthority:
          let leaf = try authority.issue(TestCertificates.profile)
          return leaf.certificate.pem + leaf.key.pem
        case .expired:
          let past = Date(timeIntervalSinceNow: -864_000)...Date(timeIntervalSinceNow: -1)
          let old = try Authority.selfSigned(
            CertificateProfile(.authority(below: 1), commonName: "old", validity: past))
          return old.certificate.pem + old.key.pem
        case .exposed: return certificate + key
        case .folder: return nil
        }
      }
    }

    @Test(
      "An authority that cannot be used is told in one sentence with its file, exit 2, and left as it is",
      arguments: Damage.allCases)
    func damaged(damage: Damage) async throws {
      let content = try damage.content()
      if let content {
        try folder.write(content, to: "data/wsrig/authority.pem")
        try FileManager.default.setAttributes(
          [.posixPermissions: damage == .exposed ? 0o644 : 0o600], ofItemAtPath: path)
      } else {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      for command in [["certs", "--pem", "root.pem"], ["serve", "--tls", "--port", "0"]] {
        let child = try await Tool.run(command, in: folder, environment: environment)
        expectComplaint(child, status: 2, [path, damage.words])
        if damage != .folder { #expect(child.errors.contains("remove"), "\(child.everything)") }
      }
      #expect(!folder.has("root.pem"))
      if let content { #expect(try folder.text("data/wsrig/authority.pem") == content) }
    }

    /// Starts a server, takes its certificate out of the handshake, and returns it by name of a file.
    private func certificate(ofServerWith options: [String], to name: String) async throws -> String {
      let server = try await Tool.start(
        ["serve", "--tls", "--port", "0"] + options, in: folder, environment: environment)
      defer { server.kill() }
      let line = try await server.line(containing: "listening on wss://")
      let port = try #require(line.split(separator: ":").last)
      let shown = try await RunningChild.run(
        "openssl", ["s_client", "-connect", "127.0.0.1:\(port)"], within: .seconds(120))
      let read = #/(?s)-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/#
      let pem = try #require(shown.output.firstMatch(of: read), "\(shown.everything)").output
      try folder.write(pem + "\n", to: name)
      return name
    }

    @Test(
      "Every start of a server has a certificate of its own, for the addresses that it listens on and localhost"
    )
    func leaves() async throws {
      _ = try await certs(["--pem", "root.pem"])
      let first = try await certificate(ofServerWith: ["--host", "127.0.0.1"], to: "first.pem")
      let second = try await certificate(ofServerWith: ["--host", "127.0.0.1"], to: "second.pem")
      #expect(try folder.text(first) != folder.text(second))
      for (name, isRight) in [
        ("-verify_ip 127.0.0.1", true), ("-verify_hostname localhost", true), ("-verify_ip 127.0.0.9", false),
      ] {
        let child = try await openssl(
          ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "root.pem"]
            + name.split(separator: " ").map(String.init) + [first])
        #expect((child.status == 0) == isRight, "\(name) \(child.everything)")
      }
    }

    /// Has openssl make a certificate for 127.0.0.1 that its own key signs; both as files.
    private func makeCertificate(_ name: String, _ options: [String] = ["-nodes"]) async throws {
      let child = try await openssl(
        [
          "req", "-x509", "-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=\(name)", "-addext",
          "subjectAltName=IP:127.0.0.1", "-keyout", "\(name).key", "-out", "\(name).pem",
        ] + options)
      #expect(child.status == 0, "\(child.everything)")
    }

    @Test("serve shows the certificate that it is given, made by openssl")
    func givenCertificate() async throws {
      try await makeCertificate("own")
      let shown = try await certificate(
        ofServerWith: ["--tls-cert", "own.pem", "--tls-key", "own.key"], to: "shown.pem")
      #expect(try folder.text(shown) == folder.text("own.pem"))
      #expect(!folder.has("data"))
    }

    @Test(
      "A key of another certificate, or one that is encrypted, is one sentence and exit 2; nobody is asked for anything"
    )
    func wrongKeys() async throws {
      try await makeCertificate("own")
      try await makeCertificate("other")
      try await makeCertificate("locked", ["-passout", "pass:secret"])
      for (name, key, part) in [
        ("own", "other.key", "the private key in other.key belongs to another certificate"),
        ("locked", "locked.key", "locked.key holds no readable private key"),
        ("own", "own.pem", "own.pem holds no readable private key"),
      ] {
        let child = try await Tool.run(
          ["serve", "--tls", "--port", "0", "--tls-cert", "\(name).pem", "--tls-key", key], in: folder,
          environment: environment)
        expectComplaint(child, status: 2, [part])
      }
    }

    /// What openssl's client comes to with a server that asks for certificates: whether TLS 1.2 is agreed on, where the server's
    /// refusal is an alert in the handshake, and what it was told.
    private func meet(_ port: Substring, _ options: [String]) async throws -> (agreed: Bool, told: String) {
      let child = try await RunningChild.run(
        "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-tls1_2", "-CAfile", "root.pem"] + options,
        in: folder.url, within: .seconds(120))
      return (child.status == 0, child.everything)
    }

    /// Clients by what they show, the folder's files, and whether they are served where a certificate is wanted, and where it is
    /// required.
    private static let clients: [(options: [String], wanted: Bool, required: Bool)] = [
      (["-cert", "board.pem", "-key", "board.pem"], true, true), ([], true, false),
      (["-cert", "stranger.pem", "-key", "stranger.key"], false, false),
    ]

    @Test(
      "serve asks for a certificate of this bench's authority, which certs makes, or of another's",
      arguments: ["wanted", "required"])
    func clientCertificates(demand: String) async throws {
      let made = try await certs(["--client-cert", "board.pem", "--pem", "root.pem"])
      #expect(made.status == 0 && made.output.isEmpty, "\(made.everything)")
      #expect(try mode(folder.path + "/board.pem") == 0o600)
      let verified = try await openssl(
        ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "root.pem", "board.pem"])
      #expect(verified.status == 0, "\(verified.everything)")
      try await makeCertificate("stranger")
      for (authority, isOurs) in [([], true), (["--tls-client-ca", "stranger.pem"], false)] {
        let server = try await Tool.start(
          ["serve", "--tls", "--host", "127.0.0.1", "--port", "0", "--tls-client-cert", demand] + authority,
          in: folder, environment: environment)
        defer { server.kill() }
        let line = try await server.line(containing: "listening on wss://")
        let port = try #require(line.split(separator: ":").last)
        for client in Self.clients {
          let (agreed, told) = try await meet(port, client.options)
          let isServed = demand == "wanted" ? client.wanted : client.required
          // Where the stranger's is the authority, the two that show something change places.
          #expect(
            agreed == (isOurs || client.options.isEmpty ? isServed : !isServed || !client.wanted), "\(told)")
          #expect(told.contains("Acceptable client certificate CA names") || !agreed, "\(told)")
        }
      }
    }

    @Test("A client that shows its certificate exchanges messages; its options alone are refused")
    func clientCertificateInUse() async throws {
      _ = try await certs(["--client-cert", "board.pem", "--pem", "root.pem"])
      let server = try await Tool.start(
        ["serve", "--tls", "--host", "127.0.0.1", "--port", "0", "--tls-client-cert", "required"], in: folder,
        environment: environment)
      defer { server.kill() }
      let url = try #require(try await server.line(containing: "listening on").split(separator: " ").last)
      let script = """
        import ssl, sys
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect
        for shows in (True, False):
            context = ssl.create_default_context(cafile="root.pem")
            if shows:
                context.load_cert_chain("board.pem")
            try:
                with connect(sys.argv[1], ssl=context) as ws:
                    ws.send("hello")
                    print(ws.recv())
            except (OSError, WebSocketException) as error:
                print("refused")
        """
      let python = try #require(Repository.python)
      let child = try await RunningChild.run(python, ["-c", script, String(url)], in: folder.url)
      #expect(child.output == "hello\nrefused\n", "\(child.everything)")
      for (options, part) in [
        (["--tls-client-cert", "wanted"], "--tls"),
        (["--tls", "--tls-client-ca", "root.pem"], "--tls-client-cert"),
      ] {
        let vain = try await Tool.run(
          ["serve", "--port", "0"] + options, in: folder, environment: environment)
        #expect(vain.status == 2 && vain.errors.contains(part), "\(vain.everything)")
      }
      let missing = try await Tool.run(
        ["serve", "--port", "0", "--tls", "--tls-client-cert", "wanted", "--tls-client-ca", "none.pem"],
        in: folder, environment: environment)
      expectComplaint(missing, status: 2, ["none.pem", "No such file"])
      let again = try await certs(["--client-cert", "board.pem"])
      expectComplaint(again, status: 2, ["board.pem", "already"])
    }

    @Test("A server that listens everywhere has a certificate for every address of this computer")
    func everywhere() async throws {
      let leaf = try await certificate(ofServerWith: ["--host", "0.0.0.0"], to: "leaf.pem")
      let addresses = try await RunningChild.run("hostname", ["-I"]).output.split(separator: " ")
      let names = try await openssl(["x509", "-in", leaf, "-noout", "-ext", "subjectAltName"]).output
      for address in ["127.0.0.1"] + addresses where address.contains(".") {
        #expect(names.contains("IP Address:\(address)"), "\(names)")
      }
    }
  }
}
