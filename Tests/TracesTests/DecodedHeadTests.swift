import Testing
import Traces

@Suite("Heads as the judge reads them")
struct DecodedHeadTests {
  private func head(_ lines: String...) -> DecodedHead {
    DecodedHead((lines + ["", ""]).joined(separator: "\r\n").utf8)
  }

  @Test("a blank is one whatever follows it: blank-before-combining-mark")
  func blankBeforeCombiningMark() {
    let head = head("GET / HTTP/1.1", "Upgrade: \u{31A}x ,\u{31A}y")
    #expect(head.values("upgrade") == ["\u{31A}x ,\u{31A}y"])
    #expect(head.list("Upgrade") == ["\u{31A}x", "\u{31A}y"])
  }

  @Test("a quoted value says what stands in it without the escapes: escape-in-quoted-value")
  func escapeInQuotedValue() {
    let head = head(
      "GET / HTTP/1.1", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"1\\0\"")
    #expect(head.extensions.first?.parameters.first?.value == "10")
    #expect(!head.hasMalformedExtensions)
  }
}
