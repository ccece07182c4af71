import Certificates
import Foundation
import PosixIO
import Synchronization
import TestSupport
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

/// The oracle is `openssl`, the program: another use of the library below us, which says what went over the wire.
@Suite("Peers over TLS, as openssl sees them", .timeLimit(.minutes(2)))
struct OpenSSLTests {
  private let folder: TemporaryFolder
  private let certificates: TestCertificates
  /// The authority's certificate, as a file.
  private let root: String

  init() throws {
    folder = try TemporaryFolder()
    certificates = try TestCertificates.shared.get()
    root = try folder.write(certificates.root.certificate.pem, to: "root.pem")
  }

  /// Writes certificate, chain and key into one file.
  private func write(_ identity: Identity, to name: String) throws -> String {
    try folder.write(identity.chainPEM + identity.key.pem, to: name)
  }

  /// The secrets of a key log, by label and client random.
  private func secrets(_ name: String) throws -> Set<Substring> {
    Set(try folder.text(name).split(separator: "\n").filter { !$0.hasPrefix("#") })
  }

  // MARK: - s_client

  /// What `s_client` printed, and what the echo server recorded of its connections.
  private struct Visit {
    var child: FinishedChild
    var traces: [ConnectionTrace]

    var facts: [TLSFacts] {
      traces.flatMap(\.events).compactMap { if case .secured(let facts) = $0.kind { facts } else { nil } }
    }
    var failures: [String] {
      traces.flatMap(\.events).compactMap {
        if case .tlsFailed(let reason, _) = $0.kind { reason } else { nil }
      }
    }
    /// Whether the echo server answered.
    var isServed: Bool { child.output.contains("HTTP/1.1 101 ") }
  }

