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
    /// Accepts the client's offer of permessage-deflate; nothing where it made none.
    case deflate(DeflateAnswer)
  }
}

/// What the server would like to agree on with a client that offers permessage-deflate (RFC 7692 section 7.1). What the offer demands
/// is granted beyond it, and what the offer does not permit is left out.
public struct DeflateAnswer: Sendable, Hashable {
  /// The server compresses each message for itself (section 7.1.1.1).
  public var serverNoContextTakeover: Bool
  /// The client is to compress each message for itself (section 7.1.1.2).
  public var clientNoContextTakeover: Bool
  /// The server's window as a power of two, 8 to 15; nil leaves it at what the offer says (section 7.1.2.1).
  public var serverMaxWindowBits: Int?
  /// The client's window as a power of two, 8 to 15; nil leaves it open. Needs an offer that permits it (section 7.1.2.2).
  public var clientMaxWindowBits: Int?

  /// The windows that RFC 7692 knows, as powers of two.
  public static let windowBits = 8...15

  /// Creates an answer; the default accepts an offer as it is.
  public init(
    serverNoContextTakeover: Bool = false, clientNoContextTakeover: Bool = false,
    serverMaxWindowBits: Int? = nil, clientMaxWindowBits: Int? = nil
  ) {
    self.serverNoContextTakeover = serverNoContextTakeover
    self.clientNoContextTakeover = clientNoContextTakeover
    self.serverMaxWindowBits = serverMaxWindowBits
    self.clientMaxWindowBits = clientMaxWindowBits
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
