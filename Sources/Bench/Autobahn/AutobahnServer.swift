import Autobahn
import Foundation
import Logging
import PosixIO
import Results
import Scenarios
import Steps
import Synchronization
import Traces
import Verdicts
import WebSocketPeers
import WebSocketProtocol

/// What decides how clients are driven through our scenarios by Autobahn's control protocol.
public struct AutobahnServerConfiguration: Sendable {
  /// The cases; the first is number 1.
  public var cases: EchoCases
  /// The seed of everything random that is ours.
  public var seed: UInt64
  /// How long nothing may move before the server gives up what it waits for.
  public var patience = Duration.seconds(1)
  /// When it gives up at the latest.
  public var longestPatience = Duration.seconds(15)
  /// Whether it ends after the first reports that a driver asks for.
  public var endsAfterReports: Bool
  /// Writes the reports of all clients so far, of which there is one at least. A driver that asks for them waits.
  public var writeReports: @Sendable ([AgentRun]) throws -> Void

  /// Creates a configuration.
  public init(
    cases: EchoCases, seed: UInt64, endsAfterReports: Bool,
    writeReports: @escaping @Sendable ([AgentRun]) throws -> Void
  ) {
    self.cases = cases
    self.seed = seed
    self.endsAfterReports = endsAfterReports
    self.writeReports = writeReports
  }
}

/// What a server for drivers tells while it runs.
public enum DriverEvent: Sendable {
  /// A case was judged.
  case caseEnded(agent: String, CaseResult)
  /// A driver asked for the reports, and they were written.
  case reportsWritten
  /// They could not be written; the sentence says why.
  case reportsFailed(String)
}

/// Puts any client through our scenarios that any driver made for Autobahn's fuzzing server drives: the scripted server, with the
/// control protocol in front. What the client does is judged by the wire alone, beside the reference in the same case.
public final class AutobahnServer: Sendable {
  /// The addresses it listens on, all on one port.
  public let addresses: [SocketAddress]
  /// Yields once when a driver has asked the server to end, and finishes.
  public let endRequests: AsyncStream<Void>

  private let configuration: AutobahnServerConfiguration
  private let server: ScriptedServer
  private let reference: ReferenceRunner
  private let tokens: AttemptTokens
  private let book: DriverBook
  private let progress: @Sendable (DriverEvent) -> Void
  private let endRequested: AsyncStream<Void>.Continuation

  /// For a driver's own questions.
  private static let controlPatience = Patience(.seconds(5), atMost: .seconds(10))

  /// Starts listening.
  ///
  /// - Parameters:
  ///   - loop: where server and connections live; the reference lives on `referenceLoop`.
  ///   - progress: is told what happens, on any thread.
  /// - Throws: `PosixError` when an address cannot be had.
  public static func start(
    _ configuration: AutobahnServerConfiguration, listeningOn addresses: [SocketAddress], on loop: EventLoop,
    referenceLoop: EventLoop, progress: @escaping @Sendable (DriverEvent) -> Void
  ) async throws -> AutobahnServer {
    let desk = Desk()
    var settings = ScriptedConfiguration()
    settings.logger.logLevel = .error
    // A client on a busy computer may take its time to end TCP.
    settings.drainTimeout = .seconds(1)
    settings.onUnclaimed = { desk.receive($0) }
    let server = try await ScriptedServer.start(listeningOn: addresses, on: loop, configuration: settings)
    let made = AutobahnServer(configuration, server, referenceLoop, progress)
    try await loop.perform { desk.open { [weak made] in made?.answer($0) } }
    return made
  }

  private init(
    _ configuration: AutobahnServerConfiguration, _ server: ScriptedServer, _ referenceLoop: EventLoop,
    _ progress: @escaping @Sendable (DriverEvent) -> Void
  ) {
    self.configuration = configuration
    self.server = server
    self.progress = progress
    addresses = server.addresses
    tokens = AttemptTokens(seed: configuration.seed)
    book = DriverBook(cases: configuration.cases.all, seed: configuration.seed)
    let address = server.addresses[0]
    let host = address.isV6 ? "[\(address.hostText)]" : address.hostText
    reference = ReferenceRunner(server: server, host: host, seed: configuration.seed, loop: referenceLoop)
    (endRequests, endRequested) = AsyncStream.makeStream(of: Void.self)
  }

  /// What the clients came to so far, in the order in which they came.
  public var runs: [AgentRun] { book.runs }

  /// Stops; cases under way are not in the results.
  public func stop() async throws {
    book.close()
    endRequested.finish()
    try await server.stop()
  }

  // MARK: the control protocol, on the server's loop

  private func answer(_ connection: UnclaimedConnection) {
    do {
      try answer(connection, try ControlRequest(target: connection.target))
    } catch {
      refuse(connection, "\(error)")
    }
  }

