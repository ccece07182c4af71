/// One thing that the client side does. The agent on the board and the reference runner interpret the same steps.
public enum ClientStep: Sendable, Hashable {
  /// Opens a connection.
  case connect(ConnectStep)
  /// Receives messages and sends each back, until `count` were echoed or, where it is nil, until the end.
  case echo(connection: String = "main", count: Int? = nil)
  /// Receives `count` messages (until the end where it is nil) and only records them.
  case receive(connection: String = "main", count: Int? = nil)
  /// Sends one message.
  case send(connection: String = "main", kind: ServerStep.MessageKind, payload: Payload)
  /// Sends a Ping, where the client can.
  case ping(connection: String = "main", payload: Payload = .empty)
  /// Starts the closing handshake; code and reason where the client can.
  case close(connection: String = "main", code: UInt16? = nil, reason: String? = nil)
  /// Starts another task of the script.
  case start(task: String)
  /// Waits until that task has ended, however it did.
  case join(task: String)
  /// Cancels that task.
  case cancel(task: String)
  /// Waits for the other tasks that have this barrier.
  case barrier(String)
  /// Waits that long.
  case pause(milliseconds: Int)
  /// Measures the board's heap after a collection, and the heartbeat since the last measurement; lets go of connections that are
  /// over. `countsAllocations` lets the collector rest until the next measurement, so that what is allocated adds up.
  case measure(countsAllocations: Bool = false)
  /// Watches, until all other tasks are over, what part of the time the board's event loop is at work. For the first 100 ms the others
  /// must have nothing to do: then it sees how often an idle loop turns. For asyncio's clients only, which leave it turns.
  case watchLoad
}

extension ClientStep {
  /// The connection that the step is about, if it is about one.
  public var connection: String? {
    switch self {
    case .connect(let step): step.connection
    case .echo(let name, _), .receive(let name, _), .send(let name, _, _), .ping(let name, _),
      .close(let name, _, _):
      name
    case .start, .join, .cancel, .barrier, .pause, .measure, .watchLoad: nil
    }
  }
}

/// How a connection is opened.
public struct ConnectStep: Sendable, Hashable {
  /// The name of the server's connection script.
  public var connection: String
  /// What follows `ws://host:port`, or `wss://host:port` over TLS, in the URL; `{token}` stands for the attempt's token, which must occur unless the server
  /// script has a port of its own.
  public var target: String
  /// The whole URL, for forms that `target` cannot have; nil makes it of `target`. It may have the placeholders of
  /// ``URLPlaceholder``.
  public var url: String?
  /// Extra header fields, in order.
  public var headers: [HeaderField]
  /// The subprotocols asked for, in order.
  public var subprotocols: [String]
  /// Whether the client is to offer permessage-deflate (RFC 7692).
  public var compression: Bool
  /// What the client is told for a `wss` URL; nil opens a `ws` URL.
  public var tls: ClientTLS?

  /// Creates the step; the defaults open the connection called `main` at `/{token}`.
  public init(
    connection: String = "main", target: String = "/{token}", url: String? = nil, headers: [HeaderField] = [],
    subprotocols: [String] = [], compression: Bool = false, tls: ClientTLS? = nil
  ) {
    self.connection = connection
    self.target = target
    self.url = url
    self.headers = headers
    self.subprotocols = subprotocols
    self.compression = compression
    self.tls = tls
  }

  /// A header field of the request.
  public struct HeaderField: Sendable, Hashable {
    /// The field's name.
    public var name: String
    /// The field's value.
    public var value: String

    /// Creates a field.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }
}

/// What the client side does in one attempt: named tasks, of which the first runs at once and the others when started.
public struct ClientScript: Sendable, Hashable {
  /// The tasks; the first is the main one.
  public var tasks: [ClientTask]

  /// Creates a script of several tasks.
  public init(tasks: [ClientTask]) { self.tasks = tasks }

  /// Creates the common script of one task.
  public init(_ steps: [ClientStep]) { tasks = [ClientTask(name: "main", steps: steps)] }

  /// Whether a step measures: then times between messages are those of the measuring, too.
  public var measures: Bool {
    tasks.flatMap(\.steps).contains { if case .measure = $0 { true } else { false } }
  }

  /// How many tasks meet at each barrier.
  public var barrierParties: [String: Int] {
    tasks.flatMap(\.steps).reduce(into: [:]) { parties, step in
      if case .barrier(let name) = step { parties[name, default: 0] += 1 }
    }
  }

  /// Connects and echoes to the end: what most scenarios ask of a client.
  public static let echo = ClientScript([.connect(ConnectStep()), .echo()])
}

/// A sequence of steps that runs beside the others.
public struct ClientTask: Sendable, Hashable {
  /// Its name.
  public var name: String
  /// Its steps, in order. A step that throws ends the task.
  public var steps: [ClientStep]

  /// Creates a task.
  public init(name: String, steps: [ClientStep]) {
    self.name = name
    self.steps = steps
  }
}
