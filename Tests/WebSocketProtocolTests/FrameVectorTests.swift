import Testing
import WebSocketProtocol

@Suite("Golden vectors: frames and connections, RFC 6455 sections 5 to 8 and RFC 7692")
struct FrameVectorTests {
  @Test(
    "A legal stream gives its events and answers, however it is cut",
    arguments: ["frames", "deflate"].flatMap { Fixtures.vectors($0, as: StreamVector.self) })
  func legal(vector: StreamVector) { replay(vector) }

  @Test(
    "An illegal stream gives its violation, however it is cut",
    arguments: ["invalid-frames", "invalid-deflate"].flatMap {
      Fixtures.vectors($0, as: StreamVector.self)
    })
  func illegal(vector: StreamVector) {
    replay(vector)
    #expect(vector.section == vector.events.last?.violation?.section)
  }

  private func replay(_ vector: StreamVector) {
    for chunks in everySplit(bytes(hex: vector.hex)) {
      var connection = vector.connection()
      for chunk in chunks { connection.receive(chunk) }
      let events = connection.takeEvents().map { EventVector($0) }
      #expect(events == vector.events, "\(chunks.cut)")
      if let output = vector.output { #expect(hex(connection.takeOutput()) == output, "\(chunks.cut)") }
    }
  }

  @Test(
    "A whole connection goes as written down, however its chunks are cut",
    arguments: Fixtures.vectors("transcripts", as: Transcript.self))
  func transcript(vector: Transcript) throws {
    let longest = vector.steps.compactMap(\.receive).map { $0.count / 2 }.max() ?? 0
    for place in 0...max(longest, 1) {
      var connection = BufferedConnection(.of(Role(rawValue: vector.role)!))
      for step in vector.steps { try step.apply(to: &connection, place) }
      #expect(connection.takeEvents().map { EventVector($0) } == vector.events, "cut at \(place)")
      #expect(hex(connection.takeOutput()) == vector.output, "cut at \(place)")
      #expect(connection.directive.rawValue == vector.directive)
    }
  }
}

/// A connection step by step.
struct Transcript: Decodable, Sendable, CustomTestStringConvertible {
  struct Step: Decodable, Sendable {
    var receive: String?
    var close: EventVectorClose?
    var sendText: String?
    var sendBinary: String?
    var ping: String?
    var endOfStream: Bool?
  }
  struct EventVectorClose: Decodable, Sendable {
    var code: UInt16?
    var reason: String?
  }

  var name: String
  var section: String
  var role: String
  var steps: [Step]
  var events: [EventVector]
  var output: String
  var directive: String

  var testDescription: String { name }
}

extension Transcript.Step {
  /// Does the step; bytes are cut at `place`, and byte by byte where that is 0.
  func apply(to connection: inout BufferedConnection, _ place: Int) throws {
    if let receive {
      let all = bytes(hex: receive)
      let chunks = place == 0 ? all.map { [$0] } : [Array(all.prefix(place)), Array(all.dropFirst(place))]
      for chunk in chunks { connection.receive(chunk) }
    }
    if let close {
      let payload = try close.code.map {
        try ClosePayload(CloseCode(rawValue: $0), reason: close.reason ?? "")
      }
      try connection.close(payload ?? .empty)
    }
    if let sendText { try connection.send(.text(sendText)) }
    if let sendBinary { try connection.send(.binary(bytes(hex: sendBinary))) }
    if let ping { try connection.ping(bytes(hex: ping)) }
    if endOfStream == true { connection.receiveEndOfStream() }
  }
}
