import Testing
import WebSocketProtocol

@Suite("Golden vectors: opening handshake, RFC 6455 sections 1.3, 4.1 and 4.2")
struct HandshakeVectorTests {
  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    struct Accepted: Decodable, Sendable {
      var resourceName: String?
      var accept: String?
      var subprotocols: [String]?
      var subprotocol: String?
      var following: String
    }
    struct Rejected: Decodable, Sendable {
      var status: Int?
      var reason: String
      var header: String?
    }
    var name: String
    var head: String
    var accepted: Accepted?
    var rejected: Rejected?
    var testDescription: String { name }
  }

  @Test(
    "A server judges a request alike, however it is cut",
    arguments: Fixtures.vectors("handshake-requests", as: Vector.self))
  func request(vector: Vector) {
    for chunks in everySplit(Array(vector.head.utf8)) {
      var handshake = ServerHandshake()
      let outcome: Outcome<ServerHandshake.Request> = feed(chunks) { chunk in
        switch handshake.receive(chunk) {
        case .incomplete: .incomplete
        case .request(let request, let consumed): .accepted(request, consumed)
        case .rejected(let rejection): .rejected(rejection)
        }
      }
      guard case .accepted(let request, let following) = outcome else {
        return expect(outcome, vector, chunks)
      }
      #expect(request.resourceName == vector.accepted?.resourceName, "\(chunks.cut)")
      #expect(String(decoding: request.accept, as: UTF8.self) == vector.accepted?.accept)
      #expect(request.subprotocols == vector.accepted?.subprotocols)
      #expect(hex(following) == vector.accepted?.following, "\(chunks.cut)")
    }
  }

  @Test(
    "A client judges a response alike, however it is cut",
    arguments: Fixtures.vectors("handshake-responses", as: Vector.self))
  func response(vector: Vector) throws {
    let key = try #require(HandshakeKey(encoded: "dGhlIHNhbXBsZSBub25jZQ==".utf8))
    let uri = try WebSocketURI("ws://server.example.com/chat")
    for chunks in everySplit(latin(vector.head)) {
      var handshake = try ClientHandshake(uri, key: key, subprotocols: ["chat", "superchat"])
      let outcome: Outcome<ClientHandshake.Response> = feed(chunks) { chunk in
        switch handshake.receive(chunk) {
        case .incomplete: .incomplete
        case .accepted(let response, let consumed): .accepted(response, consumed)
        case .rejected(let rejection): .rejected(rejection)
        }
      }
      guard case .accepted(let response, let following) = outcome else {
        return expect(outcome, vector, chunks)
      }
      #expect(response.subprotocol == vector.accepted?.subprotocol)
      #expect(hex(following) == vector.accepted?.following, "\(chunks.cut)")
    }
  }

  private enum Step<Head> {
    case incomplete
    case accepted(Head, Int)
    case rejected(HandshakeRejection)
  }

  private enum Outcome<Head> {
    case incomplete
    case accepted(Head, following: [UInt8])
    case rejected(HandshakeRejection)
  }

  private func feed<Head>(_ chunks: [[UInt8]], _ receive: ([UInt8]) -> Step<Head>) -> Outcome<Head> {
    for (index, chunk) in chunks.enumerated() {
      switch receive(chunk) {
      case .incomplete: continue
      case .rejected(let rejection): return .rejected(rejection)
      case .accepted(let head, let consumed):
        return .accepted(head, following: chunk[consumed...] + chunks[(index + 1)...].flatMap { $0 })
      }
    }
    return .incomplete
  }

  private func expect<Head>(_ outcome: Outcome<Head>, _ vector: Vector, _ chunks: [[UInt8]]) {
    guard case .rejected(let rejection) = outcome else {
      Issue.record("the head is taken for incomplete, \(chunks.cut)")
      return
    }
    var reason = String(String(describing: rejection.reason).prefix { $0 != "(" })
    if case .malformedHead(let fault, _) = rejection.reason { reason = fault.rawValue }
    #expect(reason == vector.rejected?.reason, "\(chunks.cut)")
    #expect(rejection.status == vector.rejected?.status, "\(chunks.cut)")
    #expect(rejection.header == vector.rejected?.header, "\(chunks.cut)")
  }

  /// Heads of responses are no text: one byte a character.
  private func latin(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }
}
