import Steps

extension Scenario {
  /// Whether the scenario speaks TLS by itself.
  public var speaksTLS: Bool { server.tls != nil }

  /// Why the scenario cannot be put over TLS, in one sentence; nil where it can, or speaks TLS.
  public var obstacleToTLS: String? {
    guard !speaksTLS else { return nil }
    if let port = server.port { return "Its URL leaves the port out, which is \(port) for ws alone." }
    let steps = connectSteps
    if steps.contains(where: { $0.url.map { $0.withSecureScheme == nil } ?? false }) {
      return "It is about a URL that is none of the scheme ws."
    }
    return nil
  }

  /// The scenario with a lawful server over TLS, and a client that is told to look at no certificate; as it is where something is in
  /// the way of that.
  var overTLS: Scenario {
    guard !speaksTLS, obstacleToTLS == nil else { return self }
    var secured = self
    secured.server.tls = ServerTLS()
    for task in secured.client.tasks.indices {
      secured.client.tasks[task].steps = client.tasks[task].steps.map { step in
        guard case .connect(var connect) = step else { return step }
        connect.tls = ClientTLS()
        // Handshakes may end in another order than they began: each request says whose it is.
        if server.connections.count > 1,
          connect == ConnectStep(connection: connect.connection, tls: connect.tls)
        {
          connect.target += ".\(connect.connection)"
        }
        connect.url = connect.url.map { $0.withSecureScheme ?? $0 }
        return .connect(connect)
      }
    }
    return secured
  }

  /// The same without the TLS that ``overTLS`` adds; as it is where TLS is what the scenario is about.
  var inClear: Scenario {
    guard server.tls == ServerTLS(), connectSteps.allSatisfy({ $0.tls == ClientTLS() }) else { return self }
    var bare = self
    bare.server.tls = nil
    for task in bare.client.tasks.indices {
      bare.client.tasks[task].steps = client.tasks[task].steps.map { step in
        guard case .connect(var connect) = step else { return step }
        connect.tls = nil
        connect.url = connect.url.map { $0.withPlainScheme ?? $0 }
        return .connect(connect)
      }
    }
    return bare
  }

  private var connectSteps: [ConnectStep] {
    client.tasks.flatMap(\.steps).compactMap { if case .connect(let step) = $0 { step } else { nil } }
  }
}

extension String {
  /// A `ws` URL with the scheme `wss` in its place; nil for any other text.
  fileprivate var withSecureScheme: String? {
    let scheme = "ws://"
    guard prefix(scheme.count).lowercased() == scheme else { return nil }
    return prefix(2) + (prefix(2) == "WS" ? "S" : "s") + dropFirst(2)
  }

  /// A `wss` URL with the scheme `ws` in its place; nil for any other text.
  fileprivate var withPlainScheme: String? {
    guard prefix(6).lowercased() == "wss://" else { return nil }
    return String(prefix(2)) + dropFirst(3)
  }
}
