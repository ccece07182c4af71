import Testing
import WebSocketProtocol

@Suite("Golden vectors: UTF-8 and Close payloads, RFC 6455 sections 5.5.1, 7.4 and 8.1")
struct TextVectorTests {
  struct Text: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var hex: String
    var complete: Bool?
    var failsAt: Int?
    var testDescription: String { name }
  }

  @Test("Text is judged alike, however it is cut", arguments: Fixtures.vectors("utf8", as: Text.self))
  func text(vector: Text) {
    for chunks in everySplit(bytes(hex: vector.hex)) {
      var validator = UTF8StreamValidator()
      for chunk in chunks where !validator.hasFailed { _ = chunk.withUnsafeBytes { validator.append($0) } }
      #expect(validator.hasFailed == (vector.failsAt != nil), "\(chunks.cut)")
      if let failsAt = vector.failsAt {
        #expect(validator.offset == failsAt, "\(chunks.cut)")
      } else {
        #expect(validator.isComplete == vector.complete, "\(chunks.cut)")
      }
    }
  }

  struct Payload: Decodable, Sendable, CustomTestStringConvertible {
    var name: String
    var hex: String
    var code: UInt16?
    var reason: String?
    var rule: String?
    var index: Int?
    var testDescription: String { name }
  }

  @Test(
    "The payload of a Close frame is read or refused",
    arguments: Fixtures.vectors("close-payloads", as: Payload.self))
  func payload(vector: Payload) {
    do {
      let payload = try ClosePayload.parse(bytes(hex: vector.hex))
      #expect(vector.rule == nil)
      #expect(payload.code?.rawValue == vector.code)
      #expect(payload.reason == vector.reason)
      #expect(hex(payload.encoded) == vector.hex)
    } catch {
      #expect(error.rule.name == vector.rule)
      #expect(error.index == vector.index)
    }
  }
}
