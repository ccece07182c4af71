/// One element of Sec-WebSocket-Extensions: an extension with its parameters (RFC 6455 section 9.1).
public struct ExtensionElement: Hashable, Sendable {
  /// One parameter.
  public struct Parameter: Hashable, Sendable {
    /// The name, a token.
    public let name: String
    /// The value, a token, unquoted; nil where there is none.
    public let value: String?

    /// Creates a parameter; the strings must be tokens.
    public init(_ name: String, _ value: String? = nil) {
      self.name = name
      self.value = value
    }
  }

  /// The extension's name, a token.
  public let name: String
  /// The parameters in order; a name may stand there more than once.
  public let parameters: [Parameter]

  /// Creates an element; the strings must be tokens.
  public init(_ name: String, _ parameters: [Parameter] = []) {
    self.name = name
    self.parameters = parameters
  }

  /// The element as it stands in a header field.
  public var text: String {
    parameters.reduce(name) { text, parameter in
      "\(text); \(parameter.name)" + (parameter.value.map { "=\($0)" } ?? "")
    }
  }
}

/// The value of Sec-WebSocket-Extensions does not follow the grammar of RFC 6455 section 9.1.
public struct MalformedExtensionList: Error, Hashable, Sendable {
  /// The index in its field's value of the byte that does not belong there; the value's length where something is missing.
  public let index: Int
}

/// Reads Sec-WebSocket-Extensions: extensions between commas, parameters after semicolons, values as tokens or quoted strings.
public struct ExtensionListParser {
  private let bytes: ArraySlice<UInt8>
  private var index: Int

  private init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    index = bytes.startIndex
  }

  /// Reads the value of one field; for several fields of the name the lists are put together.
  ///
  /// Empty elements between commas are skipped, as RFC 7230 section 7 wants of recipients.
  public static func parse(_ value: some Collection<UInt8>) throws(MalformedExtensionList)
    -> [ExtensionElement]
  {
    var parser = ExtensionListParser(Array(value)[...])
    return try parser.list()
  }

  private mutating func list() throws(MalformedExtensionList) -> [ExtensionElement] {
    var elements: [ExtensionElement] = []
    repeat {
      skipWhiteSpace()
      guard let byte = peek, byte != UInt8(ascii: ",") else { continue }
      elements.append(try element())
    } while take(UInt8(ascii: ","))
    guard peek == nil else { throw malformed }
    return elements
  }

  private mutating func element() throws(MalformedExtensionList) -> ExtensionElement {
    let name = try token()
    var parameters: [ExtensionElement.Parameter] = []
    while take(UInt8(ascii: ";")) {
      skipWhiteSpace()
      let name = try token()
      guard take(UInt8(ascii: "=")) else {
        parameters.append(.init(name))
        continue
      }
      skipWhiteSpace()
      parameters.append(.init(name, try peek == UInt8(ascii: "\"") ? quotedToken() : token()))
    }
    return ExtensionElement(name, parameters)
  }

  /// Reads a token and the white space behind it.
  private mutating func token() throws(MalformedExtensionList) -> String {
    let start = index
    while let byte = peek, ASCII.isToken(byte) { index += 1 }
    guard index > start else { throw malformed }
    let token = String(decoding: bytes[start..<index], as: UTF8.self)
    skipWhiteSpace()
    return token
  }

  /// Reads a quoted string whose content, unescaped, is a token: section 9.1 allows no other.
  private mutating func quotedToken() throws(MalformedExtensionList) -> String {
    index += 1
    var content: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "\"") {
      if byte == UInt8(ascii: "\\") { index += 1 }
      guard let character = peek, ASCII.isToken(character) else { throw malformed }
      content.append(character)
      index += 1
    }
    guard !content.isEmpty, take(UInt8(ascii: "\"")) else { throw malformed }
    skipWhiteSpace()
    return String(decoding: content, as: UTF8.self)
  }

  private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    index += 1
    return true
  }

  private mutating func skipWhiteSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 { index += 1 }
  }

  private var malformed: MalformedExtensionList { MalformedExtensionList(index: index - bytes.startIndex) }
}

extension HTTPHead {
  /// What stands in all fields of Sec-WebSocket-Extensions; empty where there is none.
  ///
  /// - Throws: Where one is malformed, or where they hold no extension at all.
  func extensions() throws(MalformedExtensionList) -> [ExtensionElement] {
    var elements: [ExtensionElement] = []
    var longest: Int?
    for value in values("Sec-WebSocket-Extensions") {
      elements += try ExtensionListParser.parse(value)
      longest = max(longest ?? 0, value.count)
    }
    if let longest, elements.isEmpty { throw MalformedExtensionList(index: longest) }
    return elements
  }
}
