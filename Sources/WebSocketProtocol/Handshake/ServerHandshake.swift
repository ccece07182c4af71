/// The server's side of the opening handshake (RFC 6455 section 4.2): the request in, the response out.
///
/// Works on bytes; strings are made only when the application asks for them.
public struct ServerHandshake: Sendable {
  /// What a chunk of the request led to.
  public enum Progress: Hashable, Sendable {
    /// The request goes on.
    case incomplete
    /// The request is valid; the chunk's bytes from `consumed` on are what follows it (a client should send nothing before
    /// the response). Answer with ``ServerHandshake/accept(_:subprotocol:deflate:headers:)`` or ``ServerHandshake/refuse(_:headers:)``.
    case request(Request, consumed: Int)
    /// The request is refused; send ``ServerHandshake/refuse(_:headers:)`` and close.
    case rejected(HandshakeRejection)
  }

  /// A valid request.
  public struct Request: Hashable, Sendable {
    /// The head.
    public let head: HTTPHead
    /// Where the request target lies in the head.
    let targetRange: Range<Int>
    /// The client's key.
    let keyBytes: [UInt8]

    /// The request target: path and query.
    public var resourceName: String { String(decoding: head.rawBytes[targetRange], as: UTF8.self) }
    /// The request target as bytes.
    public var resourceNameBytes: ArraySlice<UInt8> { head.rawBytes[targetRange] }
    /// The subprotocols the client offers, in its order of preference.
    public var subprotocols: [String] { head.fields.list("Sec-WebSocket-Protocol") }
    /// The extensions the client offers, in its order of preference.
    public let extensions: [ExtensionElement]
    /// The offers of permessage-deflate among them, without those that a server must decline (RFC 7692 section 7.1).
    public var deflateOffers: [DeflateOffer] {
      extensions.filter { $0.name == DeflateParameters.extensionName }.compactMap { try? DeflateOffer($0) }
    }
    /// The origin, which browsers send (section 10.2).
    public var origin: String? { head.fields["Origin"] }
    /// The value of Sec-WebSocket-Key.
    public var key: String { String(decoding: keyBytes, as: UTF8.self) }
    /// The value that answers the key.
    public var accept: [UInt8] { HandshakeKey.accept(for: keyBytes) }
  }

  private var parser: HTTPHeadParser

  /// Creates the handshake of one connection.
  public init(limits: Limits = Limits()) { parser = HTTPHeadParser(limits: limits) }

  /// The bytes taken so far, for reports.
  public var rawBytes: [UInt8] { parser.rawBytes }

  /// Takes a chunk of the request.
  public mutating func receive(_ chunk: UnsafeRawBufferPointer) -> Progress {
    switch parser.receive(chunk) {
    case .incomplete: return .incomplete
    case .rejected(let rejection): return .rejected(rejection)
    case .complete(let head, let consumed):
      do { return .request(try Self.validate(head), consumed: consumed) } catch { return .rejected(error) }
    }
  }

  /// Takes a chunk of the request.
  public mutating func receive(_ chunk: [UInt8]) -> Progress { chunk.withUnsafeBytes { receive($0) } }

  /// The response that opens the connection.
  ///
  /// - Parameters:
  ///   - request: The request it answers.
  ///   - subprotocol: One of those the client offers, or none.
  ///   - deflate: The answer to one of ``Request/deflateOffers``, for example of ``DeflatePolicy/response(to:)``; nil declines
  ///     them.
  ///   - headers: Further header fields.
  public static func accept(
    _ request: Request, subprotocol: String? = nil, deflate: DeflateParameters? = nil,
    headers: HeaderFields = [:]
  ) throws(InvalidOperation) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(160)
    bytes += acceptStart
    bytes += request.accept
    bytes += [0x0D, 0x0A]
    if let subprotocol {
      guard request.subprotocols.contains(subprotocol) else { throw .subprotocolRefused(subprotocol) }
      bytes += "Sec-WebSocket-Protocol: \(subprotocol)\r\n".utf8
    }
    if let deflate {
      guard request.deflateOffers.contains(where: { (try? $0.agreement(with: deflate)) != nil }) else {
        throw .extensionRefused(deflate)
      }
      bytes += "Sec-WebSocket-Extensions: \(deflate)\r\n".utf8
    }
    if let field = headers.firstUnsendable { throw .headerFieldRefused(name: field.name) }
    for field in headers.fields { bytes += "\(field.name): \(field.value)\r\n".utf8 }
    bytes += [0x0D, 0x0A]
    return bytes
  }

  private static let acceptStart = Array(
    """
    HTTP/1.1 101 Switching Protocols\r
    Upgrade: websocket\r
    Connection: Upgrade\r
    Sec-WebSocket-Accept:\u{20}
    """.utf8)

  /// The response to a refused request: its status, the reason as text, and for 426 the version we speak (section 4.4).
  public static func refuse(_ rejection: HandshakeRejection, headers: HeaderFields = [:]) -> [UInt8] {
    let status = rejection.status ?? 400
    let body = "\(rejection)\n"
    var text = "HTTP/1.1 \(status) \(reasonPhrases[status] ?? "Refused")\r\nConnection: close\r\n"
    if status == 426 { text += "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" }
    if status == 405 { text += "Allow: GET\r\n" }
    for field in headers.fields where HeaderFields([field]).firstUnsendable == nil {
      text += "\(field.name): \(field.value)\r\n"
    }
    text += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    return Array((text + body).utf8)
  }

  private static let reasonPhrases = [
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    426: "Upgrade Required", 431: "Request Header Fields Too Large", 500: "Internal Server Error",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
  ]
}

