/// The server's answer to the opening handshake (RFC 6455 section 4.2.2), with what a scenario changes in it.
public enum OpeningResponse: Sendable, Hashable {
  /// The lawful 101, changed by `edits` in order.
  case accept(edits: [HeadEdit] = [])
  /// These bytes in place of a response. The text `{accept}` in them stands for the Sec-WebSocket-Accept value.
  case raw(Payload)

  /// A change to the head of the lawful 101 response.
  public enum HeadEdit: Sendable, Hashable {
    /// Replaces the status line, for example `HTTP/1.1 200 OK`.
    case statusLine(String)
    /// Replaces the value of the first header of that name, or adds the header.
    case set(name: String, value: String)
    /// Adds a header line at the end, even if one of that name exists.
    case add(name: String, value: String)
    /// Removes every header of that name.
    case remove(name: String)
    /// Writes a header's name in another case, for example `sec-websocket-accept`.
    case rename(name: String, to: String)
    /// Appends these bytes after the empty line that ends the head.
    case append(Payload)
    /// Chooses this subprotocol in the response.
    case subprotocol(String)
    /// Replaces the value of Sec-WebSocket-Accept by one that is made in another way.
    case accept(AcceptForm)
  }
}

/// Values of Sec-WebSocket-Accept that come near the right one: the Base64 form of the SHA-1 digest of key and GUID (RFC 6455
/// section 4.2.2, item 5.4). None of them is it.
public enum AcceptForm: String, Sendable, Hashable, CaseIterable {
  /// The right value in lower case.
  case lowerCase
  /// The right value in the URL-safe alphabet, which has no padding (RFC 4648 section 5).
  case urlSafe
  /// The right value without the padding at its end.
  case unpadded
  /// The right value with one more `=`.
  case overpadded
  /// The right value in quotation marks.
  case quoted
  /// The right value with a blank in its middle.
  case blankInside
  /// The right value but for its first character.
  case firstCharacter
  /// The right value but for the last character before the padding, which stands for other bits of the digest.
  case lastCharacter
  /// A value that decodes to the right digest: only the two bits differ that the last character has left over.
  case spareBits
  /// The first half of the right value.
  case firstHalf
  /// The right value twice in one list.
  case twice
  /// The right digest in hexadecimal digits.
  case hexadecimal
  /// The digest of the key alone.
  case withoutGUID
  /// The digest of the 16 bytes that the key stands for, and the GUID.
  case decodedKey
  /// The digest of the key and the GUID in lower case.
  case lowerCaseGUID
  /// The key itself, sent back.
  case key
}
