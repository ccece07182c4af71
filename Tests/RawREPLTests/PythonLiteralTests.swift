import RawREPL
import Testing

@Suite("Python literals")
struct PythonLiteralTests {
  static let examples: [(PythonLiteral, String)] = [
    (nil, "None"), (true, "True"), (false, "False"), (-7, "-7"), (.double(1.5), "1.5"),
    (.double(.infinity), "float('inf')"), ("it's\\", #"'it\'s\\'"#), ("é€😀", #"'\u00e9\u20ac\U0001f600'"#),
    (.bytes([0, 3, 4, 0x41, 0x27, 0xFF]), #"b'\x00\x03\x04A\'\xff'"#), ([1, "a"], "[1, 'a']"),
    (.tuple([]), "()"), (.tuple([1]), "(1,)"), (.tuple([1, 2]), "(1, 2)"),
    (["k": nil, "l": [true]], "{'k': None, 'l': [True]}"),
    ("\r\n\t\u{1}", #"'\r\n\t\x01'"#),
  ]

  @Test("values become the expected source", arguments: examples)
  func source(_ literal: PythonLiteral, _ source: String) { #expect(literal.source == source) }

  @Test("no byte outside printable ASCII is ever in the source")
  func printableOnly() {
    let everyByte = PythonLiteral.bytes([UInt8](UInt8.min...UInt8.max))
    let everyScalar = PythonLiteral.string(
      String(String.UnicodeScalarView((0..<0x800).compactMap(Unicode.Scalar.init))))
    for literal in [everyByte, everyScalar] {
      #expect(literal.source.utf8.allSatisfy { (0x20...0x7E).contains($0) })
    }
  }
}
