import Scenarios
import Steps
import Traces

/// What the application on the client's side was told to do with one connection, and what it reported of it.
struct ApplicationView: Sendable {
  /// An exception and the step that met it.
  struct Failure: Sendable, Hashable {
    var exception: ClientException
    var task: String
    var step: Int
    /// Whether the step receives: `echo` or `receive`.
    var isInReceivingStep: Bool
    /// Whether the step is `close`.
    var isInClosingStep: Bool
  }

  /// An end that the application was told of.
  struct End: Sendable, Hashable {
    var closeCode: Int?
    var reason: String?
    var wasClean: Bool?
  }

  /// The step that opens the connection.
  private(set) var connectStep: ConnectStep?
  /// How many messages it takes at most; nil without bound.
  private(set) var receiveLimit: Int? = 0
  /// Whether it sends back what it receives, and does nothing else with it.
  private(set) var isEcho = false
  /// The messages that it is told to send.
  private(set) var sends: [(isText: Bool, payload: [UInt8]?)] = []
  /// Whether it is told to close.
  private(set) var hasCloseStep = false
  /// With what code and reason it is told to close, close by close.
  private(set) var closeRequests: [(code: UInt16?, reason: String?)] = []
  /// Whether it closes or is cancelled while another task receives, so that what it receives is open.
  private(set) var mayStopReceiving = false

  /// Whether every task that would receive to the end is cancelled, so that nobody asks for what comes then.
  private(set) var isCancelled = false

  /// Whether a task that closes is cancelled: then nobody waits for the server's Close any more, and TCP may end without it.
  private(set) var mayAbandonClosing = false

  /// Whether a receiving task is cancelled while another goes on: a message that the first had taken may be lost with it.
  private(set) var mayLoseByCancelling = false

  /// Whether an echo was given a message and has not sent it back: the send threw, or never returned. It asked for no other.
  private(set) var isSendingBack = false

  private(set) var isConnected = false
  private(set) var subprotocol: String?
  private(set) var connectFailure: ClientException?
  private(set) var messages: [MessageDigest] = []
  private(set) var sent: [MessageDigest] = []
  private(set) var ends: [End] = []
  private(set) var closeReturned = false
  private(set) var failures: [Failure] = []
  private(set) var unsupported: [String] = []
  /// What happened to it, in order.
  private(set) var events: [ClientEvent] = []

  init(name: String, script: ClientScript, trace: ClientTrace) {
    read(script, connection: name, upTo: Self.lastSteps(script, trace, besides: name))
    for event in trace.events where Self.connection(of: event, in: script) == name {
      take(event, step: Self.step(of: event, in: script))
    }
  }

  /// Whether the messages were sent one after the other, so that the order of the records is that of the wire.
  var sendsInOneTask: Bool {
    let tasks = events.compactMap { event -> String? in
      if case .sent = event.kind { event.task } else { nil }
    }
    return Set(tasks).count <= 1
  }

  /// So long after the return of a send, by the client's own clock, its bytes would have come to the server: a hundred times what
  /// a slow client needs, and less than the server's patience.
  private static let idleMicroseconds = 150_000

  /// Whether at some time after the send of that index (in `sent`) had returned nothing happened for long, so that the end of the
  /// connection, which came later, cannot have overtaken its bytes.
  func idled(afterSending index: Int) -> Bool {
    let places = events.indices.filter { if case .sent = events[$0].kind { true } else { false } }
    guard places.indices.contains(index) else { return false }
    let later = events[places[index]...]
    return zip(later, later.dropFirst()).contains {
      $1.microseconds - $0.microseconds >= Self.idleMicroseconds
    }
  }

  /// Whether it closes, as far as it came: a close that threw, or was cancelled, has closed nothing.
  var closes: Bool {
    hasCloseStep && (closeReturned || !mayAbandonClosing && !failures.contains(where: \.isInClosingStep))
  }

  /// Whether the application was told that the connection is over, in whatever way.
  var knowsTheEnd: Bool { !ends.isEmpty || closeReturned || !failures.isEmpty || connectFailure != nil }

  // MARK: the script

