/// The client's side of the opening handshake (RFC 6455 section 4.1): the request out, the response in.
public struct ClientHandshake: Sendable {
  /// What a chunk of the response led to.
  public enum Progress: Hashable, Sendable {
    /// The response goes on.
    case incomplete
    /// The connection is open; the chunk's bytes from `consumed` on are frames.
    case accepted(Response, consumed: Int)
    /// The response is refused; close TCP.
    case rejected(HandshakeRejection)
  }

  /// A response that opened the connection, or the one that did not.
  public struct Response: Hashable, Sendable {
    /// The status, 101 where the connection is open.
    public let status: Int
    /// The reason phrase.
    public let reasonPhrase: String
    /// The head.
    public let head: HTTPHead
    /// The subprotocol the server chose, if any.
    public let subprotocol: String?
    /// What was agreed on for permessage-deflate; nil where the extension is not in use.
    public let deflate: DeflateParameters?
  }

  /// The request to be sent.
  public let requestBytes: [UInt8]
  /// The key in the request.
  public let key: HandshakeKey
  private let subprotocols: [String]
  private let deflateOffers: [DeflateOffer]
  private var parser: HTTPHeadParser
  /// The response with another status than 101, when that was the reason of the rejection.
  public private(set) var refusal: Response?

  /// Header fields the handshake writes itself.
  private static let ownFields = [
    "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol",
    "sec-websocket-extensions", "content-length", "transfer-encoding",
  ]

  /// Makes a request.
  ///
  /// - Parameters:
  ///   - uri: Where to.
  ///   - key: A fresh random key.
  ///   - headers: Further header fields, such as Origin, Cookie or Authorization.
  ///   - subprotocols: In the order of preference.
  ///   - deflateOffers: Offers of permessage-deflate, in the order of preference.
  ///   - limits: Bounds on the response's head.
  /// - Throws: ``InvalidOperation`` for fields that would break the head or that the handshake writes itself.
  public init(
    _ uri: WebSocketURI, key: HandshakeKey, headers: HeaderFields = [:], subprotocols: [String] = [],
    deflateOffers: [DeflateOffer] = [], limits: Limits = Limits()
  ) throws(InvalidOperation) {
    if let field = headers.firstUnsendable { throw .headerFieldRefused(name: field.name) }
    for field in headers.fields where Self.ownFields.contains(field.name.lowercased()) {
      throw .headerFieldRefused(name: field.name)
    }
    for (index, name) in subprotocols.enumerated()
    where !ASCII.isToken(name) || subprotocols[..<index].contains(name) {
      throw .subprotocolRefused(name)
    }
    self.key = key
    self.subprotocols = subprotocols
    self.deflateOffers = deflateOffers
    parser = HTTPHeadParser(limits: limits)
    requestBytes = Self.request(uri, key, headers, subprotocols, deflateOffers)
  }

  private static func request(
    _ uri: WebSocketURI, _ key: HandshakeKey, _ headers: HeaderFields, _ subprotocols: [String],
    _ deflateOffers: [DeflateOffer]
  ) -> [UInt8] {
    var text = "GET \(uri.resourceName) HTTP/1.1\r\nHost: \(uri.hostField)\r\nUpgrade: websocket\r\n"
    text += "Connection: Upgrade\r\nSec-WebSocket-Key: \(key.text)\r\nSec-WebSocket-Version: 13\r\n"
    if !subprotocols.isEmpty { text += "Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))\r\n" }
    if !deflateOffers.isEmpty {
      let offers = deflateOffers.map(\.element.text).joined(separator: ", ")
      text += "Sec-WebSocket-Extensions: \(offers)\r\n"
    }
    for field in headers.fields { text += "\(field.name): \(field.value)\r\n" }
    return Array((text + "\r\n").utf8)
  }

  /// Takes a chunk of the response.
  public mutating func receive(_ chunk: UnsafeRawBufferPointer) -> Progress {
    switch parser.receive(chunk) {
    case .incomplete: return .incomplete
    case .rejected(let rejection):
      return .rejected(HandshakeRejection(rejection.reason, header: rejection.header))
    case .complete(let head, let consumed):
      do { return .accepted(try validate(head), consumed: consumed) } catch { return .rejected(error) }
    }
  }

