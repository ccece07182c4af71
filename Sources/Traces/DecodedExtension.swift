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
    let parts = DecodedHead.split(text, at: ";").map(DecodedHead.trimmed)
    name = parts[0].lowercased()
    parameters = parts.dropFirst().map { part in
      let scalars = part.unicodeScalars
      guard let equals = scalars.firstIndex(of: "=") else {
        return Parameter(name: part.lowercased(), value: nil)
      }
      let value = DecodedHead.trimmed(Substring(scalars[scalars.index(after: equals)...]))
      return Parameter(
        name: DecodedHead.trimmed(Substring(scalars[..<equals])).lowercased(), value: Self.unquoted(value))
    }
  }
}

extension DecodedExtension {
  /// What a quoted string says, where it is one (RFC 7230 section 3.2.6).
  private static func unquoted(_ value: String) -> String {
    let bytes = Array(value.utf8)
    guard bytes.count >= 2, bytes.first == 0x22, bytes.last == 0x22 else { return value }
    var content: [UInt8] = []
    var isEscaped = false
    for byte in bytes.dropFirst().dropLast() {
      isEscaped = byte == 0x5C && !isEscaped
      if !isEscaped { content.append(byte) }
    }
    return String(decoding: content, as: UTF8.self)
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