  /// The steps that ended their tasks, as they threw, where they belong to other connections than that one: nothing behind them was
  /// played.
  private static func lastSteps(
    _ script: ClientScript, _ trace: ClientTrace, besides name: String
  ) -> [String: Int] {
    var steps: [String: Int] = [:]
    for event in trace.events where connection(of: event, in: script) != name {
      switch event.kind {
      case .exception, .connectFailed: steps[event.task] = event.step
      default: break
      }
    }
    return steps
  }

  private mutating func read(
    _ script: ClientScript, connection name: String, upTo lastSteps: [String: Int]
  ) {
    var receivingTasks: Set<String> = []
    var closingTasks: Set<String> = []
    var steadyTasks: Set<String> = []
    var cancelled: Set<String> = []
    for task in script.tasks {
      for (index, step) in task.steps.enumerated() where index <= lastSteps[task.name] ?? .max {
        if case .cancel(let other) = step { cancelled.insert(other) }
        guard step.connection == name else { continue }
        read(step)
        if step.isReceiving {
          receivingTasks.insert(task.name)
          if step.receivesToTheEnd { steadyTasks.insert(task.name) }
          // What comes after its own Close is the application's no more.
          if closingTasks.contains(task.name) { mayStopReceiving = true }
        }
        if case .close = step { closingTasks.insert(task.name) }
      }
    }
    if !closingTasks.subtracting(receivingTasks).isEmpty, !receivingTasks.isEmpty { mayStopReceiving = true }
    mayAbandonClosing = !cancelled.isDisjoint(with: closingTasks)
    guard !cancelled.isDisjoint(with: receivingTasks) else { return }
    if steadyTasks.subtracting(cancelled).isEmpty {
      (mayStopReceiving, isCancelled) = (true, true)
    } else {
      mayLoseByCancelling = true
    }
  }

  private mutating func read(_ step: ClientStep) {
    switch step {
    case .connect(let connect): connectStep = connect
    case .echo(_, let count):
      isEcho = true
      addToLimit(count)
    case .receive(_, let count): addToLimit(count)
    case .send(_, let kind, let payload): sends.append((kind == .text, payload.bytes))
    case .close(_, let code, let reason):
      hasCloseStep = true
      closeRequests.append((code, reason))
    default: break
    }
  }

  private mutating func addToLimit(_ count: Int?) {
    guard let limit = receiveLimit, let count else {
      receiveLimit = nil
      return
    }
    receiveLimit = limit + max(0, count)
  }

  // MARK: the events

  private static func step(of event: ClientEvent, in script: ClientScript) -> ClientStep? {
    guard let task = script.tasks.first(where: { $0.name == event.task }) else { return nil }
    return task.steps.indices.contains(event.step) ? task.steps[event.step] : nil
  }

  private static func connection(of event: ClientEvent, in script: ClientScript) -> String? {
    event.connection ?? step(of: event, in: script)?.connection
  }

  private mutating func take(_ event: ClientEvent, step: ClientStep?) {
    events.append(event)
    switch event.kind {
    case .connected(let subprotocol):
      isConnected = true
      self.subprotocol = subprotocol
    case .connectFailed(let exception): connectFailure = exception
    case .message(let digest):
      messages.append(digest)
      if case .echo? = step { isSendingBack = true }
    case .sent(let digest):
      isSendingBack = false
      // What is sent after the end comes to nothing, lawfully.
      if !closeReturned, ends.isEmpty { sent.append(digest) }
    case .ended(let code, let reason, let clean):
      ends.append(End(closeCode: code, reason: reason, wasClean: clean))
    case .closed: closeReturned = true
    case .exception(let exception):
      var isClosing = false
      if case .close? = step { isClosing = true }
      failures.append(
        Failure(
          exception: exception, task: event.task, step: event.step,
          isInReceivingStep: step?.isReceiving ?? true, isInClosingStep: isClosing))
    case .unsupported(let step): unsupported.append(step)
    case .pong, .cancelled, .measured: break
    }
  }
}

extension ClientStep {
  var receivesToTheEnd: Bool {
    switch self {
    case .echo(_, let count), .receive(_, let count): count == nil
    default: false
    }
  }

  var isReceiving: Bool {
    switch self {
    case .echo, .receive: true
    default: false
    }
  }
}
