import BoardLink
import Foundation
import Logging
import PosixIO
import Results
import WebSocketPeers

/// What a run works with on a board: the server on its loop, the device on another, the reference on a third. Made before the first
/// case, torn down after the last.
final class BenchSetup: Sendable {
  /// The board's id where the run has several; otherwise nil.
  let id: String?
  let server: ScriptedServer
  /// The client under test, on what it runs on.
  let device: any Device
  let reference: ReferenceRunner
  private let lock: BoardLockBox

  /// Makes everything for each board, runs the body, and ends everything again in reverse order, whatever happens.
  /// - Throws: `ConfigurationError`, `MissingBoard`, or what the body throws.
  static func withEach<Result: Sendable>(
    _ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void,
    _ body: ([BenchSetup]) async throws -> Result
  ) async throws -> Result {
    let lock = try await BenchLockBox.take(configuration, progress)
    defer { withExtendedLifetime(lock) {} }
    return try await withRest(configuration, progress: progress, made: [], body)
  }

  /// The same for the first board alone.
  static func with<Result: Sendable>(
    _ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void,
    _ body: (BenchSetup) async throws -> Result
  ) async throws -> Result {
    var one = configuration
    one.boards = [configuration.boards[0]]
    return try await withEach(one, progress: progress) { try await body($0[0]) }
  }

  private static func withRest<Result: Sendable>(
    _ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void,
    made: [BenchSetup], _ body: ([BenchSetup]) async throws -> Result
  ) async throws -> Result {
    guard made.count < configuration.boards.count else { return try await body(made) }
    return try await withBoard(at: made.count, configuration, progress: progress) { setup in
      try await withRest(configuration, progress: progress, made: made + [setup], body)
    }
  }

  private static func withBoard<Result: Sendable>(
    at index: Int, _ configuration: RunConfiguration, progress: @escaping @Sendable (RunEvent) -> Void,
    _ body: (BenchSetup) async throws -> Result
  ) async throws -> Result {
    let bench = BoardBench(configuration, index)
    let lock = try await BoardLockBox.take(bench.board.selector, wait: configuration.boardWait, progress)
    return try await Loops.with { loops in
      let server = try await Self.listen(bench, on: loops.server)
      do {
        let setup = try BenchSetup(bench, lock, loops, server, progress)
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
    _ bench: BoardBench, _ lock: BoardLockBox, _ loops: Loops, _ server: ScriptedServer,
    _ progress: @escaping @Sendable (RunEvent) -> Void
  ) throws {
    self.lock = lock
    self.server = server
    id = bench.id
    let address = server.addresses[0]
    let host = address.urlHost
    let tls =
      bench.configuration.sharedTLS
      ?? BenchTLS(host: host, authority: bench.configuration.authority, keyLog: bench.configuration.keyLog) {
        progress(.ownAuthority(reason: "\($0)"))
      }
    reference = ReferenceRunner(
      server: server, tls: tls, host: host, seed: bench.configuration.seed, loop: loops.reference,
      pace: bench.configuration.referencePace)
    device = try Self.device(bench, server, tls, host: host, on: loops.device, progress)
  }

  /// Lets go of the device and ends the server.
  private func tearDown() async {
    await device.leave()
    // Nothing is left to lose: the results are gathered before.
    try? await server.stop()
  }

  private static func listen(_ bench: BoardBench, on loop: EventLoop) async throws -> ScriptedServer {
    var settings = ScriptedConfiguration()
    settings.captureLimit = bench.configuration.captureLimit
    settings.logger.logLevel = .error
    settings.stampsSending = bench.configuration.measuresLatency
    do {
      let server = try await ScriptedServer.start(
        listeningOn: try await addresses(bench), on: loop, configuration: settings)
      try await server.acknowledge(atOnce: !bench.configuration.measuresLatency)
      return server
    } catch let error as PosixError {
      throw ConfigurationError("The server cannot listen: \(error); check \(bench.board.place.both).")
    }
  }

  /// The address of the run, and beside it, where that is the loopback, the loopback of IPv6: for URLs that name it.
  private static func addresses(_ bench: BoardBench) async throws -> [SocketAddress] {
    let address = try await address(bench)
    let port = bench.board.port
    return address == .loopbackV4(port: port) ? [address, .loopbackV6(port: port)] : [address]
  }

  private static func address(_ bench: BoardBench) async throws -> SocketAddress {
    let host = bench.board.host
    let found = try await SocketAddress.resolve(host, port: bench.board.port, deadline: .after(.seconds(5)))
    guard let address = found.first else {
      throw ConfigurationError("The host '\(host)' has no address; check \(bench.board.place.host).")
    }
    if address.isV6, bench.board.selector == .simulated, bench.configuration.simulation.imitatesLwIP {
      throw ConfigurationError(
        "The simulated board speaks IPv4 only, as a board does, and '\(host)' is an IPv6 address; "
          + "choose another address (\(bench.board.place.host)).")
    }
    return address
  }

  private static func device(
    _ bench: BoardBench, _ server: ScriptedServer, _ tls: BenchTLS, host: String, on loop: EventLoop,
    _ progress: @escaping @Sendable (RunEvent) -> Void
  ) throws -> any Device {
    let configuration = bench.configuration
    guard bench.board.selector != .reference else {
      let seed = ReferenceDevice.seed(besides: configuration.seed)
      return ReferenceDevice(
        runner: ReferenceRunner(
          server: server, tls: tls, host: host, seed: seed, loop: loop, pace: configuration.referencePace))
    }
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    let id = bench.id
    let log = try configuration.serialLog(of: bench.board).map { try SerialLog(path: $0.path) }
    let link = try bench.board.selector.link(
      configuration.simulation, fixtures: configuration.fixtures,
      serial: configuration.firstBoardNumber + bench.index, on: loop,
      logger: logger)
    return try BoardDevice(
      link: try withFaults(link, configuration, on: loop, log: log), on: loop, client: configuration.client,
      fixtures: configuration.fixtures, server: server, tls: tls, host: host, serialLog: log,
      states: BoardStates(
        server: configuration.cases.isEmpty ? nil : server, host: host, wlan: try bench.board.wlan?.access(),
        power: configuration.power),
      boardWait: configuration.boardWait, logger: logger, onWait: { progress(.boardWaits($0)) },
      onEvent: { progress(.board($0.of(board: id))) })
  }

  /// The link with the faults that the user wants on it.
  private static func withFaults(
    _ link: any Link, _ configuration: RunConfiguration, on loop: EventLoop, log: SerialLog?
  ) throws -> any Link {
    guard let file = configuration.simulation.faultFile else { return link }
    guard link.selector.isOnThisComputer else {
      throw ConfigurationError(
        "--sim-faults is for a board on this computer, and the board is \(link.selector); leave one out."
      )
    }
    return FaultyLink(link, faults: try FaultFile.read(path: file), on: loop, log: log)
  }
}

/// A board of a run, and all that the run decides for it.
private struct BoardBench {
  let configuration: RunConfiguration
  let index: Int
  var board: BenchBoard { configuration.boards[index] }
  /// The board's id where the run has several.
  var id: String? { configuration.boards.count > 1 ? board.id : nil }

  init(_ configuration: RunConfiguration, _ index: Int) {
    self.configuration = configuration
    self.index = index
  }
}

extension BoardSelector {
  /// Does something with the board while no other run may.
  /// - Throws: `MissingBoard` where another process holds it.
  public func whileLocked<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    let lock = try await BoardLockBox.take(self)
    defer { withExtendedLifetime(lock) {} }
    return try await body()
  }
}

/// Holds the board's lock for as long as the setup lives. What is on this computer needs none: every run makes its own.
private final class BoardLockBox: Sendable {
  private let lock: BoardLock?

