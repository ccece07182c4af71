import COpenSSL
import Certificates
import TestSupport
import Testing

@testable import PosixIO

/// Ends without close_notify, handshakes that come to nothing, and peers that ask for what is not given.
extension TLSTests {
  @Test("An end of TCP without close_notify is told apart from one with it", arguments: [true, false])
  func truncation(notifies: Bool) async throws {
    try await withLoop { loop in
      let server = try TLSServer(try Self.server(), on: loop) { _, stream, loop in
        _ = try await stream.receiveSome(from: "the client", on: loop, deadline: .after(.seconds(10)))
        try await stream.sendAll([1, 2, 3], to: "the client", on: loop, deadline: .after(.seconds(10)))
        if notifies { stream.endSending() } else { stream.truncate() }
        _ = try await stream.readToEnd(on: loop)
      }
      let stream = try await ByteStream.connect(to: server.address, try Self.client(), on: loop)
      try await stream.sendAll([9], to: "the server", on: loop, deadline: .after(.seconds(10)))
      #expect(try await stream.readToEnd(on: loop) == [1, 2, 3])
      #expect(stream.receivedCloseNotify == notifies)
      #expect(stream.tlsFailure == (notifies ? nil : TLSError(.read, "the server", .truncated)))
      stream.endSending()
      #expect(await server.next().failure == nil)
      server.close()
    }
  }

  @Test("A record that is cut off in its midst is no data, and a truncation")
  func cutRecord() async throws {
    try await withLoop { loop in
      let server = try TLSServer(try Self.server(), on: loop) { _, stream, loop in
        _ = try await stream.receiveSome(from: "the client", on: loop, deadline: .after(.seconds(10)))
        stream.setManner(TLSManner(fault: .endAfter(bytes: 50)))
        let hundred = [UInt8](repeating: 7, count: 100)
        try await stream.sendAll(hundred, to: "the client", on: loop, deadline: .after(.seconds(10)))
        _ = try await stream.readToEnd(on: loop)
      }
      let stream = try await ByteStream.connect(to: server.address, try Self.client(), on: loop)
      try await stream.sendAll([9], to: "the server", on: loop, deadline: .after(.seconds(10)))
      #expect(try await stream.readToEnd(on: loop) == [])
      #expect(stream.tlsFailure == TLSError(.read, "the server", .truncated))
      server.close()
    }
  }

  @Test(
    "A handshake that stalls, ends, or is answered by an alert or by something else fails with its cause",
    arguments: TLSVersion.allCases)
  func faultsOfHandshakes(version: TLSVersion) async throws {
    let faults: [(TLSManner.Fault, @Sendable (TLSError.Cause) -> Bool)] = [
      (.silentAfter(bytes: 0), { $0 == .timedOut }),
      (.silentAfter(bytes: 60), { $0 == .timedOut }),
      (.endAfter(bytes: 0), { $0 == .truncated }),
      (.endAfter(bytes: 60), { $0 == .truncated }),
      (.instead(TLSManner.alertRecord(40)), { if case .alert(40, _) = $0 { true } else { false } }),
      (.instead(TLSManner.alertRecord(0)), { if case .alert(0, _) = $0 { true } else { false } }),
      (
        .instead(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
        { if case .refused = $0 { true } else { false } }
      ),
    ]
    for (fault, fits) in faults {
      try await withLoop { loop in
        let server = try TLSServer(try Self.server(), manner: TLSManner(fault: fault), on: loop)
        let client = try Self.client { ($0.minimumVersion, $0.maximumVersion) = (version, version) }
        let error = await #expect(throws: TLSError.self) {
          _ = try await ByteStream.connect(to: server.address, client, within: .milliseconds(300), on: loop)
        }
        #expect(
          error.map { fits($0.cause) && $0.phase == .handshake } == true,
          "\(fault): \(String(describing: error))")
        server.close()
      }
    }
  }

  @Test("An alert has its level: close_notify and its like are warnings, what breaks off is fatal")
  func levelsOfAlerts() {
    for warning: UInt8 in [0, 90, 100] {
      #expect(TLSManner.alertRecord(warning) == [0x15, 3, 3, 0, 2, 1, warning])
    }
    for fatal: UInt8 in [40, 70, 80, 112] {
      #expect(TLSManner.alertRecord(fatal) == [0x15, 3, 3, 0, 2, 2, fatal])
    }
  }

  /// The server of a pair that has nothing in common, and its client.
  private static func strangers(_ what: String) throws -> (TLSConfiguration, TLSConfiguration) {
    var (server, client) = (try server(), try client())
    switch what {
    case "versions": (server.minimumVersion, client.maximumVersion) = (.v1_3, .v1_2)
    case "groups": (server.groups, client.groups) = ("X25519", "P-256")
    case "ciphers":
      server.maximumVersion = .v1_2
      (server.ciphers, client.ciphers) = ("ECDHE+CHACHA20", "ECDHE+AESGCM")
    default:
      server.minimumVersion = .v1_3
      (server.cipherSuites, client.cipherSuites) = ("TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256")
    }
    return (server, client)
  }

  @Test(
    "Endpoints that share no version, group, cipher or suite do not get together, and both say why",
    arguments: ["versions", "groups", "ciphers", "suites"])
  func nothingInCommon(what: String) async throws {
    let (forServer, forClient) = try Self.strangers(what)
    try await withLoop { loop in
      let server = try TLSServer(forServer, on: loop)
      let error = await #expect(throws: TLSError.self) {
        _ = try await ByteStream.connect(to: server.address, forClient, on: loop)
      }
      guard case .alert = error?.cause, case .refused = await server.next().failure?.cause else {
        Issue.record("\(what): \(String(describing: error))")
        return
      }
      server.close()
    }
  }

  @Test(
    "What OpenSSL does not know is refused before any connection", arguments: ["ciphers", "groups", "suites"])
  func badConfiguration(what: String) throws {
    let configuration = try Self.client {
      if what == "ciphers" { $0.ciphers = "NOTHING" }
      if what == "groups" { $0.groups = "NOTHING" }
      if what == "suites" { $0.cipherSuites = "NOTHING" }
    }
    let error = #expect(throws: TLSError.self) { try TLSContext(.client, configuration) }
    #expect(
      error?.phase == .setUp && error?.description.contains("NOTHING") == true, "\(String(describing: error))"
    )
  }

  @Test("A renegotiation that the server asks for is refused, and the connection lives or is told why")
  func renegotiation() async throws {
    try await withLoop { loop in
      let configuration = try Self.server {
        $0.maximumVersion = .v1_2
        $0.allowsRenegotiation = true
      }
      let server = try TLSServer(configuration, on: loop) { served, stream, loop in
        _ = try await stream.receiveSome(from: "the client", on: loop, deadline: .after(.seconds(10)))
        let isAsked = stream.renegotiate()
        #expect(isAsked)
        served.received = try await stream.readToEnd(on: loop)
      }
      let stream = try await ByteStream.connect(to: server.address, try Self.client(), on: loop)
      try await stream.sendAll([9], to: "the server", on: loop, deadline: .after(.seconds(10)))
      await #expect(throws: TLSError.self) { _ = try await stream.readToEnd(on: loop) }
      guard case .refused = await server.next().failure?.cause else {
        Issue.record("the server did not learn that it was refused")
        return
      }
      server.close()
    }
  }
}
