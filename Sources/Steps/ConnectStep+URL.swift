/// What may stand in the URL of a ``ConnectStep`` for what is known only when a case runs.
public enum URLPlaceholder: String, Sendable, CaseIterable {
  /// The host by which the client reaches the server, in brackets if it is an IPv6 address.
  case host = "{host}"
  /// The server's port.
  case port = "{port}"
  /// The server's port and 65536: whoever keeps only 16 bits of a number comes to the server all the same.
  case overflowingPort = "{overflowingPort}"
  /// The attempt's token.
  case token = "{token}"
}

extension ConnectStep {
  /// The URL with its placeholders still in it.
  public var urlTemplate: String {
    url ?? "\(scheme)://\(URLPlaceholder.host.rawValue):\(URLPlaceholder.port.rawValue)\(target)"
  }

  /// The scheme of the URL that `target` makes.
  public var scheme: String { tls == nil ? "ws" : "wss" }

  /// The URL that the client is given.
  public func url(host: String, port: UInt16, token: String) -> String {
    URLPlaceholder.allCases.reduce(urlTemplate) { text, placeholder in
      let value =
        switch placeholder {
        case .host: host
        case .port: "\(port)"
        case .overflowingPort: "\(Int(port) + 65536)"
        case .token: token
        }
      return text.replacing(placeholder.rawValue, with: value)
    }
  }
}
