import Logging
import PosixIO
import Steps
import Traces
import WebSocketProtocol

/// Bounds of a ``ScriptedServer``.
public struct ScriptedConfiguration: Sendable {
  /// Bytes kept per direction of a connection; beyond it the trace holds length and SHA-1. 1 MiB by default.
  public var captureLimit = 1 << 20
  /// Bounds on the request head.
  public var limits = Limits()
  /// How TLS is spoken to connections of attempts that do not say otherwise; nil serves them in clear.
  public var tls: ScriptedTLS?
  /// From accepting a connection to the request line that says which attempt it belongs to; then it is a stray.
  public var headTimeout = Duration.seconds(5)
  /// For a client's end of stream after an attempt's deadline, or after a stray was refused; then TCP is closed.
  public var drainTimeout = Duration.milliseconds(100)
  /// Connections at one time that no attempt has claimed yet, or that were refused; whoever comes beyond that is turned away
  /// with 503.
  public var maximumUnclaimed = 1024
  /// Given a connection that belongs to no attempt, on the loop, once its request head is complete; without it such
  /// connections are strays. With it the kernel keeps little of what no connection's script reads, as any might stop reading.
  public var onUnclaimed: (@Sendable (UnclaimedConnection) -> Void)?
  /// How long such a connection waits for something to play; then it is closed.
  public var answerTimeout = Duration.seconds(120)
  /// Whether the kernel is asked when bytes that are sent leave and are acknowledged, and for the round trip of TCP's handshake: for
  /// measuring, as it costs a turn of the loop for every message.
  public var stampsSending = false
  /// Where strays and failures are told.
  public var logger = Logger(label: "wsrig.server")

  /// The defaults.
  public init() {}
}

/// Why an attempt cannot be prepared: a mistake of the caller.
public enum ScriptError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Another running attempt has the token.
  case tokenInUse(String)
  /// The token is empty or has characters that a URL's path would not carry unchanged.
  case badToken(String)
  /// A payload is still to be drawn from a seed.
  case payloadNotConcrete(connection: String, step: Int)
  /// The port that the script asks for cannot be had.
  case portUnavailable(UInt16, PosixError)

  /// Whether only this computer, as it is now, stands in the way.
  public var isLackOfPort: Bool { if case .portUnavailable = self { true } else { false } }

  /// One sentence.
  public var description: String {
    switch self {
    case .tokenInUse(let token): "another attempt with the token \(token) is still running"
    case .badToken(let token): "the token \(token.debugDescription) must be letters and digits"
    case .payloadNotConcrete(let connection, let step):
      "the payload of step \(step) of connection \(connection) is random and was not drawn yet"
    case .portUnavailable(let port, let error):
      "the server cannot listen on port \(port) (\(error)); ports below 1024 are root's"
    }
  }
}

/// The server that drives the tests: plays scripts to clients, one attempt per path token, and records what happens.
///
/// `@unchecked Sendable`: mutable state is touched on the loop's thread only, which its entries check.
public final class ScriptedServer: @unchecked Sendable {
  /// So many chunks of a connection, both ways, are kept apart with their instants; of more, later ones are put together.
  public static let mostRecordedChunks = TapLog.mostEntries
  /// The addresses it listens on; all have the same port.
  public let addresses: [SocketAddress]
  /// The loop it lives on.
  public let loop: EventLoop

  let configuration: ScriptedConfiguration
  /// Where reads of all connections go.
  let readMemory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
  /// Whether what is only a part of a frame is acknowledged at once. A client with Nagle's algorithm on holds the rest back until then,
  /// and is measured as it is only where that is left to the kernel.
  private(set) var acknowledgesAtOnce = true
  /// The least that the kernel has agreed to tell of a connection; nil before the first.
  private var kernelInstants: KernelInstants?
  private let requestedAddresses: [SocketAddress]
  private var listeners: [TCPListener] = []
  private var attempts: [String: ScriptedAttempt] = [:]
  private var strays: [StrayConnection] = []
  /// The hosts whose connections may belong to an attempt; nil admits all.
  private var admittedHosts: Set<SocketAddress.Host>?
  /// Connections that no attempt has claimed, or that were refused.
  private var unclaimed: [ObjectIdentifier: ScriptedConnection] = [:]

  /// Where a script stops reading, the kernel must not read on in its place: so few bytes fill its buffer that the client's own
  /// fills next, and its writes become partial.
  static let stoppedReceiveBuffer = 4096
  /// What a connection's receive buffer is enlarged to where its script turns out to read on.
  static let readReceiveBuffer = 1 << 18
  /// Strays kept beyond this number are only counted in the log.
  static let mostStrays = 1000

  /// Starts listening; by default on 127.0.0.1 and, where the machine has it, ::1, on a port that is free on both.
  public static func start(
    listeningOn addresses: [SocketAddress] = [.loopbackV4(port: 0), .loopbackV6(port: 0)],
    on loop: EventLoop, configuration: ScriptedConfiguration = ScriptedConfiguration()
  ) async throws -> ScriptedServer {
    try await loop.perform { try ScriptedServer(addresses, loop, configuration) }
  }