  private func answer(_ connection: UnclaimedConnection, _ request: ControlRequest) throws {
    let cases = configuration.cases
    switch request {
    case .caseCount: try say("\(cases.all.count)", on: connection)
    case .caseInfo(let reference):
      let scenario = cases.all[try cases.index(of: reference)]
      try say(Self.json(["id": scenario.id, "description": scenario.scenario.description]), on: connection)
    case .runCase(let reference, let agent):
      let index = try cases.index(of: reference)
      // A fast driver must not run ahead of the reference.
      book.whenIdle(agent) { [self] in
        onLoop { try self.run(index, for: agent, on: connection) }
      }
    case .caseStatus(let reference, let agent):
      let index = try cases.index(of: reference)
      connection.accept()
      book.whenJudged(index, of: agent) { [self] behavior in
        onLoop { try self.say(Self.json(["behavior": behavior?.rawValue ?? "MISSING"]), on: connection) }
      }
    case .updateReports(let agent, let shutsDown):
      // Drivers give an opening handshake less time than reports may take.
      connection.accept()
      book.whenIdle(agent) { [self] in
        let runs = book.runs
        Task { self.report(runs, to: connection, thenEnds: shutsDown || self.configuration.endsAfterReports) }
      }
    case .stopServer: try say(nil, on: connection, thenEnds: true)
    }
  }

  private func onLoop(_ body: @escaping @Sendable () throws -> Void) {
    server.loop.submit {
      // A connection that is gone wants no answer.
      try? body()
    }
  }

  private func run(_ index: Int, for agent: String, on connection: UnclaimedConnection) throws {
    let testCase = configuration.cases.all[index]
    let start = MonotonicInstant.now()
    let patience = Patience(configuration.patience, atMost: configuration.longestPatience)
    guard
      let attempt = try connection.play(
        testCase.scenario.server, token: tokens.next(), delivery: testCase.delivery, patience: patience)
    else { return }
    book.begin(index, of: agent)
    Task {
      async let expected = reference.run(testCase, token: tokens.next())
      let connections = await attempt.record().connections
      let duration = (MonotonicInstant.now() - start).seconds
      let result: CaseResult
      do {
        result = Self.judge(testCase, connections, reference: try await expected, duration)
      } catch {
        let reason = "the reference could not be put through the case: \(error)"
        result = CaseResult(
          case: testCase, judgement: Judgement(verdict: .inconclusive, reason: reason), attempts: 1,
          durationSeconds: duration, device: nil, reference: nil)
      }
      if book.end(index, of: agent, result, wire: connections.first.map(WireFacts.init)) {
        progress(.caseEnded(agent: agent, result))
      }
    }
  }

  private static func judge(
    _ testCase: Case, _ connections: [ConnectionTrace], reference: AttemptTrace, _ durationSeconds: Double
  ) -> CaseResult {
    let (judgement, device) = Judge.judge(case: testCase, wire: connections, reference: reference)
    return CaseResult(
      case: testCase, judgement: judgement, attempts: 1, durationSeconds: durationSeconds, device: device,
      reference: reference, serverSHA1: device.serverSHA1)
  }

  /// Not on the loop: others are served meanwhile.
  private func report(_ runs: [AgentRun], to connection: UnclaimedConnection, thenEnds: Bool) {
    do {
      if !runs.isEmpty { try configuration.writeReports(runs) }
      progress(.reportsWritten)
      onLoop { try self.say(nil, on: connection, thenEnds: thenEnds) }
    } catch {
      progress(.reportsFailed("\(error)"))
      onLoop { try self.say("\(error)", on: connection) }
    }
  }

  // MARK: answers

  /// One text message, or none, and a Close without a code.
  private func say(_ text: String?, on connection: UnclaimedConnection, thenEnds: Bool = false) throws {
    let message = text.map { [ServerStep.sendFrame(FrameSpec(.text, .text($0)))] } ?? []
    let script = ServerScript(message + [.sendFrame(FrameSpec(.close))])
    let attempt = try connection.play(script, token: tokens.next(), patience: Self.controlPatience)
    guard thenEnds else { return }
    Task {
      _ = await attempt?.record()
      endRequested.yield()
    }
  }

  /// A refusal in place of the opening response, as Autobahn's server gives it.
  private func refuse(_ connection: UnclaimedConnection, _ sentence: String) {
    let text = sentence + "\n"
    let head = """
      HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
      Content-Length: \(text.utf8.count)\r\n\r\n
      """
    let script = ServerScript([.respond(.raw(.text(head + text)))], ending: .endOfStream)
    onLoop { try connection.play(script, token: self.tokens.next(), patience: Self.controlPatience) }
  }

  private static func json(_ value: [String: String]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("text is always JSON") }
    return String(decoding: data, as: UTF8.self)
  }
}

/// Keeps the connections that come before the server behind it is there.
private final class Desk: Sendable {
  private struct State {
    var early: [UnclaimedConnection] = []
    var handler: (@Sendable (UnclaimedConnection) -> Void)?
  }

  private let state = Mutex(State())

  func receive(_ connection: UnclaimedConnection) {
    let handler = state.withLock { state in
      if state.handler == nil { state.early.append(connection) }
      return state.handler
    }
    handler?(connection)
  }

  func open(_ handler: @escaping @Sendable (UnclaimedConnection) -> Void) {
    let early = state.withLock { state in
      state.handler = handler
      defer { state.early = [] }
      return state.early
    }
    for connection in early { handler(connection) }
  }
}
