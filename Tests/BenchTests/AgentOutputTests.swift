import RawREPL
import Testing

@testable import Bench

@Suite("Records among what a board prints")
struct AgentOutputTests {
  private let text =
    "boot noise\r\n" + AgentLines.begin("1.x") + "from the client: é\r\n" + AgentLines.event(0)
    + AgentLines.end(1)

  private func subjects(_ output: AgentOutput) -> [AgentRecord.Subject] { output.records.map(\.subject) }

  @Test("the checksum is that of binascii.crc32")
  func checksum() {
    #expect(CRC32.checksum(of: Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.checksum(of: []) == 0)
  }

  @Test("whole, byte by byte and cut anywhere, the same comes out")
  func cuts() {
    let whole = AgentLines.output(text)
    #expect(subjects(whole) == [.begin, .event, .end])
    #expect(String(decoding: whole.foreign, as: UTF8.self) == "boot noise\r\nfrom the client: é\r\n")
    let bytes = Array(text.utf8)
    for place in 0...bytes.count {
      var output = AgentOutput()
      output.receive(bytes[..<place])
      output.receive(bytes[place...])
      output.receiveEnd()
      #expect(subjects(output) == subjects(whole) && output.foreign == whole.foreign, "cut at \(place)")
    }
    var bytewise = AgentOutput()
    for byte in bytes { bytewise.receive([byte]) }
    bytewise.receiveEnd()
    #expect(subjects(bytewise) == subjects(whole) && bytewise.foreign == whole.foreign)
  }

  @Test("one wrong byte anywhere in a record makes its line foreign, and spoils no other")
  func corruption() {
    let line = AgentLines.event(0)
    for place in line.utf8.indices.prefix(line.utf8.count - 2).map({
      line.utf8.distance(from: line.utf8.startIndex, to: $0)
    }) {
      var bytes = Array(line.utf8)
      bytes[place] ^= 0x04
      var output = AgentOutput()
      output.receive(Array(AgentLines.begin("1.x").utf8) + bytes + Array(AgentLines.end(1).utf8))
      #expect(subjects(output) == [.begin, .end], "byte \(place)")
      #expect(output.foreign == bytes)
    }
  }

  @Test("text before a record on the same line is foreign, also where it holds the sentinel")
  func sameLine() {
    let output = AgentLines.output("no line feed ~W:12345678:{} " + AgentLines.event(3))
    guard case .event(let event) = output.records.first else {
      Issue.record("no event")
      return
    }
    #expect(event.number == 3)
    #expect(String(decoding: output.foreign, as: UTF8.self) == "no line feed ~W:12345678:{} ")
  }

  @Test(
    "what only looks like a record is foreign",
    arguments: [
      "~W:", "~W:1234567:{}", "~W:zzzzzzzz:{}", "~W:00000000", "~W:00000000:", AgentLines.record("[1, 2]"),
      AgentLines.record(#"{"k": "unheard of"}"#), AgentLines.record(#"{"k": "event""#),
    ])
  func lookalikes(_ text: String) {
    let output = AgentLines.output(text)
    #expect(output.records.isEmpty)
    #expect(output.foreign == Array(text.utf8))
  }

  @Test("a record without a line feed counts at the end of the output")
  func unterminated() {
    let output = AgentLines.output(String(AgentLines.event(0).dropLast()))
    #expect(subjects(output) == [.event])
  }

  @Test("a board that prints without end is kept up to a limit, and its records still count")
  func limit() {
    var output = AgentOutput()
    let line = Array((String(repeating: "x", count: 999) + "\n").utf8)
    for _ in 0..<200 { output.receive(line) }
    output.receive(Array(AgentLines.event(0).utf8))
    #expect(output.foreign.count == AgentOutput.foreignLimit)
    #expect(subjects(output) == [.event])
  }
}
