/// One element of a Sec-WebSocket-Extensions header, read plainly: split into name and parameters, nothing refused (RFC 6455
/// section 9.1).
public struct DecodedExtension: Sendable, Hashable {
  /// A parameter as it was written.
  public struct Parameter: Sendable, Hashable {
    /// The name in lower case: extension tokens are compared as they are, but who writes one in capitals means the same.
    public var name: String
    /// What stands behind the equals sign, without quotes; nil where there is none.
    public var value: String?
  }

  /// The extension's name.
  public var name: String
  /// Its parameters, in order.
  public var parameters: [Parameter]

  /// Whether names and values are tokens.
  var isWellFormed: Bool {
    let words = [name] + parameters.map(\.name) + parameters.compactMap(\.value)
    return words.allSatisfy { DecodedHead.isToken($0) }
  }

  /// Reads an element, such as `permessage-deflate; server_max_window_bits=10`.
  public init(_ text: String) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(DecodedHead.trimmed)
    name = parts[0].lowercased()
    parameters = parts.dropFirst().map { part in
      guard let equals = part.firstIndex(of: "=") else {
        return Parameter(name: part.lowercased(), value: nil)
      }
      let value = DecodedHead.trimmed(part[part.index(after: equals)...])
      let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
      return Parameter(
        name: DecodedHead.trimmed(part[..<equals]).lowercased(),
        value: isQuoted ? String(value.dropFirst().dropLast()) : value)
    }
  }
}

extension DecodedHead {
  /// Whether a Sec-WebSocket-Extensions header has no element, or one whose names and values are no tokens (RFC 6455 section 9.1).
  public var hasMalformedExtensions: Bool {
    let isEmpty = values("Sec-WebSocket-Extensions").contains { Self.members(of: $0).isEmpty }
    return isEmpty || extensions.contains { !$0.isWellFormed }
  }

  /// The elements of all Sec-WebSocket-Extensions headers, in order.
  public var extensions: [DecodedExtension] { list("Sec-WebSocket-Extensions").map { DecodedExtension($0) } }
}
