import RawREPL
import Testing

@Suite("Tracebacks as MicroPython prints them")
struct TracebackTests {
  @Test("type, message and frames are found, outermost first")
  func withFrames() throws {
    let text = """
      Traceback (most recent call last):\r
        File "<stdin>", line 4, in <module>\r
        File "/lib/a "b".py", line 12, in f\r
      ZeroDivisionError: divide by zero\r\n
      """
    let traceback = try #require(Traceback([UInt8](text.utf8)))
    #expect(traceback.type == "ZeroDivisionError")
    #expect(traceback.message == "divide by zero")
    #expect(
      traceback.frames == [
        .init(file: "<stdin>", line: 4, function: "<module>"),
        .init(file: "/lib/a \"b\".py", line: 12, function: "f"),
      ])
    #expect(traceback.description == "ZeroDivisionError: divide by zero")
  }

  @Test("a syntax error names no function")
  func syntaxError() throws {
    let text = "Traceback (most recent call last):\n  File \"<stdin>\", line 1\nSyntaxError: invalid syntax\n"
    let traceback = try #require(Traceback([UInt8](text.utf8)))
    #expect(traceback.frames == [.init(file: "<stdin>", line: 1, function: nil)])
    #expect(traceback.type == "SyntaxError")
  }

  @Test("an interrupt without a heading has a type and an empty message")
  func interruptWithoutHeading() throws {
    let traceback = try #require(Traceback([UInt8]("KeyboardInterrupt: \n".utf8)))
    #expect(traceback == Traceback(type: "KeyboardInterrupt", message: "", frames: []))
  }

  @Test("a message of several lines stays whole")
  func severalLines() throws {
    let text = "Traceback (most recent call last):\nValueError: first\nsecond: third\n"
    let traceback = try #require(Traceback([UInt8](text.utf8)))
    #expect(traceback.message == "first\nsecond: third")
  }

  @Test("a blank error section is no exception", arguments: ["", "\r\n", "\n\n"])
  func blank(_ text: String) { #expect(Traceback([UInt8](text.utf8)) == nil) }

  @Test("bytes that are no text are replaced, not refused")
  func invalidUTF8() throws {
    let traceback = try #require(Traceback([UInt8]("OSError: ".utf8) + [0xFF, 0xFE]))
    #expect(traceback.type == "OSError")
  }
}