  /// Has `s_client` open a WebSocket and close it.
  private func visit(
    _ options: [String], _ change: (inout TLSConfiguration) throws -> Void = { _ in }
  ) async throws -> Visit {
    let input = folder.url.appending(path: "request")
    try Data(RawClient.request("/") + clientFrame(.close, [3, 0xE8]).encoded()).write(to: input)
    var configuration = TLSConfiguration.server(certificates.server)
    try change(&configuration)
    let context = try TLSContext(.server, configuration)
    return try await withLoop { loop in
      let traces = Mutex<[ConnectionTrace]>([])
      var echo = EchoConfiguration()
      echo.tls = context
      echo.captureLimit = 1000
      echo.onTrace = { trace in traces.withLock { $0.append(trace) } }
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: echo)
      let command = "exec openssl s_client -connect \(server.addresses[0]) \"$@\" < \(input.path)"
      let child = try await RunningChild.run(
        "/bin/sh", ["-c", command, "sh", "-ign_eof", "-msg", "-CAfile", root] + options, within: .seconds(20))
      try await server.stop()
      return Visit(child: child, traces: traces.withLock { $0 })
    }
  }

  @Test(
    "s_client verifies our server by name and address, gets its answer, and both say close_notify",
    arguments: TLSVersion.allCases,
    [
      ["-servername", "localhost", "-verify_hostname", "localhost"],
      ["-noservername", "-verify_ip", "127.0.0.1"],
    ])
  func serves(version: TLSVersion, name: [String]) async throws {
    let option = version == .v1_2 ? "-tls1_2" : "-tls1_3"
    let visit = try await visit(["-verify_return_error", option] + name)
    #expect(visit.child.status == 0 && visit.isServed, "\(visit.child.everything)")
    #expect(visit.child.output.contains("Verify return code: 0 (ok)"), "\(visit.child.everything)")
    // What came is printed behind <<<, what was sent behind >>>.
    for arrow in ["<<<", ">>>"] {
      let notice = "\(arrow) TLS \(version.rawValue), Alert [length 0002], warning close_notify"
      #expect(visit.child.output.contains(notice), "\(visit.child.everything)")
    }
    #expect(visit.facts.map(\.version) == ["TLSv\(version.rawValue)"] && visit.failures.isEmpty)
    #expect(visit.facts.map(\.serverName) == [name[0] == "-servername" ? "localhost" : nil])
  }

  @Test(
    "s_client that names us is warned of the name in TLS 1.2, goes on, and is served; otherwise there is no warning",
    arguments: TLSVersion.allCases, [["-servername", "localhost"], ["-noservername"]])
  func warnsOfNames(version: TLSVersion, name: [String]) async throws {
    let option = version == .v1_2 ? "-tls1_2" : "-tls1_3"
    let visit = try await visit([option] + name) { $0.warnsOfNames = true }
    #expect(visit.isServed && visit.failures.isEmpty, "\(visit.child.everything)")
    let isWarned = visit.child.output.contains("Alert [length 0002], warning unrecognized_name")
    #expect(isWarned == (version == .v1_2 && name.count == 2), "\(visit.child.everything)")
    #expect(visit.facts.map(\.serverName) == [name.count == 2 ? "localhost" : nil])
  }

  @Test("s_client that does not trust us refuses, and our trace tells its alert and the phase, once")
  func isRefused() async throws {
    let stranger = try folder.write(try Authority.make().certificate.pem, to: "stranger.pem")
    let visit = try await visit(["-verify_return_error", "-CAfile", stranger])
    #expect(visit.child.status != 0 && !visit.isServed, "\(visit.child.everything)")
    #expect(visit.facts.isEmpty && visit.failures.count == 1)
    let failure = try #require(visit.failures.first)
    #expect(
      failure.hasPrefix("could not complete the TLS handshake with the client 127.0.0.1:"), "\(failure)")
    #expect(failure.hasSuffix("the peer refused with alert 48 (tlsv1 alert unknown ca)"), "\(failure)")
  }

  /// Who comes with which certificate, and what comes of it where one is wanted, and where it is required.
  enum Guest: CaseIterable { case nobody, friend, stranger }

  @Test(
    "s_client's certificate is asked for, wanted or required, and a refusal has its alert and its reason",
    arguments: TLSVersion.allCases, Guest.allCases)
  func clientCertificates(version: TLSVersion, guest: Guest) async throws {
    let profile = CertificateProfile(.client, commonName: "the client")
    let signer = guest == .stranger ? try Authority.make() : certificates.root
    let file = try write(try signer.issue(profile), to: "client.pem")
    let options = [version == .v1_2 ? "-tls1_2" : "-tls1_3"] + (guest == .nobody ? [] : ["-cert", file])
    for verification in TLSVerification.allCases {
      let visit = try await visit(options) {
        $0.verification = verification
        $0.authorities = [certificates.root.certificate]
      }
      let isWelcome =
        guest == .friend || verification == .none || guest == .nobody && verification == .optional
      #expect(visit.isServed == isWelcome, "\(verification) \(visit.child.everything)")
      let isAsked = visit.child.output.contains("CertificateRequest")
      #expect(isAsked == (verification != .none), "\(verification) \(visit.child.everything)")
      guard isWelcome else {
        let reason =
          guest == .nobody
          ? "peer did not return a certificate"
          : "its certificate was refused (unable to get local issuer certificate)"
        #expect(visit.failures.count == 1 && visit.failures[0].contains(reason), "\(visit.failures)")
        #expect(visit.child.errors.contains("alert"), "\(visit.child.everything)")
        continue
      }
      let isSeen = guest == .friend && verification != .none
      #expect(visit.facts.map(\.clientSubject) == [isSeen ? "CN=the client,O=wsrig" : nil])
    }
  }

  @Test(
    "Our key log has the secrets that s_client logs of the same connection",
    arguments: ["-tls1_2", "-tls1_3"])
  func keyLog(version: String) async throws {
    let visit = try await visit([version, "-keylogfile", folder.path + "/theirs.log"]) {
      $0.keyLog = try TLSKeyLog(path: folder.path + "/ours.log")
    }
    #expect(visit.isServed, "\(visit.child.everything)")
    let ours = try secrets("ours.log")
    #expect(try !ours.isEmpty && ours == secrets("theirs.log"), "\(visit.child.everything)")
  }

  @Test("s_client gets no session to resume: every handshake is whole", arguments: ["-tls1_2", "-tls1_3"])
  func resumesNothing(version: String) async throws {
    // Connects five times more, each time with the session of the first if there is one.
    let visit = try await visit([version, "-reconnect"])
    #expect(visit.isServed, "\(visit.child.everything)")
    let output = visit.child.output
    #expect(output.components(separatedBy: "\nNew, ").count == 7, "\(visit.child.everything)")
    #expect(!output.contains("Reused") && !output.contains("NewSessionTicket"), "\(visit.child.everything)")
    #expect(output.contains("Session-ID: \n") || !output.contains("Session-ID"), "\(visit.child.everything)")
  }

  /// Starts `s_client` with an input that stays open: its lines of one letter are commands. Both its outputs come as one.
  private func converse(_ version: String, with address: SocketAddress) async throws -> (
    child: RunningChild, input: FileHandle
  ) {
    let pipe = folder.path + "/input"
    #expect(mkfifo(pipe, 0o600) == 0)
    let command = "exec openssl s_client \(version) -msg -connect \(address) < \(pipe) 2>&1"
    let child = try await RunningChild.start("/bin/sh", ["-c", command])
    // For reading too, so that opening waits for nobody.
    return (child, try #require(FileHandle(forUpdatingAtPath: pipe)))
  }

  @Test("s_client that wants to renegotiate is refused")
  func renegotiates() async throws {
    try await withLoop { loop in
      var echo = EchoConfiguration()
      echo.tls = try TLSContext(.server, .server(certificates.server))
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: echo)
      let (child, input) = try await converse("-tls1_2", with: server.addresses[0])
      defer { child.kill() }
      try input.write(contentsOf: Data("R\n".utf8))
      _ = try await child.line(containing: "RENEGOTIATING")
      _ = try await child.line(containing: "<<< TLS 1.2, Alert [length 0002], warning no_renegotiation")
      try await server.stop()
    }
  }

  @Test("s_client changes the keys of TLS 1.3, has ours changed too, and goes on")
  func changesKeys() async throws {
    try await withLoop { loop in
      var echo = EchoConfiguration()
      echo.tls = try TLSContext(.server, .server(certificates.server))
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: loop, configuration: echo)
      let (child, input) = try await converse("-tls1_3", with: server.addresses[0])
      defer { child.kill() }
      try input.write(contentsOf: Data("K\n".utf8))
      _ = try await child.line(containing: ">>> TLS 1.3, Handshake [length 0005], KeyUpdate")
      try input.write(contentsOf: Data(RawClient.request("/")))
      _ = try await child.line(containing: "<<< TLS 1.3, Handshake [length 0005], KeyUpdate")
      _ = try await child.line(containing: "HTTP/1.1 101 ")
      try await server.stop()
    }
  }

  // MARK: - s_server

  /// Starts `s_server`, which answers the one request that it takes with a message and a Close, as the reference client with this
  /// seed must be answered.
  ///
  /// - Parameter file: The certificate that it shows.
  private func serve(
    _ options: [String], showing file: String, seed: UInt64 = 7
  ) async throws -> (child: RunningChild, port: UInt16) {
    var randomness = SplitMix64(seed: seed)
    let accept = HandshakeKey(using: &randomness).accept
    let head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    let frames = Frame(.text, Array("Hello".utf8)).encoded() + Frame(.close, [3, 0xE8]).encoded()
    let answer = Array(head.utf8) + accept + Array("\r\n\r\n".utf8) + frames
    try Data(answer).write(to: folder.url.appending(path: "answer"))
    let child = try await RunningChild.start(
      "openssl",
      ["s_server", "-accept", "127.0.0.1:0", "-HTTP", "-naccept", "1", "-msg", "-cert", file] + options,
      in: folder.url)
    let port = try await child.line(containing: "ACCEPT ").split(separator: ":").last.flatMap { UInt16($0) }
    return (child, try #require(port))
  }

  private var right: String {
    get throws { try write(certificates.server, to: "server.pem") }
  }

  private var strange: String {
    get throws { try write(try Authority.make().issue(TestCertificates.profile), to: "strange.pem") }
  }

  private func client(
    seed: UInt64 = 7, on loop: EventLoop, _ change: (inout TLSConfiguration) throws -> Void = { _ in }
  ) throws -> WebSocketClient {
    var configuration = TLSConfiguration.client(trusting: [certificates.root.certificate])
    try change(&configuration)
    return WebSocketClient(tls: configuration, randomness: SplitMix64(seed: seed), on: loop)
  }

  @Test(
    "s_server answers the reference client, which takes its close_notify; both log the same secrets",
    arguments: TLSVersion.allCases)
  func visits(version: TLSVersion) async throws {
    let options = [version == .v1_2 ? "-tls1_2" : "-tls1_3", "-keylogfile", folder.path + "/theirs.log"]
    let (child, port) = try await serve(options, showing: try right)
    try await withLoop { loop in
      let client = try client(on: loop) { $0.keyLog = try TLSKeyLog(path: folder.path + "/ours.log") }
      try await client.handshake("wss://127.0.0.1:\(port)/answer")
      #expect(try await client.recv() == .text("Hello"))
      #expect(try await client.recv() == nil)
      #expect(try await client.close())
      #expect(client.closeCode == .normalClosure && client.connectionIfAny?.tlsFailure == nil)
      #expect(client.connectionIfAny?.tlsDetails?.version == "TLSv\(version.rawValue)")
    }
    let end = try await child.finish(within: .seconds(10))
    #expect(end.status == 0, "\(end.everything)")
    // What it sent is printed behind >>>.
    let notice = ">>> TLS \(version.rawValue), Alert [length 0002], warning close_notify"
    #expect(end.output.contains(notice), "\(end.everything)")
    let ours = try secrets("ours.log")
    #expect(try !ours.isEmpty && ours == secrets("theirs.log"))
  }

  @Test(
    "s_server shows the certificate that verifies only to who asks for localhost",
    arguments: ["-tls1_2", "-tls1_3"])
  func asksForName(version: String) async throws {
    let file = try right
    let options = [version, "-servername", "localhost", "-cert2", file, "-key2", file]
    let (child, port) = try await serve(options, showing: try strange)
    try await withLoop { loop in
      let client = try client(on: loop)
      try await client.handshake("wss://localhost:\(port)/answer")
      #expect(try await client.recv() == .text("Hello"))
      #expect(try await client.close())
    }
    let end = try await child.finish(within: .seconds(10))
    #expect(end.output.contains("Hostname in TLS extension: \"localhost\""), "\(end.everything)")
  }

  @Test(
    "s_server's certificate of a stranger is refused, and it is told why", arguments: ["-tls1_2", "-tls1_3"])
  func refuses(version: String) async throws {
    let (child, port) = try await serve([version], showing: try strange)
    try await withLoop { loop in
      let uri = "wss://127.0.0.1:\(port)/answer"
      let client = try client(on: loop)
      let error = await #expect(throws: TLSError.self) { try await client.handshake(uri) }
      guard case .certificate(20, "unable to get local issuer certificate")? = error?.cause else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(error?.phase == .handshake && error?.endpoint == uri)
    }
    let end = try await child.finish(within: .seconds(10))
    #expect(end.everything.contains("alert unknown ca"), "\(end.everything)")
  }

  @Test(
    "s_server gets the certificate that it requires of the reference client, which knows why it is refused without one",
    arguments: TLSVersion.allCases, [true, false])
  func identifies(version: TLSVersion, isShown: Bool) async throws {
    let option = version == .v1_2 ? "-tls1_2" : "-tls1_3"
    let options = [option, "-Verify", "1", "-verify_return_error", "-CAfile", root]
    let (child, port) = try await serve(options, showing: try right)
    try await withLoop { loop in
      let client = try client(on: loop) {
        if isShown {
          $0.identity = try certificates.root.issue(CertificateProfile(.client, commonName: "the client"))
        }
      }
      let uri = "wss://localhost:\(port)/answer"
      if isShown {
        try await client.handshake(uri)
        #expect(try await client.recv() == .text("Hello"))
        #expect(try await client.close())
        return
      }
      let error = await #expect(throws: TLSError.self) { try await client.handshake(uri) }
      // RFC 8446 section 6.2 has an alert for it; before, it was handshake_failure. By then a client of 1.3 is done with its part.
      let number = version == .v1_2 ? 40 : 116
      guard case .alert(number, _)? = error?.cause else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(error?.phase == (version == .v1_2 ? .handshake : .read))
    }
    let end = try await child.finish(within: .seconds(10))
    let words = isShown ? "CN = the client" : "peer did not return a certificate"
    #expect(end.everything.contains(words), "\(end.everything)")
  }
}
