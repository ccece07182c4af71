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
  }
}
