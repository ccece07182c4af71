import COpenSSL
import Certificates
import TestSupport
import Testing

@testable import PosixIO

@Suite("TLS", .timeLimit(.minutes(2)))
struct TLSTests {
  func withLoop(_ body: @Sendable @concurrent (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test").start()
    defer { loop.stop() }
    try await loop.run { try await body(loop) }
  }

  private static func certificates() throws -> TestCertificates { try TestCertificates.shared.get() }

  static func client(_ change: (inout TLSConfiguration) -> Void = { _ in }) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.client(trusting: [try certificates().root.certificate])
    change(&configuration)
    return configuration
  }

  static func server(_ change: (inout TLSConfiguration) -> Void = { _ in }) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.server(try certificates().server)
    change(&configuration)
    return configuration
  }

  @Test(
    "Every version works with every kind of key, with an authority between", arguments: TLSVersion.allCases,
    KeyKind.allCases)
  func versionsAndKeys(version: TLSVersion, key: KeyKind) async throws {
    try await withLoop { loop in
      let root = try Self.certificates().root
      var profile = TestCertificates.profile
      profile.key = key
      let server = try TLSServer(.server(try root.intermediate(key: key).issue(profile)), on: loop)
      let client = try Self.client { ($0.minimumVersion, $0.maximumVersion) = (version, version) }
      let stream = try await ByteStream.connect(to: server.address, client, on: loop)
      let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      #expect(try await stream.exchange(bytes, on: loop) == bytes)
      let agreed = stream.tlsDetails
      let details = try #require(agreed)
      #expect(details.version == "TLSv\(version.rawValue)" && details.verificationProblem == nil)
      #expect(details.handshakeNanoseconds > 0)
      stream.endSending()
      #expect(try await stream.readToEnd(on: loop) == [])
      #expect(stream.receivedCloseNotify && stream.tlsFailure == nil)
      let served = await server.next()
      #expect(served.received == bytes && served.receivedCloseNotify && served.failure == nil)
      server.close()
    }
  }

  @Test("Much more than the kernel holds goes both ways at once")
  func bulk() async throws {
    try await withLoop { loop in
      let server = try TLSServer(try Self.server(), on: loop)
      let stream = try await ByteStream.connect(to: server.address, try Self.client(), on: loop)
      let bytes = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
      #expect(try await stream.exchange(bytes, on: loop) == bytes)
      server.close()
    }
  }

  @Test(
    "A reader with little room gets everything, without the socket saying that there is more",
    arguments: [1, 100, 16384])
  func smallReads(room: Int) async throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    try await withLoop { loop in
      let server = try TLSServer(try Self.server(), on: loop) { _, stream, loop in
        _ = try await stream.receiveSome(from: "the client", on: loop, deadline: .after(.seconds(10)))
        try await stream.sendAll(bytes, to: "the client", on: loop, deadline: .after(.seconds(10)))
        stream.endSending()
        _ = try await stream.readToEnd(on: loop)
      }
      let stream = try await ByteStream.connect(to: server.address, try Self.client(), on: loop)
      try await stream.sendAll([9], to: "the server", on: loop, deadline: .after(.seconds(10)))
      var received: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: room)
      reading: while true {
        if !stream.holdsInput {
          _ = try await loop.waitUntil(.readable, stream.descriptor, deadline: .after(.seconds(10)))
        }
        switch buffer.withUnsafeMutableBytes({ stream.receive(into: $0) }) {
        case .moved(let count): received += buffer.prefix(count)
        case .wouldBlock: continue
        case .end, .failed: break reading
        }
      }
      #expect(received == bytes)
      let isClean = stream.receivedCloseNotify && stream.tlsFailure == nil
      #expect(isClean)
      stream.endSending()
      server.close()
    }
  }

  @Test(
    "Records of any size, and records split at every byte, are understood",
    arguments: [
      TLSManner(recordSize: 1), TLSManner(writeSize: 1), TLSManner(recordSize: 1, writeSize: 1),
      TLSManner(recordSize: 1 << 14, writeSize: 1000),
    ], TLSVersion.allCases)
  func manners(manner: TLSManner, version: TLSVersion) async throws {
    try await withLoop { loop in
      let server = try TLSServer(try Self.server(), manner: manner, on: loop)
      let client = try Self.client { ($0.minimumVersion, $0.maximumVersion) = (version, version) }
      let stream = try await ByteStream.connect(to: server.address, client, manner: manner, on: loop)
      let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
      #expect(try await stream.exchange(bytes, on: loop) == bytes)
      server.close()
    }
  }

  @Test(
    "The server sees the name that the client asked for, and none where that is an address",
    arguments: ["localhost", "127.0.0.1"])
  func serverName(host: String) async throws {
    try await withLoop { loop in
      let server = try TLSServer(try Self.server(), on: loop)
      do {
        var stream = try await ByteStream.connect(to: server.address, as: host, try Self.client(), on: loop)
        stream.close()
      }
      #expect(await server.next().details?.serverName == (host == "localhost" ? host : nil))
      server.close()
    }
  }

  @Test(
    "A client refuses a certificate that does not verify, unless it was told not to look",
    arguments: CertificateFault.allCases)
  func badCertificates(fault: CertificateFault) async throws {
    let expected: [CertificateFault: CInt] = [
      .expired: X509_V_ERR_CERT_HAS_EXPIRED, .notYetValid: X509_V_ERR_CERT_NOT_YET_VALID,
      .wrongHost: X509_V_ERR_IP_ADDRESS_MISMATCH, .selfSigned: X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      .unknownAuthority: X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
    ]
    let code = Int(try #require(expected[fault]))
    try await withLoop { loop in
      let bad = try Self.certificates().root.issue(TestCertificates.profile, with: fault)
      let server = try TLSServer(.server(bad), on: loop)
      do {
        _ = try await ByteStream.connect(to: server.address, try Self.client(), on: loop)
        Issue.record("the certificate was accepted")
      } catch let error as TLSError {
        guard case .certificate(code, _) = error.cause, error.phase == .handshake else {
          Issue.record("\(error)")
          return
        }
        let isClear = error.description.hasPrefix(
          "could not complete the TLS handshake with the server: its certificate was refused (")
        #expect(isClear && error.description.contains("; "), "\(error)")
      }
      // The server is told, and knows in which phase; the alert of TLS 1.3 comes after its own handshake is complete.
      guard case .alert = await server.next().failure?.cause else {
        Issue.record("no alert came")
        return
      }
      for verification in [TLSVerification.none, .optional] {
        let client = try Self.client { $0.verification = verification }
        let stream = try await ByteStream.connect(to: server.address, client, on: loop)
        #expect(try await stream.exchange([1, 2, 3], on: loop) == [1, 2, 3])
        #expect((stream.tlsDetails?.verificationProblem != nil) == (verification == .optional))
      }
      server.close()
    }
  }

  @Test("A name that the certificate does not have is refused")
  func wrongName() async throws {
    try await withLoop { loop in
      let server = try TLSServer(try Self.server(), on: loop)
      let error = await #expect(throws: TLSError.self) {
        _ = try await ByteStream.connect(to: server.address, as: "other.example", try Self.client(), on: loop)
      }
      guard case .certificate(let code, _) = error?.cause else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(code == Int(X509_V_ERR_HOSTNAME_MISMATCH))
      server.close()
    }
  }

  @Test(
    "A server gets the client's certificate: wanted or required, given, missing or of a stranger",
    arguments: [TLSVerification.none, .optional, .required], TLSVersion.allCases)
  func clientCertificates(verification: TLSVerification, version: TLSVersion) async throws {
    let root = try Self.certificates().root
    let given = try root.issue(CertificateProfile(.client, commonName: "the client"))
    let foreign = try Authority.make().issue(CertificateProfile(.client, commonName: "a stranger"))
    try await withLoop { loop in
      let configuration = try Self.server {
        $0.authorities = [root.certificate]
        $0.verification = verification
      }
      let server = try TLSServer(configuration, on: loop)
      for (identity, isWelcome) in [
        (given, true), (nil, verification != .required), (foreign, verification == .none),
      ] {
        let client = try Self.client {
          $0.identity = identity
          ($0.minimumVersion, $0.maximumVersion) = (version, version)
        }
        do {
          let stream = try await ByteStream.connect(to: server.address, client, on: loop)
          #expect(try await stream.exchange([1], on: loop) == [1])
          #expect(isWelcome)
        } catch let error as TLSError {
          guard case .alert = error.cause, !isWelcome else {
            Issue.record("\(error)")
            return
          }
        }
        let served = await server.next()
        #expect((served.received == [1]) == isWelcome)
        let shown = isWelcome && verification != .none && identity != nil
        #expect(served.details?.peerSubject == (shown ? "CN=the client,O=wsrig" : nil), "\(served)")
      }
      server.close()
    }
  }

  @Test("openssl s_server answers a client of ours", arguments: ["-tls1_2", "-tls1_3"])
  func againstOpenSSL(version: String) async throws {
    let folder = try TemporaryFolder()
    let certificates = try Self.certificates()
    let file = try folder.write(certificates.server.chainPEM + certificates.server.key.pem, to: "server.pem")
    let child = try await RunningChild.start(
      "openssl",
      ["s_server", "-accept", "127.0.0.1:0", "-cert", file, "-rev", "-naccept", "1", version])
    let port = try await child.line(containing: "ACCEPT ").split(separator: ":").last.flatMap { UInt16($0) }
    let address = SocketAddress.loopbackV4(port: try #require(port))
    try await withLoop { loop in
      let stream = try await ByteStream.connect(to: address, try Self.client(), on: loop)
      try await stream.sendAll(
        Array("olleh\n".utf8), to: "s_server", on: loop, deadline: .after(.seconds(10)))
      let answer = try await stream.receiveSome(from: "s_server", on: loop, deadline: .after(.seconds(10)))
      #expect(answer == Array("hello\n".utf8))
      stream.endSending()
      #expect(try await stream.readToEnd(on: loop) == [])
      #expect(stream.receivedCloseNotify && stream.tlsFailure == nil)
    }
    let end = try await child.finish(within: .seconds(10))
    #expect(end.status == 0 && end.errors.contains("CONNECTION CLOSED"), "\(end.everything)")
  }

  @Test("The key log has the secrets of the connection, for its owner alone", arguments: TLSVersion.allCases)
  func keyLog(version: TLSVersion) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/keys.log"
    try await withLoop { loop in
      let log = try TLSKeyLog(path: path)
      let server = try TLSServer(try Self.server { $0.keyLog = log }, on: loop)
      let client = try Self.client { ($0.minimumVersion, $0.maximumVersion) = (version, version) }
      let stream = try await ByteStream.connect(to: server.address, client, on: loop)
      #expect(try await stream.exchange([1], on: loop) == [1])
      server.close()
    }
    let lines = try folder.text("keys.log").split(separator: "\n").map { $0.split(separator: " ") }
    let labels = Set(lines.map { String($0[0]) })
    #expect(labels.contains(version == .v1_2 ? "CLIENT_RANDOM" : "SERVER_TRAFFIC_SECRET_0"), "\(labels)")
    #expect(lines.allSatisfy { $0.count == 3 && $0[1].count == 64 })
  }
}
