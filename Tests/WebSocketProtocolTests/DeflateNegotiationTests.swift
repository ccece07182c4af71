import Testing
import WebSocketProtocol

@Suite("Golden vectors: negotiation of permessage-deflate, RFC 7692 sections 5 and 7.1, RFC 6455 section 9.1")
struct DeflateNegotiationTests {
  struct OfferVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Policy: Decodable, Sendable {
      var serverNoContextTakeover: Bool?
      var clientNoContextTakeover: Bool?
      var serverMaxWindowBits: Int?
      var clientMaxWindowBits: Int?
    }
    var name: String
    var offers: [String]
    var policy: Policy?
    var response: String?
    var malformed: Bool?
    var testDescription: String { name }
  }

  struct ResponseVector: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var offers: [String]
    var response: [String]
    var agreed: String?
    var rejected: String?
    var testDescription: String { name }
  }

  private let key = HandshakeKey(encoded: "dGhlIHNhbXBsZSBub25jZQ==".utf8)!

  @Test(
    "A server answers the first valid offer, declines invalid ones, and refuses malformed fields",
    arguments: Fixtures.vectors("deflate-offers", as: OfferVector.self))
  func offers(vector: OfferVector) throws {
    let head =
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: \(key.text)\r\nSec-WebSocket-Version: 13\r\n" + fields(vector.offers) + "\r\n"
    var server = ServerHandshake()
    let request: ServerHandshake.Request
    switch server.receive(Array(head.utf8)) {
    case .request(let valid, _): request = valid
    case .rejected(let rejection):
      #expect(vector.malformed == true)
      #expect(rejection.reason == .malformedExtensions && rejection.status == 400)
      return
    case .incomplete:
      Issue.record("the request is taken for incomplete")
      return
    }
    #expect(vector.malformed != true)
    let agreement = ServerCompression(policy: policy(vector.policy)).agreement(with: request)
    #expect(agreement?.parameters.description == vector.response)
    let response = try ServerHandshake.accept(request, deflate: agreement?.parameters)
    let field = vector.response.map { "\r\nSec-WebSocket-Extensions: \($0)\r\n" }
    let text = String(decoding: response, as: UTF8.self)
    #expect(text.contains("Sec-WebSocket-Extensions") == (field != nil))
    if let field { #expect(text.contains(field)) }
  }

  private func policy(_ vector: OfferVector.Policy?) -> DeflatePolicy {
    var policy = DeflatePolicy()
    policy.serverNoContextTakeover = vector?.serverNoContextTakeover ?? false
    policy.clientNoContextTakeover = vector?.clientNoContextTakeover ?? false
    policy.serverMaxWindowBits = vector?.serverMaxWindowBits ?? 15
    policy.clientMaxWindowBits = vector?.clientMaxWindowBits ?? 15
    return policy
  }

  @Test(
    "A client takes an answer to its offers, and fails the handshake on anything else",
    arguments: Fixtures.vectors("deflate-responses", as: ResponseVector.self))
  func responses(vector: ResponseVector) throws {
    let offers = try vector.offers.map { offer in
      try DeflateOffer(try #require(ExtensionListParser.parse(offer.utf8).first))
    }
    var client = try ClientHandshake(WebSocketURI("ws://h/"), key: key, deflateOffers: offers)
    let request = String(decoding: client.requestBytes, as: UTF8.self)
    let wanted = vector.offers.joined(separator: ", ")
    #expect(request.contains("\r\nSec-WebSocket-Extensions: \(wanted)\r\n") == !offers.isEmpty)
    let head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + fields(vector.response) + "\r\n"
    switch client.receive(Array(head.utf8)) {
    case .accepted(let response, _):
      #expect(vector.rejected == nil)
      #expect(response.deflate?.description == vector.agreed)
    case .rejected(let rejection):
      #expect(name(of: rejection.reason) == vector.rejected)
      #expect(rejection.header == "Sec-WebSocket-Extensions" && rejection.status == 101)
      #expect(rejection.description.contains("RFC"))
    case .incomplete: Issue.record("the response is taken for incomplete")
    }
  }

  private func fields(_ values: [String]) -> String {
    values.map { "Sec-WebSocket-Extensions: \($0)\r\n" }.joined()
  }

  /// The name of the case, and of the fault where it is one of permessage-deflate.
  private func name(of reason: HandshakeRejection.Reason) -> String? {
    guard case .deflate(let fault) = reason else { return String(describing: reason) }
    return Mirror(reflecting: fault).children.first?.label
  }

  @Test(
    "Whatever a client offers and a server wants, the answer is one to the offer", arguments: SplitMix64.seeds
  )
  func agreement(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<500 {
      let offer = DeflateOffer.any(using: &generator)
      #expect(try DeflateOffer(offer.element) == offer)
      let policy = DeflatePolicy.any(using: &generator)
      let response = policy.response(to: offer)
      #expect(try DeflateParameters(response: response.element) == response)
      // Nothing is left to what the client promised: the answer repeats it, so that both agree on the same.
      #expect(try offer.agreement(with: response) == response, "seed \(seed), \(offer), \(policy)")
    }
  }

  @Test("A server cannot answer with what was not offered")
  func noAnswer() throws {
    let client = try ClientHandshake(WebSocketURI("ws://h/"), key: key)
    var server = ServerHandshake()
    guard case .request(let request, _) = server.receive(client.requestBytes) else {
      Issue.record("the request was refused")
      return
    }
    #expect(throws: InvalidOperation.extensionRefused(DeflateParameters())) {
      try ServerHandshake.accept(request, deflate: DeflateParameters())
    }
  }
}

extension DeflateOffer {
  /// Any valid offer.
  static func any(using generator: inout SplitMix64) -> DeflateOffer {
    let windows: [ClientWindow] = [
      .notOffered, .unlimited, .atMost(Int.random(in: 8...15, using: &generator)),
    ]
    return DeflateOffer(
      serverNoContextTakeover: Bool.random(using: &generator),
      clientNoContextTakeover: Bool.random(using: &generator),
      serverMaxWindowBits: Bool.random(using: &generator) ? Int.random(in: 8...15, using: &generator) : nil,
      clientMaxWindowBits: windows.randomElement(using: &generator)!)
  }
}

extension DeflatePolicy {
  /// Any policy.
  static func any(using generator: inout SplitMix64) -> DeflatePolicy {
    var policy = DeflatePolicy()
    policy.serverNoContextTakeover = Bool.random(using: &generator)
    policy.clientNoContextTakeover = Bool.random(using: &generator)
    policy.serverMaxWindowBits = Int.random(in: 8...15, using: &generator)
    policy.clientMaxWindowBits = Int.random(in: 8...15, using: &generator)
    return policy
  }
}
