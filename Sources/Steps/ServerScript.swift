/// What the scripted server plays in one attempt: a script for each connection, in the order in which they are opened.
public struct ServerScript: Sendable, Hashable {
  /// The connections, by name.
  public var connections: [ConnectionScript]
  /// Listens on a port of its own, on which every connection belongs to the attempt: for URLs that cannot carry a token.
  public var ownPort: Bool
  /// The number that the port of its own must have, for URLs that leave the port out; nil takes any. A case whose port cannot be
  /// had is unsupported: only root may listen on port 80, and only while nobody else does.
  public var port: UInt16?
  /// How TLS is spoken, on all connections; nil in clear.
  public var tls: ServerTLS?

  /// Creates a script.
  public init(
    connections: [ConnectionScript], ownPort: Bool = false, port: UInt16? = nil, tls: ServerTLS? = nil
  ) {
    self.connections = connections
    self.ownPort = ownPort
    self.port = port
    self.tls = tls
  }

  /// Creates the common script of one connection, called `main`.
  public init(_ steps: [ServerStep], ending: Ending = .closingHandshake, ownPort: Bool = false) {
    self.init(connections: [ConnectionScript(name: "main", steps: steps, ending: ending)], ownPort: ownPort)
  }

  /// What happens when a connection's steps are used up or one was missed.
  public enum Ending: String, Sendable, Hashable, CaseIterable {
    /// Sends Close 1000 unless a Close was sent, waits for the client's Close, half-closes and drains to the end of stream.
    case closingHandshake
    /// Sends nothing more; waits for the client to fail the connection (its Close or its end of stream), answers a Close
    /// with a Close unless one was sent, half-closes and drains.
    case awaitFailure
    /// Sends nothing more, half-closes and drains.
    case endOfStream
  }
}

/// The steps of one connection.
public struct ConnectionScript: Sendable, Hashable {
  /// The name by which the client side opens it; it is part of the request's path.
  public var name: String
  /// The steps, in order.
  public var steps: [ServerStep]
  /// What happens after them.
  public var ending: ServerScript.Ending

  /// Creates a connection's script.
  public init(name: String, steps: [ServerStep], ending: ServerScript.Ending = .closingHandshake) {
    self.name = name
    self.steps = steps
    self.ending = ending
  }
}
