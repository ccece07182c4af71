/// The head of an HTTP message: start line and header fields, kept as the bytes that came.
public struct HTTPHead: Hashable, Sendable {
  /// All bytes from the first of the start line to the empty line's line feed.
  public let rawBytes: [UInt8]
  /// Where the start line lies in ``rawBytes``, without its line end.
  let startLineRange: Range<Int>
  /// Where names and values lie in ``rawBytes``.
  let fieldRanges: [FieldRange]

  /// Where one field lies.
  struct FieldRange: Hashable, Sendable {
    var name: Range<Int>
    var value: Range<Int>
  }

  /// The request line or status line.
  public var startLine: String { String(decoding: rawBytes[startLineRange], as: UTF8.self) }

  /// The header fields; bytes above ASCII are read as UTF-8.
  public var fields: HeaderFields {
    HeaderFields(
      fieldRanges.map {
        HeaderFields.Field(
          String(decoding: rawBytes[$0.name], as: UTF8.self),
          String(decoding: rawBytes[$0.value], as: UTF8.self))
      })
  }

  /// The values of all fields of a name, as bytes: no strings on the way of a connection.
  func values(_ name: StaticString) -> some Sequence<ArraySlice<UInt8>> {
    fieldRanges.lazy.filter { ASCII.equal(rawBytes[$0.name], name) }.map { rawBytes[$0.value] }
  }

  /// The only value of a name; throws when it is missing or repeated.
  func single(_ name: StaticString) throws(FieldCountError) -> ArraySlice<UInt8> {
    var found: ArraySlice<UInt8>?
    for value in values(name) {
      guard found == nil else { throw .repeated }
      found = value
    }
    guard let found else { throw .missing }
    return found
  }

  /// Whether a token stands in the comma-separated list of a name, without regard to case.
  func list(_ name: StaticString, contains token: StaticString) -> Bool {
    values(name).contains { value in
      value.split(separator: UInt8(ascii: ",")).contains { element in
        ASCII.equal(Self.trimmed(element), token)
      }
    }
  }

  static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return bytes
  }

  enum FieldCountError: Error { case missing, repeated }
}
