import BoardLink
import Foundation
import Logging
import PosixIO
import Results
import WebSocketPeers

/// What a run works with: the server on its loop, the device on another, the reference on a third. Made before the first case, torn
/// down after the last.
final class BenchSetup: Sendable {
  let server: ScriptedServer
  /// The client under test, on what it runs on.
  let device: any Device
  let reference: ReferenceRunner
  let tokens: AttemptTokens
  private let lock: BoardLockBox

  /// Makes everything, runs the body, and ends everything again in reverse order, whatever happens.
  /// - Throws: `ConfigurationError`, `MissingBoard`, or what the body throws.
  static func with<Result: Sendable>(
    _ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void,
    _ body: (BenchSetup) async throws -> Result
  ) async throws -> Result {
    let lock = try BoardLockBox(configuration.board)
    return try await Loops.with { loops in
      let server = try await Self.listen(configuration, on: loops.server)
      do {
        let setup = try BenchSetup(configuration, lock, loops, server, progress)
        do {
          let result = try await body(setup)
          await setup.tearDown()
          return result
        } catch {
          await setup.tearDown()
          throw error
        }
      } catch {
        try? await server.stop()
        throw error
      }
    }
  }

  private init(
    _ configuration: RunConfiguration, _ lock: BoardLockBox, _ loops: Loops, _ server: ScriptedServer,
    _ progress: @escaping @Sendable (RunEvent) -> Void
  ) throws {
    self.lock = lock
    self.server = server
    tokens = AttemptTokens(seed: configuration.seed)
    let address = server.addresses[0]
    let host = address.isV6 ? "[\(address.hostText)]" : address.hostText
    let tls = BenchTLS(host: host, authority: configuration.authority) {
      progress(.ownAuthority(reason: "\($0)"))
    }
    reference = ReferenceRunner(
      server: server, tls: tls, host: host, seed: configuration.seed, loop: loops.reference)
    device = try Self.device(configuration, server, tls, host: host, on: loops.device, progress)
  }

  /// Lets go of the device and ends the server.
  private func tearDown() async {
    await device.leave()
    // Nothing is left to lose: the results are gathered before.
    try? await server.stop()
  }

  private static func listen(
    _ configuration: RunConfiguration, on loop: EventLoop
  ) async throws -> ScriptedServer {
    var settings = ScriptedConfiguration()
    settings.captureLimit = configuration.captureLimit
    settings.logger.logLevel = .error
    do {
      return try await ScriptedServer.start(
        listeningOn: try await addresses(configuration), on: loop, configuration: settings)
    } catch let error as PosixError {
      throw ConfigurationError("The server cannot listen: \(error); check --host and --port.")
    }
  }

  /// The address of the run, and beside it, where that is the loopback, the loopback of IPv6: for URLs that name it.
  private static func addresses(_ configuration: RunConfiguration) async throws -> [SocketAddress] {
    let address = try await address(configuration)
    let isLoopback = address == .loopbackV4(port: configuration.port)
    return isLoopback ? [address, .loopbackV6(port: configuration.port)] : [address]
  }

  private static func address(_ configuration: RunConfiguration) async throws -> SocketAddress {
    let found = try await SocketAddress.resolve(
      configuration.host, port: configuration.port, deadline: .after(.seconds(5)))
    guard let address = found.first else {
      throw ConfigurationError("The host '\(configuration.host)' has no address; check --host.")
    }
    if address.isV6, configuration.board == .simulated, configuration.simulation.imitatesLwIP {
      throw ConfigurationError(
        "The simulated board speaks IPv4 only, as a board does, and '\(configuration.host)' is an IPv6 address; "
          + "choose another --host.")
    }
    return address
  }

  private static func device(
    _ configuration: RunConfiguration, _ server: ScriptedServer, _ tls: BenchTLS, host: String,
    on loop: EventLoop,
    _ progress: @escaping @Sendable (RunEvent) -> Void
  ) throws -> any Device {
    guard configuration.board != .reference else {
      let seed = ReferenceDevice.seed(besides: configuration.seed)
      return ReferenceDevice(
        runner: ReferenceRunner(server: server, tls: tls, host: host, seed: seed, loop: loop))
    }
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    return try BoardDevice(
      link: try link(configuration, on: loop, logger: logger), on: loop, client: configuration.client,
      fixtures: configuration.fixtures, server: server, tls: tls, host: host,
      serialLog: try configuration.serialLog.map { try SerialLog(path: $0.path) }, start: .now(),
      logger: logger, onEvent: { progress(.board($0)) })
  }

  private static func link(
    _ configuration: RunConfiguration, on loop: EventLoop, logger: Logger
  ) throws -> any Link {
    do {
      switch configuration.board {
      case .terminal(let path): return TTYLink(path: path, on: loop)
      case .usb(let name): return USBLink(name: name, on: loop)
      case .tcp(let host, let port): return NetworkLink(host: host, port: port, controlsLine: false, on: loop)
      case .rfc2217(let host, let port):
        return NetworkLink(host: host, port: port, controlsLine: true, on: loop)
      case .python(let path):
        let fixtures = configuration.fixtures
        return PythonBoardLink(
          configuration.board, interpreter: try fixtures.python(path: path).path,
          boardFolder: fixtures.pythonBoard.path, on: loop)
      case .simulated, .reference:
        let simulated = try SimulatedBoardConfiguration(
          configuration.simulation, fixtures: configuration.fixtures)
        return try SimulatedBoardLink(simulated, on: loop, logger: logger)
      }
    } catch let error as BoardFailure {
      throw ConfigurationError("\(error)")
    }
  }
}

/// Holds the board's lock for as long as the setup lives. What is on this computer needs none: every run makes its own.
private final class BoardLockBox: Sendable {
  private let lock: BoardLock?

  init(_ selector: BoardSelector) throws {
    do {
      lock = selector.isOnThisComputer ? nil : try BoardLock(selector)
    } catch let failure as BoardFailure {
      throw MissingBoard("\(failure)")
    }
  }
}

/// The threads of a run: server, device and reference do not wait for one another.
private struct Loops: Sendable {
  let server: EventLoop
  let device: EventLoop
  let reference: EventLoop

  /// Starts the loops for the body and stops them after it.
  static func with<Result: Sendable>(_ body: (Loops) async throws -> Result) async throws -> Result {
    let loops = Loops(
      server: try EventLoop(name: "server"), device: try EventLoop(name: "device"),
      reference: try EventLoop(name: "reference"))
    let all = [loops.server, loops.device, loops.reference]
    for loop in all { loop.start() }
    defer { for loop in all { loop.stop() } }
    return try await body(loops)
  }
}
