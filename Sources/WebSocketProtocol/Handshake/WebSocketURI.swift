/// A `ws` or `wss` URI (RFC 6455 section 3).
public struct WebSocketURI: Hashable, Sendable {
  /// Whether TLS is used: `wss`.
  public let isSecure: Bool
  /// The host without brackets: a name, an IPv4 or an IPv6 address.
  public let host: String
  /// The port; 80 or 443 when the URI names none.
  public let port: UInt16
  /// Path and query as they stand in the request line; `/` at least, so that `ws://host?x` asks for `/?x`.
  public let resourceName: String

  /// Why a text is refused.
  public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The scheme is neither `ws` nor `wss`.
    case scheme
    /// The host is empty or has characters that no host has.
    case host
    /// The port is no number from 1 to 65535.
    case port
    /// A fragment, which section 3 forbids.
    case fragment
    /// User information: section 3 has no place for it, and sending it in clear would betray it.
    case userInformation
    /// A character in path or query that must be percent-encoded.
    case resourceName

    /// One sentence part.
    public var description: String {
      switch self {
      case .scheme: "the URI must begin with ws:// or wss://"
      case .host: "the URI names no valid host"
      case .port: "the port of the URI must be a number from 1 to 65535"
      case .fragment: "a WebSocket URI has no fragment (RFC 6455 section 3)"
      case .userInformation: "a WebSocket URI has no user information; use an Authorization header field"
      case .resourceName: "path and query of the URI must be percent-encoded ASCII"
      }
    }
  }

  /// Reads a URI.
  ///
  /// - Throws: ``InvalidOperation/uriRefused(_:)``.
  public init(_ text: String) throws(InvalidOperation) {
    do { self = try Self.parse(text) } catch { throw .uriRefused(error) }
  }

  /// Creates a URI from its parts; the resource name must begin with a slash.
  public init(
    host: String, port: UInt16, resourceName: String = "/", isSecure: Bool = false
  ) throws(InvalidOperation) {
    let bracketed = host.contains(":") ? "[\(host)]" : host
    try self.init("\(isSecure ? "wss" : "ws")://\(bracketed):\(port)\(resourceName)")
  }

  private init(isSecure: Bool, host: String, port: UInt16, resourceName: String) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.resourceName = resourceName
  }

  /// The port of the scheme.
  public var defaultPort: UInt16 { isSecure ? 443 : 80 }

  /// Whether the host is an IPv6 address.
  public var isIPv6Literal: Bool { host.contains(":") }

  /// The value of the Host header field: the port only where it is not the default (RFC 6455 section 4.1 item 4).
  public var hostField: String {
    let name = isIPv6Literal ? "[\(host)]" : host
    return port == defaultPort ? name : "\(name):\(port)"
  }
}

extension WebSocketURI: CustomStringConvertible {
  /// The URI, with the port only where it is not the default.
  public var description: String { "\(isSecure ? "wss" : "ws")://\(hostField)\(resourceName)" }
}

extension WebSocketURI {
  private static func parse(_ text: String) throws(Refusal) -> WebSocketURI {
    let bytes = Array(text.utf8)
    let (isSecure, start) = try scheme(bytes)
    let authorityEnd = bytes[start...].firstIndex { "/?#".utf8.contains($0) } ?? bytes.endIndex
    let authority = bytes[start..<authorityEnd]
    let resource = bytes[authorityEnd...]
    guard !resource.contains(UInt8(ascii: "#")) else { throw .fragment }
    guard !authority.contains(UInt8(ascii: "@")) else { throw .userInformation }
    guard resource.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .resourceName }
    let (host, portText) = try hostAndPort(authority)
    var name = String(decoding: resource, as: UTF8.self)
    if !name.hasPrefix("/") { name = "/" + name }
    return WebSocketURI(
      isSecure: isSecure, host: host, port: try port(portText, isSecure), resourceName: name)
  }

  private static func scheme(_ bytes: [UInt8]) throws(Refusal) -> (isSecure: Bool, end: Int) {
    for (prefix, isSecure) in [("ws://", false), ("wss://", true)]
    where bytes.count >= prefix.utf8.count
      && zip(bytes, prefix.utf8).allSatisfy({ ASCII.lowercased($0) == $1 })
    {
      return (isSecure, prefix.utf8.count)
    }
    throw .scheme
  }

  private static func hostAndPort(
    _ authority: ArraySlice<UInt8>
  ) throws(Refusal) -> (String, ArraySlice<UInt8>?) {
    if authority.first == UInt8(ascii: "[") {
      guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { throw .host }
      let address = authority[(authority.startIndex + 1)..<end]
      guard address.contains(UInt8(ascii: ":")), address.allSatisfy(ASCII.isIPv6Character) else {
        throw .host
      }
      let rest = authority[(end + 1)...]
      guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { throw .host }
      return (String(decoding: address, as: UTF8.self), rest.isEmpty ? nil : rest.dropFirst())
    }
    let end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
    let name = authority[..<end]
    guard !name.isEmpty, name.allSatisfy(ASCII.isHostCharacter) else { throw .host }
    let port = end < authority.endIndex ? authority[(end + 1)...] : nil
    return (String(decoding: name, as: UTF8.self).lowercased(), port)
  }

  private static func port(_ text: ArraySlice<UInt8>?, _ isSecure: Bool) throws(Refusal) -> UInt16 {
    // An empty port after the colon means the default (RFC 3986 section 3.2.3).
    guard let text, !text.isEmpty else { return isSecure ? 443 : 80 }
    guard text.count <= 5, text.allSatisfy(ASCII.isDigit) else { throw .port }
    guard let number = UInt16(String(decoding: text, as: UTF8.self)), number > 0 else { throw .port }
    return number
  }
}