  private init(_ lock: consuming BoardLock?) { self.lock = lock }

  /// Takes the lock. Where another run has it, that is waited for as long as the user wants.
  static func take(
    _ selector: BoardSelector, wait: Duration? = nil,
    _ progress: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) async throws -> BoardLockBox {
    guard !selector.isOnThisComputer else { return BoardLockBox(nil) }
    do {
      guard let patience = wait, patience > .zero else { return BoardLockBox(try BoardLock(selector)) }
      return BoardLockBox(
        try await BoardLock.wait(for: selector, deadline: .after(patience), on: .shared) {
          progress(.boardWaits("in use by \($0); waiting for it, at most \(patience.seconds) s"))
        })
    } catch let failure as BoardFailure {
      let hint =
        failure.isBusy
        ? "; wait for its end (in a run, --board-wait SECONDS does so), or choose another --board." : ""
      throw MissingBoard("\(failure)\(hint)")
    }
  }
}

/// Holds the lock of the bench for as long as a run lives. One whose boards are all on this computer needs none.
private final class BenchLockBox: Sendable {
  private let lock: BenchLock?

  private init(_ lock: consuming BenchLock?) { self.lock = lock }

  /// Takes the lock, alone where the run is to be alone. Where another run is in the way, that is waited for as long as the user wants.
  static func take(
    _ configuration: RunConfiguration, _ progress: @escaping @Sendable (RunEvent) -> Void
  ) async throws -> BenchLockBox {
    guard !configuration.boards.allSatisfy(\.selector.isOnThisComputer) else { return BenchLockBox(nil) }
    let patience = configuration.boardWait.flatMap { $0 > .zero ? $0 : nil }
    do {
      return BenchLockBox(
        try await BenchLock.take(
          configuration.isExclusive ? .exclusive : .shared, deadline: patience.map { .after($0) }, on: .shared
        ) { reason in
          progress(.boardWaits("\(reason); waiting for it, at most \(patience?.seconds ?? 0) s"))
        })
    } catch let busy as BenchLock.Busy {
      throw MissingBoard(
        "\(busy.description.capitalizedFirst); wait for its end (in a run, --board-wait SECONDS does so).")
    } catch let failure as BoardFailure {
      throw MissingBoard("\(failure)")
    }
  }
}

extension String {
  /// The text with a capital letter at its beginning.
  fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
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
