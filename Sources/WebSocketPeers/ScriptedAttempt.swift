import PosixIO
import Steps
import Traces

/// What an attempt came to.
public struct AttemptRecord: Sendable {
  /// The connections that were opened, in the order of the script.
  public var connections: [ConnectionTrace]
  /// Whether the client side was over before the server gave up waiting for it.
  public var clientEndedInTime: Bool
}

/// One run of a server script, from its registration to the end of its last connection.
///
/// `@unchecked Sendable`: mutable state is touched on the loop's thread only, which its entries check.
public final class ScriptedAttempt: @unchecked Sendable {
  /// What stands in the path of its connections' requests.
  public let token: String
  /// The port clients connect to: the server's, or the attempt's own where the script asks for one.
  public let port: UInt16

  let delivery: Delivery
  /// How TLS is spoken; nil in clear.
  let tls: ScriptedTLS?
  /// Whether hosts that the server does not admit otherwise may claim it. On the loop.
  var admitsStrangers = false
  private let ownListeners: [TCPListener]
  private let script: ServerScript
  private let server: ScriptedServer
  private var connections: [ScriptedConnection?]
  private var closed = 0
  private var timer: LoopTimer?
  private var isDeadlinePassed = false
  private var isFinishing = false
  private var clientEndedInTime = false
  private var result: AttemptRecord?
  private var waiters: [CheckedContinuation<AttemptRecord, Never>] = []
  private var barriers: [String: Set<String>] = [:]
  private var patience: Patience?
  /// From when on the patience counts.
  private var begun: MonotonicInstant
  private var silence: SilenceWatch?

  init(
    _ script: ServerScript, _ token: String, _ delivery: Delivery, _ tls: ScriptedTLS?,
    _ ownListeners: [TCPListener],
    patience: Patience?, in server: ScriptedServer
  ) {
    self.patience = patience
    begun = .now()
    self.ownListeners = ownListeners
    self.script = script
    self.token = token
    self.delivery = delivery
    self.tls = tls
    self.server = server
    connections = Array(repeating: nil, count: script.connections.count)
    port = ownListeners.first?.address.port ?? server.port
  }

  /// Waits for the end of the attempt. From any task, any number of times.
  public func record() async -> AttemptRecord {
    await withCheckedContinuation { continuation in
      server.loop.submit {
        if let result = self.result {
          continuation.resume(returning: result)
        } else {
          self.waiters.append(continuation)
        }
      }
    }
  }

  /// Tells the attempt that the client side is over: connections not opened yet never will be, and those that are
  /// open get `time` to end, and as much again while what they sent is still being read, to a limit; then the server ends its own
  /// side, and they get `time` once more. From any thread.
  public func clientHasEnded(allowing time: Duration = .milliseconds(50)) {
    server.loop.submit {
      if !self.isFinishing {
        self.clientEndedInTime = !self.isDeadlinePassed
        self.begun = .now()
        self.patience = Patience(time, atMost: time * Self.mostDrains)
      }
      self.isFinishing = true
      self.silence?.callOff()
      self.silence = nil
      guard self.result == nil else { return }
      let sooner = Deadline.after(time)
      if !self.isDeadlinePassed { self.timer?.set(min(self.deadline, sooner)) }
      self.completeIfOver()
    }
  }

  /// Calls `body` once when the attempt has ended and the client side has not for that long. ``clientHasEnded(allowing:)``
  /// and another `whenSilent` call it off. From any thread; `body` is called on the server's loop.
  public func whenSilent(for time: Duration, _ body: @escaping @Sendable () -> Void) {
    server.loop.submit {
      self.silence?.callOff()
      self.silence = nil
      guard !self.isFinishing else { return }
      let watch = SilenceWatch(time, on: self.server.loop) { [weak self] in
        // What `body` holds need not live as long as the attempt.
        self?.silence = nil
        body()
      }
      self.silence = watch
      if self.result != nil { watch.begin() }
    }
  }

  private var deadline = Deadline.never
  /// How often the time for ending is given again at the most.
  private static let mostDrains = 10

  func begin(_ deadline: Deadline) {
    server.loop.preconditionOnLoop()
    self.deadline = deadline
    timer = LoopTimer(on: server.loop) { [unowned self] in deadlinePassed() }
    timer?.set(deadline)
    completeIfOver()
  }