// MARK: - Rules of section 4.2.1

extension ServerHandshake {
  private static func validate(_ head: HTTPHead) throws(HandshakeRejection) -> Request {
    let target = try requestLine(head)
    let host = try single(head, "Host")
    guard !host.isEmpty else { throw HandshakeRejection(.value, header: "Host", status: 400) }
    guard head.list("Upgrade", contains: "websocket") else {
      throw HandshakeRejection(isThere(head, "Upgrade") ? .value : .missing, header: "Upgrade", status: 426)
    }
    guard head.list("Connection", contains: "upgrade") else {
      throw HandshakeRejection(
        isThere(head, "Connection") ? .value : .missing, header: "Connection", status: 400)
    }
    // The version comes before the key: an older client may have no such key (section 4.4).
    guard try single(head, "Sec-WebSocket-Version").elementsEqual("13".utf8) else {
      throw HandshakeRejection(.value, header: "Sec-WebSocket-Version", status: 426)
    }
    let key = try single(head, "Sec-WebSocket-Key")
    guard Base64.isSixteenBytes(key) else {
      throw HandshakeRejection(.value, header: "Sec-WebSocket-Key", status: 400)
    }
    try checkNoBody(head)
    let extensions: [ExtensionElement]
    do { extensions = try head.extensions() } catch {
      throw HandshakeRejection(.malformedExtensions, header: "Sec-WebSocket-Extensions", status: 400)
    }
    return Request(head: head, targetRange: target, keyBytes: Array(key), extensions: extensions)
  }

  /// Reads `GET /chat HTTP/1.1` and returns where the target lies.
  private static func requestLine(_ head: HTTPHead) throws(HandshakeRejection) -> Range<Int> {
    let line = head.rawBytes[head.startLineRange]
    guard let first = line.firstIndex(of: 0x20), let last = line.lastIndex(of: 0x20), first < last else {
      throw HandshakeRejection(.startLine, status: 400)
    }
    let version = line[(last + 1)...]
    guard version.count == 8, version.starts(with: "HTTP/".utf8), version[last + 7] == UInt8(ascii: "."),
      ASCII.isDigit(version[last + 6]), ASCII.isDigit(version[last + 8])
    else { throw HandshakeRejection(.startLine, status: 400) }
    let target = (first + 1)..<last
    guard !target.isEmpty, line[target].allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
    else {
      throw HandshakeRejection(.startLine, status: 400)
    }
    guard line[..<first].elementsEqual("GET".utf8) else { throw HandshakeRejection(.method, status: 405) }
    // "HTTP version MUST be at least 1.1"; HTTP/2 opens connections in another way (RFC 8441).
    guard version[last + 6] == UInt8(ascii: "1"), version[last + 8] >= UInt8(ascii: "1") else {
      throw HandshakeRejection(.httpVersion, status: 505)
    }
    return target
  }

  /// A body would be taken for frames.
  private static func checkNoBody(_ head: HTTPHead) throws(HandshakeRejection) {
    for name in ["Transfer-Encoding", "Content-Length"] as [StaticString] {
      for value in head.values(name) where !value.elementsEqual("0".utf8) {
        throw HandshakeRejection(.body, header: name.description, status: 400)
      }
    }
  }

  private static func isThere(_ head: HTTPHead, _ name: StaticString) -> Bool {
    head.values(name).contains { _ in true }
  }

  private static func single(_ head: HTTPHead, _ name: StaticString) throws(HandshakeRejection) -> ArraySlice<
    UInt8
  > {
    do { return try head.single(name) } catch {
      throw HandshakeRejection(
        error == .missing ? .missing : .repeated, header: name.description, status: 400)
    }
  }
}
