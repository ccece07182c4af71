/// A request or response head, read plainly: split into lines and fields, nothing refused (RFC 7230 section 3).
public struct DecodedHead: Sendable, Hashable {
  /// A header field as it was written.
  public struct Field: Sendable, Hashable {
    /// The name as written.
    public var name: String
    /// The value without surrounding blanks.
    public var value: String
    /// The offset of the line in the stream.
    public var streamOffset: Int
    /// Whether the line has a colon behind a name that is a token, and no stray control characters.
    public var isWellFormed: Bool
  }

  /// The first line.
  public var startLine: String
  /// The header fields, in order.
  public var fields: [Field]
  /// The head's bytes, the empty line included.
  public var bytes: [UInt8]
  /// The offset of the first line that does not end in CR LF, or of a CR inside a line.
  public var bareLineEndOffset: Int?

  /// Reads a head that begins at the start of its stream.
  public init(_ head: some Sequence<UInt8>) {
    bytes = Array(head)
    startLine = ""
    fields = []
    var offset = 0
    var isFirst = true
    while offset < bytes.count {
      let end = bytes[offset...].firstIndex(of: 0x0A) ?? bytes.count
      var line = bytes[offset..<end]
      if line.last == 0x0D {
        line.removeLast()
      } else if bareLineEndOffset == nil {
        bareLineEndOffset = offset
      }
      if line.contains(0x0D), bareLineEndOffset == nil { bareLineEndOffset = offset }
      if isFirst {
        startLine = String(decoding: line, as: UTF8.self)
      } else if !line.isEmpty {
        add(line, at: offset)
      }
      isFirst = false
      offset = end + 1
    }
  }

  /// Adds a field, or what continues the one before it: a client reads a folded line as blanks, and a server refuses it (RFC 7230
  /// section 3.2.4).
  private mutating func add(_ line: ArraySlice<UInt8>, at offset: Int) {
    let isFolded = line.first == 0x20 || line.first == 0x09
    guard isFolded, var field = fields.popLast() else { return fields.append(Self.field(line, at: offset)) }
    field.value = Self.trimmed(Substring(field.value + " " + String(decoding: line, as: UTF8.self)))
    field.isWellFormed = false
    fields.append(field)
  }

  /// Whether the empty line that ends a head is there, be its lines ended by CR LF or, unlawfully, by LF alone.
  public var isEnded: Bool {
    bytes.suffix(2).elementsEqual([0x0A, 0x0A]) || bytes.suffix(3).elementsEqual([0x0A, 0x0D, 0x0A])
  }

  /// The values of all fields of that name, in order: compared without case, and without the blanks that some put before the colon.
  public func values(_ name: String) -> [String] {
    let wanted = name.lowercased()
    return fields.filter { Self.trimmed(Substring($0.name)).lowercased() == wanted }.map(\.value)
  }

  /// The members of the comma-separated lists in all fields of that name, without surrounding blanks.
  public func list(_ name: String) -> [String] {
    values(name).flatMap(Self.members)
  }

  /// The members of one comma-separated list, without surrounding blanks; empty ones count for nothing.
  public static func members(of value: String) -> [String] {
    split(value, at: ",").map(trimmed).filter { !$0.isEmpty }
  }

  /// Whether a byte is a control character that may not stand in a line (RFC 7230 section 3.2.6): all but the tab.
  public static func isStrayControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 0x09) || byte == 0x7F }

  /// Whether a text is a token, as names of headers and subprotocols are (RFC 7230 section 3.2.6).
  public static func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy(isTokenCharacter)
  }

  private static func field(_ line: ArraySlice<UInt8>, at offset: Int) -> Field {
    let colon = line.firstIndex(of: 0x3A)
    let name = line[..<(colon ?? line.endIndex)]
    let value = colon.map { line[($0 + 1)...] } ?? []
    let controls = line.contains(where: isStrayControl)
    return Field(
      name: String(decoding: name, as: UTF8.self), value: trimmed(Substring(decoding: value, as: UTF8.self)),
      streamOffset: offset,
      isWellFormed: colon != nil && !name.isEmpty && name.allSatisfy(isTokenCharacter) && !controls)
  }

  /// RFC 7230 section 3.2.6, `tchar`.
  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  // Scalar by scalar: to Swift a blank and the combining mark behind it are one character, which is no blank.

  static func split(_ text: String, at separator: Unicode.Scalar) -> [Substring] {
    text.unicodeScalars.split(separator: separator, omittingEmptySubsequences: false).map { Substring($0) }
  }

  /// A text without the blanks around it.
  public static func trimmed(_ text: Substring) -> String {
    var scalars = text.unicodeScalars
    while let first = scalars.first, first == " " || first == "\t" { scalars.removeFirst() }
    while let last = scalars.last, last == " " || last == "\t" { scalars.removeLast() }
    return String(scalars)
  }
}
