import Steps
import Traces

/// A `ws` or `wss` URL of the application's taken apart by the judge (RFC 6455 section 3, RFC 3986 section 3): what the request must say.
struct RequestedURL: Sendable, Hashable {
  /// The host in lower case, in brackets if it is an IPv6 address; without user information.
  let host: String
  /// The port, that of the scheme where the URL has none.
  let port: Int
  /// Whether the scheme is `wss`.
  let isSecure: Bool
  /// Path and query as they stand in the URL, `/` at least; what is behind a `#` left out.
  let target: String

  /// The default port of `ws`, which a Host header may leave out (section 4.1, item 4 of the request).
  static let defaultPort = 80
  /// The default port of `wss`.
  static let defaultSecurePort = 443

  /// Takes a URL apart; nil for one that a client need not understand.
  init?(_ text: String) {
    guard let schemeEnd = text.firstRange(of: "://") else { return nil }
    let scheme = text[..<schemeEnd.lowerBound].lowercased()
    guard scheme == "ws" || scheme == "wss" else { return nil }
    isSecure = scheme == "wss"
    let rest = text[schemeEnd.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let resource = rest[authority.endIndex...].prefix { $0 != "#" }
    let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    let hostEnd =
      place.first == "[" ? place.firstIndex(of: "]").map(place.index(after:)) : place.firstIndex(of: ":")
    let name = place[..<(hostEnd ?? place.endIndex)]
    let behind = place[name.endIndex...]
    guard !name.isEmpty, behind.isEmpty || behind.first == ":" else { return nil }
    let digits = behind.dropFirst()
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let defaultPort = isSecure ? Self.defaultSecurePort : Self.defaultPort
    guard let number = digits.isEmpty ? defaultPort : Int(digits), (1...65535).contains(number) else {
      return nil
    }
    host = name.lowercased()
    port = number
    target = resource.hasPrefix("/") ? String(resource) : "/" + resource
  }

  /// The values that a Host header may have, in lower case.
  var hostValues: [String] {
    let whole = "\(host):\(port)"
    return port == (isSecure ? Self.defaultSecurePort : Self.defaultPort) ? [whole, host] : [whole]
  }

  /// Whether the host is an IP address: in brackets, or four numbers.
  var namesAddress: Bool {
    host.hasPrefix("[")
      || host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { UInt8($0) != nil }
  }
}

/// A request target that is an absolute `http` or `https` URI, as it may be in place of path and query (RFC 6455 section 4.1).
public struct AbsoluteTarget: Sendable, Hashable {
  /// Whether the scheme is `https`, which stands for `wss`.
  public let isSecure: Bool
  /// Host and port as they stand there.
  public let authority: Substring
  /// Path and query, `/` at least.
  public let resource: Substring

  /// Takes a target apart; nil for one of another form.
  public init?(_ target: Substring) {
    guard let mark = target.firstRange(of: "://") else { return nil }
    let scheme = target[..<mark.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https" else { return nil }
    isSecure = scheme == "https"
    authority = target[mark.upperBound...].prefix { !"/?".contains($0) }
    guard !authority.isEmpty else { return nil }
    let rest = target[authority.endIndex...]
    resource = rest.hasPrefix("/") ? rest : "/" + rest
  }
}

extension ConnectStep {
  /// What follows the authority in the URL, with `{token}` in it, where nothing leaves the client a choice: no fragment, and only
  /// characters that a URL may have.
  var plainTarget: String? {
    let template = urlTemplate
    guard let start = template.firstRange(of: "://")?.upperBound else { return nil }
    let resource = template[start...].drop { !"/?#".contains($0) }
    guard !resource.contains("#"), resource.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      return nil
    }
    return resource.hasPrefix("/") ? String(resource) : "/" + resource
  }

  /// Whether the URL names this computer's loopback by itself, where a board somewhere else finds nobody, and one that speaks IPv4
  /// only cannot look.
  var namesLoopback: Bool { url.map { !$0.contains(URLPlaceholder.host.rawValue) } ?? false }
}

extension ConnectStep.HeaderField {
  /// Whether it can stand in a request as it is: a token for a name, a value of printable ASCII, blanks and tabs (RFC 7230 section
  /// 3.2). What an application gives beyond that a client may refuse.
  var isSendable: Bool {
    DecodedHead.isToken(name) && value.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
  }

  /// Whether the field is the client's own business, so that what the application gives for it may be refused or replaced.
  var isOfHandshake: Bool { Self.handshakeNames.contains(name.lowercased()) }

  private static let handshakeNames: Set = [
    "host", "upgrade", "connection", "content-length", "transfer-encoding", "sec-websocket-key",
    "sec-websocket-version", "sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-protocol",
  ]
}