  private init(_ requested: [SocketAddress], _ loop: EventLoop, _ configuration: ScriptedConfiguration) throws
  {
    self.loop = loop
    self.configuration = configuration
    requestedAddresses = requested
    // Which script a connection will play is known too late to make its window small, but in time to make it large.
    listeners = try TCPListener.listenOnAll(
      on: loop, requested, receiveBuffer: configuration.onUnclaimed == nil ? nil : Self.stoppedReceiveBuffer)
    addresses = listeners.map(\.address)
    for listener in listeners {
      if configuration.stampsSending { listener.keepKernelInstants() }
      listener.onConnection = { [weak self] socket, peer in self?.accept(socket, peer, for: nil) }
    }
  }

  deinit { readMemory.deallocate() }

  /// The port that all addresses have.
  public var port: UInt16 { addresses[0].port }

  /// Registers an attempt: from now on connections whose path holds `token` play `script`.
  ///
  /// - Parameters:
  ///   - script: Its payloads must be concrete.
  ///   - token: Letters and digits; no other running attempt may have it.
  ///   - delivery: How the bytes are cut and paced.
  ///   - tls: How TLS is spoken, on a port of the attempt's own; nil does as the server does.
  ///   - deadline: When the attempt ends at the latest, but for ``ScriptedConfiguration/drainTimeout``.
  /// - Throws: ``ScriptError``, or `PosixError` when any port of its own cannot be had.
  public func prepare(
    _ script: ServerScript, token: String, delivery: Delivery = .whole, tls: ScriptedTLS? = nil,
    deadline: Deadline
  ) async throws -> ScriptedAttempt {
    try await loop.perform { try self.register(script, token, delivery, tls, deadline, patience: nil) }
  }

  /// Registers an attempt that is open to hosts which are not admitted yet: who knows its token is told apart by that alone.
  public func prepareForStranger(
    _ script: ServerScript, token: String, deadline: Deadline
  ) async throws -> ScriptedAttempt {
    try await loop.perform {
      let attempt = try self.register(script, token, .whole, nil, deadline, patience: nil)
      attempt.admitsStrangers = true
      return attempt
    }
  }

  /// Registers an attempt that ends when nothing has moved for a while, in place of a fixed deadline.
  public func prepare(
    _ script: ServerScript, token: String, delivery: Delivery = .whole, tls: ScriptedTLS? = nil,
    patience: Patience
  ) async throws -> ScriptedAttempt {
    try await loop.perform {
      try self.register(script, token, delivery, tls, .after(patience.atMost), patience: patience)
    }
  }

  /// Plays a script from its registration to its end.
  public func play(
    _ script: ServerScript, token: String, delivery: Delivery = .whole, tls: ScriptedTLS? = nil,
    deadline: Deadline
  ) async throws -> AttemptRecord {
    try await prepare(script, token: token, delivery: delivery, tls: tls, deadline: deadline).record()
  }

  /// Returns the connections that belonged to no running attempt, and forgets them.
  public func takeStrays() async throws -> [StrayConnection] {
    try await loop.perform {
      defer { self.strays = [] }
      return self.strays
    }
  }

  /// From now on acknowledges parts of frames at once, or leaves it to the kernel; on connections yet to come. From any thread.
  public func acknowledge(atOnce: Bool) async throws {
    try await loop.perform { self.acknowledgesAtOnce = atOnce }
  }

  /// Which instants the kernel tells of every connection so far, where it is asked for those of sending; nil before the first. From any
  /// thread.
  public func toldInstants() async throws -> KernelInstants? {
    try await loop.perform { self.kernelInstants }
  }

  func note(_ told: KernelInstants) { kernelInstants = min(kernelInstants ?? told, told) }

  /// From now on only connections from this host, from this computer, and from those named before, may belong to an attempt; others
  /// are strays, whatever their token. From any thread.
  public func admit(_ host: SocketAddress.Host) async throws {
    try await loop.perform {
      let own = SocketAddress.ofThisComputer().map(\.host)
      self.admittedHosts = (self.admittedHosts ?? Set(own)).union([host])
    }
  }

  /// Stops listening and closes every connection; attempts that still run end with what they have.
  public func stop() async throws {
    try await loop.perform {
      for listener in self.listeners { listener.close() }
      self.listeners = []
      for attempt in self.attempts.values { attempt.abandon() }
      for connection in self.unclaimed.values { connection.close() }
    }
  }

