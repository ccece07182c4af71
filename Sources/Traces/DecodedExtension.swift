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
  /// The elements of all Sec-WebSocket-Extensions headers, in order.
  public var extensions: [DecodedExtension] { list("Sec-WebSocket-Extensions").map { DecodedExtension($0) } }
}
