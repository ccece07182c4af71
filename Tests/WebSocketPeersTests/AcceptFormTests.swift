import Foundation
import Steps
import Testing
import WebSocketProtocol

@testable import WebSocketPeers

@Suite("Values that come near the right Sec-WebSocket-Accept")
struct AcceptFormTests {
  @Test("none is the right one, whatever the key", arguments: AcceptForm.allCases)
  func wrong(_ form: AcceptForm) {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<200 {
      let key = HandshakeKey(using: &generator)
      #expect(form.value(forKey: key.text) != String(decoding: key.accept, as: UTF8.self))
    }
  }

  @Test("each is what its name says, for the key of section 1.3")
  func values() throws {
    let right = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    let value = { (form: AcceptForm) in form.value(forKey: "dGhlIHNhbXBsZSBub25jZQ==") }
    #expect(value(.lowerCase) == "s3pplmbitxaq9kygzzhzrbk+xoo=")
    #expect(value(.urlSafe) == "s3pPLMBiTxaQ9kYGzzhZRbK-xOo")
    #expect(value(.blankInside) == "s3pPLMBiTxaQ9k YGzzhZRbK+xOo=")
    #expect(value(.firstCharacter) == "A3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(value(.lastCharacter) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOs=")
    #expect(value(.spareBits) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=")
    #expect(value(.hexadecimal) == "b37a4f2cc0624f1690f64606cf385945b2bec4ea")
    #expect(value(.key) == "dGhlIHNhbXBsZSBub25jZQ==")
    #expect(value(.twice) == "\(right), \(right)")
  }
}
