import PosixIO
import Scenarios
import Steps
import Synchronization
import Traces
import WebSocketPeers
import WebSocketProtocol

/// Plays the client side of one attempt with the reference client, and records the events that the agent on a board would.
final class ReferencePlayer: Sendable {
  /// What the first of the two that happens decides: all tasks end, or it is ended from outside.
  private enum Outcome { case playing, ended, abandoned }

  private struct State {
    var outcome = Outcome.playing
    var events: [ClientEvent] = []
    var start: MonotonicInstant?
    var clients: [String: WebSocketClient] = [:]
    /// The tasks that were started, in that order.
    var started: [(name: String, task: Task<Void, Never>)] = []
  }

  private let script: ClientScript
  private let server: ServerAddress
  private let token: String
  private let tls: [ClientTLS: ClientTLSMaterial]
  private let seed: UInt64
  private let loop: EventLoop
  private let meetings: [String: Meeting]
  private let state = Mutex(State())

  /// - Parameters:
  ///   - server: where the server is reached.
  ///   - tls: what the steps that speak TLS are given for it.
  ///   - seed: the seed of nonces and masking keys.
  init(
    _ script: ClientScript, at server: ServerAddress, token: String,
    tls: [ClientTLS: ClientTLSMaterial] = [:],
    seed: UInt64, on loop: EventLoop
  ) {
    self.tls = tls
    self.script = script
    self.server = server
    self.token = token
    self.seed = seed
    self.loop = loop
    meetings = script.barrierParties.mapValues(Meeting.init(parties:))
  }

  /// Plays to the end of all tasks and returns what happened. Abandoned before that it is hung, afterwards it is not. What it leaves
  /// open stays so until ``leave()``.
  func play() async -> ClientTrace {
    if let main = script.tasks.first { start(main.name) }
    var ended = 0
    while let next = state.withLock({ ended < $0.started.count ? $0.started[ended].task : nil }) {
      await next.value
      ended += 1
    }
    let isHung = !finish(.ended)
    var trace = ClientTrace(events: state.withLock { $0.events })
    if isHung { trace.ending = .hung(detail: "the reference client did not end after the server had") }
    return trace
  }

  /// Ends it from outside: a reference that hangs is an error of the rig, and is shown as one. One that has ended is left alone.
  func abandon() {
    guard finish(.abandoned) else { return }
    for (_, task) in state.withLock({ $0.started }) { task.cancel() }
    for meeting in meetings.values { meeting.breakUp() }
    leave()
  }

  /// Closes the connections that the script has left open, when nobody looks at them any more.
  func leave() {
    for client in state.withLock({ Array($0.clients.values) }) { client.connectionIfAny?.abandon() }
  }

  /// Whether nothing else ended it before.
  private func finish(_ outcome: Outcome) -> Bool {
    state.withLock { state in
      guard state.outcome == .playing else { return false }
      state.outcome = outcome
      return true
    }
  }

  private func start(_ name: String) {
    guard let task = script.tasks.first(where: { $0.name == name }) else { return }
    state.withLock { state in
      guard state.outcome == .playing, !state.started.contains(where: { $0.name == name }) else { return }
      state.started.append((name, Task(executorPreference: loop) { await self.run(task) }))
    }
  }

  private func run(_ task: ClientTask) async {
    for (index, step) in task.steps.enumerated() {
      let place = Place(task: task.name, step: index, connection: step.connection)
      do {
        guard try await play(step, at: place) else { return }
      } catch {
        return note(error is CancellationError ? .cancelled : .exception(ClientException(error)), at: place)
      }
    }
  }

  /// Where in the script something happens.
  private struct Place {
    var task: String
    var step: Int
    var connection: String?
  }

  private func note(_ kind: ClientEvent.Kind, at place: Place) {
    let now = MonotonicInstant.now()
    state.withLock { state in
      let start = state.start ?? now
      state.start = start
      let microseconds = Int((now - start).wholeNanoseconds / 1000)
      state.events.append(
        ClientEvent(
          microseconds: microseconds, task: place.task, step: place.step, connection: place.connection,
          kind: kind))
    }
  }
}

// MARK: The steps