  /// Whether a connection to the port of its own is given its script before it has said anything. With several over TLS, whose
  /// handshakes may end in another order than they began, each waits for its request, which names it.
  var claimsAtOnce: Bool {
    tls == nil || script.ownPort || script.stopsReading || script.connections.count == 1
  }

  /// Gives a connection the script whose name follows the token (`/name` or `.name`), otherwise the first unopened one. A client
  /// whose TLS handshake came to nothing may try again, rightly or not: then the script is its second connection's.
  func claim(_ connection: ScriptedConnection, targetAfterToken rest: Substring) -> Bool {
    server.loop.preconditionOnLoop()
    guard result == nil, !isDeadlinePassed else { return false }
    let open = script.connections.indices.filter { connections[$0] == nil }
    let word = rest.dropFirst().prefix { !"/?.&".contains($0) }
    let unused = open.first { script.connections[$0].name == word } ?? open.first
    guard let index = unused ?? connections.firstIndex(where: { $0?.lacksHandshake ?? false }) else {
      return false
    }
    if let patience, connections.allSatisfy({ $0 == nil }), !isFinishing {
      // Until now the board was given its part, which is no time of the client's; it had all that there is.
      deadline = min(deadline, .after(patience.quiet))
      timer?.set(deadline)
    }
    if let former = connections[index] {
      if former.isClosed { closed -= 1 }
      former.letGo()
    }
    connections[index] = connection
    connection.play(script.connections[index], in: self)
    return true
  }

  func connectionClosed(_ connection: ScriptedConnection) {
    server.loop.preconditionOnLoop()
    closed += 1
    releaseBarriers()
    completeIfOver()
  }

  /// Called by a connection that has reached a barrier; true when it need not wait.
  func arrive(_ connection: String, at barrier: String) -> Bool {
    barriers[barrier, default: []].insert(connection)
    let parties = script.connections.filter { $0.steps.contains(.barrier(barrier)) }.map(\.name)
    guard Set(parties) == barriers[barrier] else { return false }
    for other in connections where other?.name != connection { other?.barrierOpened(barrier) }
    return true
  }

  /// A connection that has ended will reach no barrier any more: those who wait for it stop waiting.
  private func releaseBarriers() {
    for (barrier, arrived) in barriers {
      for connection in connections {
        guard let connection, connection.isClosed, !arrived.contains(connection.name) else { continue }
        for other in connections where other !== connection {
          other?.barrierBroken(barrier, by: connection.name)
        }
      }
    }
  }

  private func deadlinePassed() {
    guard !isDeadlinePassed else {
      // The time for draining is over too.
      for connection in connections { connection?.close() }
      return completeIfOver()
    }
    let open = connections.compactMap { $0 }
    if let later = patience?.extended(since: begun, connections: open, awaitsScript: !isFinishing) {
      deadline = later
      timer?.set(later)
      return
    }
    isDeadlinePassed = true
    // What the client was allowed for the end it is allowed for the answer to ours.
    timer?.set(.after(isFinishing ? patience?.quiet ?? .zero : server.configuration.drainTimeout))
    for connection in connections { connection?.deadlinePassed(clientIsOver: clientEndedInTime) }
    completeIfOver()
  }

  /// Ends at once with what there is.
  func abandon() {
    isDeadlinePassed = true
    for connection in connections { connection?.close() }
    completeIfOver()
  }

  private func completeIfOver() {
    guard result == nil else { return }
    let opened = connections.count { $0 != nil }
    let isIncomplete = opened < connections.count || connections.contains { $0?.lacksHandshake ?? false }
    let mayOpenMore = isIncomplete && !isFinishing && !isDeadlinePassed
    guard closed == opened, !mayOpenMore else { return }
    timer?.cancel()
    for listener in ownListeners { listener.close() }
    server.forget(self)
    let played = connections.compactMap { $0 }
    let record = AttemptRecord(
      connections: played.map { $0.trace() }, clientEndedInTime: clientEndedInTime)
    connections = []
    result = record
    silence?.begin()
    for waiter in waiters { waiter.resume(returning: record) }
    waiters = []
  }
}