  /// Takes a chunk of the response.
  public mutating func receive(_ chunk: [UInt8]) -> Progress { chunk.withUnsafeBytes { receive($0) } }

  /// Takes the end of the stream before the response was complete.
  public func receiveEndOfStream() -> HandshakeRejection { HandshakeRejection(.endOfStream) }

  private mutating func validate(_ head: HTTPHead) throws(HandshakeRejection) -> Response {
    guard let (status, phrase) = Self.statusLine(head) else { throw HandshakeRejection(.startLine) }
    guard status == 101 else {
      refusal = Response(
        status: status, reasonPhrase: phrase, head: head, subprotocol: nil, deflate: nil)
      throw HandshakeRejection(.unexpectedStatus, status: status)
    }
    // Section 4.1, items 2 to 6 of what the client must validate.
    let upgrade = try single(head, "Upgrade")
    guard ASCII.equal(upgrade, "websocket") else { throw refused(.value, "Upgrade") }
    guard head.list("Connection", contains: "upgrade") else {
      throw refused(head.values("Connection").contains { _ in true } ? .value : .missing, "Connection")
    }
    guard try single(head, "Sec-WebSocket-Accept").elementsEqual(key.accept) else {
      throw refused(.value, "Sec-WebSocket-Accept")
    }
    let deflate = try agreedDeflate(head)
    return Response(
      status: status, reasonPhrase: phrase, head: head, subprotocol: try subprotocol(head), deflate: deflate)
  }

  /// What the server's answer to the offers amounts to; nil where it declines them all.
  private func agreedDeflate(_ head: HTTPHead) throws(HandshakeRejection) -> DeflateParameters? {
    let name: StaticString = "Sec-WebSocket-Extensions"
    guard head.values(name).contains(where: { _ in true }) else { return nil }
    guard !deflateOffers.isEmpty else { throw refused(.extensionNotRequested, name) }
    let chosen: [ExtensionElement]
    do { chosen = try head.extensions() } catch { throw refused(.malformedExtensions, name) }
    guard let element = chosen.first, chosen.allSatisfy({ $0.name == DeflateParameters.extensionName }) else {
      throw refused(.extensionNotRequested, name)
    }
    guard chosen.count == 1 else { throw refused(.extensionRepeated, name) }
    do throws(DeflateFault) {
      return try DeflateOffer.agreement(of: deflateOffers, with: DeflateParameters(response: element))
    } catch { throw refused(.deflate(error), name) }
  }

  private func subprotocol(_ head: HTTPHead) throws(HandshakeRejection) -> String? {
    let name: StaticString = "Sec-WebSocket-Protocol"
    guard head.values(name).contains(where: { _ in true }) else { return nil }
    let chosen = String(decoding: try single(head, name), as: UTF8.self)
    guard subprotocols.contains(chosen) else { throw refused(.subprotocolNotRequested, name) }
    return chosen
  }

  private func single(_ head: HTTPHead, _ name: StaticString) throws(HandshakeRejection) -> ArraySlice<UInt8>
  {
    do { return try head.single(name) } catch {
      throw refused(error == .missing ? .missing : .repeated, name)
    }
  }

  private func refused(_ reason: HandshakeRejection.Reason, _ header: StaticString) -> HandshakeRejection {
    HandshakeRejection(reason, header: header.description, status: 101)
  }

  /// Reads `HTTP/1.1 101 Switching Protocols`; the reason phrase may be empty (RFC 7230 section 3.1.2).
  private static func statusLine(_ head: HTTPHead) -> (Int, String)? {
    let line = head.rawBytes[head.startLineRange]
    guard line.starts(with: "HTTP/1.1 ".utf8), line.count >= 12 else { return nil }
    let digits = line[9..<12]
    guard digits.allSatisfy(ASCII.isDigit), let status = Int(String(decoding: digits, as: UTF8.self)) else {
      return nil
    }
    guard line.count == 12 || line[12] == 0x20 else { return nil }
    return (status, String(decoding: line.dropFirst(13), as: UTF8.self))
  }
}