  /// - Parameter connection: what its first connection will be; then it needs no listeners of its own.
  func register(
    _ script: ServerScript, _ token: String, _ delivery: Delivery, _ tls: ScriptedTLS?, _ deadline: Deadline,
    patience: Patience?, on connection: ScriptedConnection? = nil
  ) throws -> ScriptedAttempt {
    loop.preconditionOnLoop()
    guard attempts[token] == nil else { throw ScriptError.tokenInUse(token) }
    let isPlain = token.utf8.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 }
    guard !token.isEmpty, isPlain else { throw ScriptError.badToken(token) }
    try script.checkConcrete()
    let listeners =
      connection == nil && (script.ownPort || script.stopsReading || tls != nil)
      ? try ownListeners(
        on: script.port, receiveBuffer: script.stopsReading ? Self.stoppedReceiveBuffer : nil, token: token)
      : []
    let attempt = ScriptedAttempt(
      script, token, delivery, tls ?? configuration.tls, listeners, patience: patience, in: self)
    attempts[token] = attempt
    attempt.begin(deadline)
    return attempt
  }

  /// Listens for one attempt alone, which is found by its token: it exists only after its listeners.
  private func ownListeners(on port: UInt16?, receiveBuffer: Int?, token: String) throws -> [TCPListener] {
    do throws(PosixError) {
      return try TCPListener.listenOnAll(
        on: loop, requestedAddresses.map { $0.withPort(port ?? 0) }, receiveBuffer: receiveBuffer
      ) {
        [unowned self] socket, peer in accept(socket, peer, for: attempts[token])
      }
    } catch {
      guard let port else { throw error }
      throw ScriptError.portUnavailable(port, error)
    }
  }

  private func accept(_ socket: consuming TCPSocket, _ peer: SocketAddress, for attempt: ScriptedAttempt?) {
    loop.preconditionOnLoop()
    guard unclaimed.count < configuration.maximumUnclaimed else {
      configuration.logger.warning("no room for a connection", metadata: ["peer": "\(peer)"])
      return socket.refuseForLackOfRoom(readMemory, inClear: configuration.tls == nil)
    }
    do {
      let tls = attempt.map(\.tls) ?? configuration.tls
      let stream = try ByteStream(
        socket, securedBy: tls?.context, manner: tls?.manner ?? TLSManner(), endpoint: "the client \(peer)",
        on: loop)
      let connection = try ScriptedConnection(stream, peer, in: self)
      if let attempt, attempt.claimsAtOnce, isAdmitted(peer, to: attempt),
        attempt.claim(connection, targetAfterToken: "")
      {
        return
      }
      unclaimed[ObjectIdentifier(connection)] = connection
    } catch {
      configuration.logger.error("connection not watched", metadata: ["error": "\(error)"])
    }
  }

  /// Finds the attempt whose token stands in a request target. The longest match wins, should one token begin another.
  func claim(_ connection: ScriptedConnection, target: String) -> Bool {
    loop.preconditionOnLoop()
    let found = attempts.values.filter { target.contains($0.token) }.max { $0.token.count < $1.token.count }
    guard let attempt = found, isAdmitted(connection.peer, to: attempt),
      let range = target.firstRange(of: attempt.token)
    else { return false }
    guard attempt.claim(connection, targetAfterToken: target[range.upperBound...]) else { return false }
    unclaimed[ObjectIdentifier(connection)] = nil
    return true
  }

  private func isAdmitted(_ peer: SocketAddress, to attempt: ScriptedAttempt) -> Bool {
    attempt.admitsStrangers || (admittedHosts?.contains(peer.host) ?? true)
  }

  /// A connection got an attempt of its own.
  func claimed(_ connection: ScriptedConnection) {
    unclaimed[ObjectIdentifier(connection)] = nil
    connection.resumeAfterClaim()
  }

  func recordStray(_ stray: StrayConnection) {
    configuration.logger.warning(
      "stray connection", metadata: ["peer": "\(stray.peer)", "token": "\(stray.token ?? "none")"])
    if strays.count < Self.mostStrays { strays.append(stray) }
  }

  func forget(_ connection: ScriptedConnection) { unclaimed[ObjectIdentifier(connection)] = nil }

  func forget(_ attempt: ScriptedAttempt) { attempts[attempt.token] = nil }
}

extension ServerScript {
  /// Whether a connection stops reading.
  var stopsReading: Bool { connections.contains { $0.steps.contains(.stopReading) } }

  /// Throws unless every payload has its bytes.
  fileprivate func checkConcrete() throws(ScriptError) {
    for connection in connections {
      for (index, step) in connection.steps.enumerated() where !step.isConcrete {
        throw .payloadNotConcrete(connection: connection.name, step: index)
      }
    }
  }
}

extension ServerStep {
  fileprivate var isConcrete: Bool {
    switch self {
    case .sendFrame(let frame): frame.payload.isConcrete
    case .sendMessage(let message):
      [message.payload, message.deflated, message.pingBetween].allSatisfy { $0?.isConcrete ?? true }
    case .sendBytes(let payload), .respond(.raw(let payload)): payload.isConcrete
    case .expectFrame(let expectation): expectation.payload?.isConcrete ?? true
    case .expectMessage(_, let payload): payload?.isConcrete ?? true
    case .respond(.accept(let edits)):
      edits.allSatisfy { if case .append(let payload) = $0 { payload.isConcrete } else { true } }
    default: true
    }
  }
}

extension Payload {
  fileprivate var isConcrete: Bool {
    if case .random = self { false } else { true }
  }
}