extension ReferencePlayer {
  /// Plays one step; false ends the task.
  private func play(_ step: ClientStep, at place: Place) async throws -> Bool {
    switch step {
    case .connect(let connect): return await self.connect(connect, at: place)
    case .echo(let connection, let count):
      try await receive(connection, count: count, sendsBack: true, at: place)
    case .receive(let connection, let count):
      try await receive(connection, count: count, sendsBack: false, at: place)
    case .send(let connection, let kind, let payload):
      try await send(payload.bytes ?? [], isText: kind == .text, on: client(connection), at: place)
    case .ping(let connection, let payload):
      let time = try await client(connection).ping(payload.bytes ?? [])
      note(.pong(roundTripMicroseconds: Int(time.wholeNanoseconds / 1000)), at: place)
    case .close(let connection, let code, let reason):
      try await client(connection).close(
        code: code.map(CloseCode.init(rawValue:)) ?? .normalClosure, reason: reason ?? "")
      note(.closed, at: place)
    case .start(let task): start(task)
    case .join(let task): await state.withLock { $0.started.first { $0.name == task }?.task }?.value
    case .cancel(let task): state.withLock { $0.started.first { $0.name == task }?.task }?.cancel()
    case .barrier(let name): await meetings[name]?.arrive()
    case .pause(let milliseconds): try await loop.pause(until: .after(.milliseconds(milliseconds)))
    case .measure, .watchLoad: break  // There is no board to measure.
    }
    return true
  }

  private func client(_ connection: String) throws -> WebSocketClient {
    guard let client = state.withLock({ $0.clients[connection] }) else {
      throw WebSocketClientError.notConnected
    }
    return client
  }

  private func connect(_ step: ConnectStep, at place: Place) async -> Bool {
    let generator = SplitMix64(seed: seed, text: "\(place.task) \(place.step) \(step.connection)")
    do {
      let tls = try configuration(of: step)
      let client = WebSocketClient(tls: tls, randomness: generator, on: loop)
      let response = try await client.handshake(
        step.url(host: server.host, port: server.port, token: token),
        headers: step.headers.map { ($0.name, $0.value) },
        subprotocols: step.subprotocols, compression: step.compression ? ClientCompression() : nil)
      state.withLock { $0.clients[step.connection] = client }
      note(.connected(subprotocol: response.subprotocol), at: place)
      return true
    } catch {
      note(error is CancellationError ? .cancelled : .connectFailed(ClientException(error)), at: place)
      return false
    }
  }

  /// How TLS is to be spoken; as every client does it, where the step says nothing.
  private func configuration(of step: ConnectStep) throws -> TLSConfiguration {
    guard let told = step.tls, let material = tls[told] else { return .client() }
    return try material.configuration()
  }

  private func receive(_ connection: String, count: Int?, sendsBack: Bool, at place: Place) async throws {
    let client = try client(connection)
    var received = 0
    while count.map({ received < $0 }) ?? true {
      guard let message = try await client.recv() else {
        // Close code and reason are settled when TCP has ended.
        try await client.close()
        let clean = client.connectionIfAny?.closeStatus?.wasClean
        return note(
          .ended(
            closeCode: client.closeCode.map { Int($0.rawValue) }, reason: client.closeReason, wasClean: clean),
          at: place)
      }
      let digest = message.digest
      note(.message(digest), at: place)
      if sendsBack {
        try await client.send(message)
        note(.sent(digest), at: place)
      }
      received += 1
    }
  }

  private func send(_ bytes: [UInt8], isText: Bool, on client: WebSocketClient, at place: Place) async throws
  {
    if isText {
      try await client.send(String(decoding: bytes, as: UTF8.self))
    } else {
      try await client.send(bytes)
    }
    note(.sent(MessageDigest(isText: isText, payload: bytes)), at: place)
  }
}

extension Message {
  /// What a trace keeps of it.
  fileprivate var digest: MessageDigest {
    switch self {
    case .text(var text): text.withUTF8 { MessageDigest(isText: true, bytes: UnsafeRawBufferPointer($0)) }
    case .binary(let bytes): MessageDigest(isText: false, payload: bytes)
    }
  }
}

extension ClientException {
  fileprivate init(_ error: any Error) { self.init(type: "\(Swift.type(of: error))", message: "\(error)") }
}
