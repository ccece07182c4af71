import ArgumentParser
import Bench
import PosixIO
import WebSocketPeers
import WebSocketProtocol

/// `wsrig serve`: the echo server alone, for any client.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Runs the echo server for any WebSocket client, until interrupted.",
    discussion: """
      Every check of RFC 6455 is on, and of RFC 7692 where the client offers compression: a client that breaks a rule is told \
      so in the Close frame. With --tls, clients have to trust the authority of this bench: wsrig certs exports it. Ctrl-C and SIGTERM end it with a closing handshake on every connection, and with exit status 0.

      With --autobahn, any driver that was made for Autobahn's fuzzing server runs our scenarios instead: all whose client side \
      connects once and echoes to the end, which --list shows, and which others are left out and why. They are judged by what \
      is on the wire. A client that offers no compression is UNIMPLEMENTED in the scenarios that want an offer. Beside \
      index.json and a file for each case, as Autobahn has them, each client gets the reports of wsrig run. A client that gives \
      no sign of life within --patience, nor when the server then ends its side, is inconclusive there: it may be slow. It \
      answers /getCaseCount, /getCaseInfo, /runCase, /getCaseStatus, /updateReports and /stopServer. It ends on Ctrl-C and on \
      /stopServer; with --once after the first /updateReports, as soon as no case is under way.

      EXIT STATUS WITH --autobahn:
        0    all well
        1    a case failed
        2    usage, or an address that cannot be had
        3    no case failed, but not all of them ran, or one is inconclusive
      """)

  private static let usualMessage = ByteCount(bytes: 16 << 20)

  @Option(
    help: ArgumentHelp(
      "The address to listen on; by default both loopback addresses. May be given several times.",
      valueName: "address"))
  var host: [String] = ["127.0.0.1", "::1"]

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The port; 0 picks a free one. Either way it is printed.", valueName: "port"))
  var port: UInt16 = 9001

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The largest message; a larger one is answered with Close 1009.", valueName: "size"))
  var maxMessage = Self.usualMessage

  @Flag(
    help: ArgumentHelp(
      "Declines every offer of permessage-deflate, the compression of messages (RFC 7692); otherwise the first valid one is accepted."
    ))
  var noCompression = false

  @OptionGroup(title: "TLS") var security: TLSServing

  @OptionGroup(title: "Autobahn's protocol") var autobahn: AutobahnServing

  func validate() throws {
    if autobahn.isUsedInVain {
      throw ValidationError(
        "--only, --deliveries, --include, --seed, --report, --list, --once, --max-time and --patience go with --autobahn."
      )
    }
    if autobahn.autobahn, noCompression || maxMessage.bytes != Self.usualMessage.bytes {
      throw ValidationError(
        "--no-compression and --max-message do not go with --autobahn: its scenarios say what the server does."
      )
    }
    if security.isUsedInVain {
      throw ValidationError(
        "--tls-cert, --tls-key, --tls-client-cert, --tls-keylog and --authority go with --tls.")
    }
    if security.isHalfAnIdentity { throw ValidationError("--tls-cert and --tls-key go together.") }
    if security.isAuthorityInVain {
      throw ValidationError("--tls-client-ca goes with --tls-client-cert.")
    }
    if maxMessage.bytes == 0 { throw ValidationError("--max-message must be at least 1 byte.") }
  }

  func run() async throws {
    if autobahn.list { return Console.put(try autobahn.listing()) }
    if autobahn.autobahn { return try await serveDrivers() }
    var configuration = EchoConfiguration()
    configuration.limits = Limits(framePayload: maxMessage.bytes, message: maxMessage.bytes)
    if noCompression { configuration.compression = nil }
    let addresses = try await addresses()
    configuration.tls = try security.context(for: host, addresses)
    let server = try await start(configuration, on: addresses)
    let signals = try TerminationSignal.stream(on: .shared)
    security.announce(server.addresses)
    ProcessMemory.returnFilePages()
    for await _ in signals { break }
    try await server.stop()
  }

  private func start(_ configuration: EchoConfiguration, on addresses: [SocketAddress]) async throws
    -> EchoServer
  {
    do {
      return try await EchoServer.start(
        listeningOn: addresses, on: .shared, configuration: configuration)
    } catch let error as PosixError {
      throw ConfigurationError("\(error)")
    }
  }

  private func serveDrivers() async throws {
    do {
      try await autobahn.run(on: try await addresses(), of: host, security)
    } catch let error as PosixError {
      throw ConfigurationError("\(error)")
    }
  }

  private func addresses() async throws -> [SocketAddress] {
    var addresses: [SocketAddress] = []
    for name in host {
      addresses += try await SocketAddress.resolve(name, port: port, deadline: .after(.seconds(5)))
    }
    return addresses
  }
}
