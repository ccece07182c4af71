import Scenarios
import Steps
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@testable import WebSocketPeers

@Suite("Answers to the opening handshake that the catalogue leaves open")
struct DisputedOpeningTests {
  /// The answers of the chapter's disputed scenarios.
  static let disputed = Catalogue.all.filter {
    $0.tags.contains("disputed") && $0.id.hasPrefix("0.") && response(of: $0) != nil
  }

  private static func response(of scenario: Scenario) -> OpeningResponse? {
    guard scenario.server.connections.count == 1,
      case .respond(let response)? = scenario.server.connections[0].steps.first
    else { return nil }
    return response
  }

  @Test(
    "the judge demands neither that a client take one nor that it refuse it: disputedOpening",
    arguments: disputed)
  func disputedOpening(_ scenario: Scenario) throws {
    // What is odd may be what the application asks for.
    let derived = Case(scenario: scenario, delivery: .whole).withDerivedExpectations
    if derived.scenario.expected.opening == .either { return }
    let response = try #require(Self.response(of: scenario))
    let steps = scenario.client.tasks.flatMap(\.steps)
    let connect = try #require(
      steps.compactMap { if case .connect(let step) = $0 { step } else { nil } }.first)
    let opening = try Self.opening(response, to: connect)
    if case .undecided = opening { return }
    Issue.record("\(scenario.id): \(opening)")
  }

  @Test("there are many of them")
  func count() { #expect(Self.disputed.count > 50) }

  /// What the judge makes of an answer to the request of such a step.
  private static func opening(_ response: OpeningResponse, to connect: ConnectStep) throws -> OpeningModel {
    let key = try #require(HandshakeKey(encoded: Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)))
    let client = try ClientHandshake(
      try WebSocketURI("ws://127.0.0.1:9000/token"), key: key, subprotocols: connect.subprotocols,
      deflateOffers: connect.compression ? [DeflateOffer()] : [])
    var server = ServerHandshake()
    guard case .request(let request, _) = server.receive(client.requestBytes) else {
      throw InvalidOperation.notOpen
    }
    let answer = response.bytes(for: request)
    let trace = ConnectionTrace(
      name: "main", token: "token",
      events: [
        WireEvent(instantNanoseconds: 1, kind: .received(count: client.requestBytes.count)),
        WireEvent(instantNanoseconds: 2, kind: .sent(count: answer.count)),
      ], clientStream: CapturedStream(bytes: client.requestBytes),
      serverStream: CapturedStream(bytes: answer),
      requestHeadLength: client.requestBytes.count, responseHeadLength: answer.count)
    return OpeningModel(DecodedConnection(trace), serverByteCount: answer.count)
  }
}
