import Steps
import Testing
import Traces
import WebSocketProtocol

@testable import Fuzzing

@Suite("What of the grammar of frames was put to a client")
struct GrammarCoverageTests {
  private func connection(_ frames: [Frame]) -> DecodedConnection {
    let head = Array("HTTP/1.1 101 Switching Protocols\r\n\r\n".utf8)
    let bytes = head + frames.flatMap { $0.encoded() }
    return DecodedConnection(
      ConnectionTrace(
        name: "main", token: "t",
        events: [WireEvent(instantNanoseconds: 1, kind: .sent(count: bytes.count))],
        serverStream: CapturedStream(bytes: bytes), responseHeadLength: head.count))
  }

  @Test("a sentence counts once: opcode, final bit, reserved bits, class of length, position, delivery")
  func sentences() {
    var coverage = GrammarCoverage()
    let texts = connection([Frame(.text, [0x61]), Frame(.text, [0x62]), Frame(.text, [0x63])])
    // The first frame of a connection, and a later one.
    #expect(coverage.add(texts, delivery: .whole) == 2)
    #expect(coverage.add(texts, delivery: .whole) == 0)
    #expect(coverage.add(texts, delivery: .bytewise) == 2)
    #expect(coverage.add(connection([Frame(.text, [0x61, 0x61])]), delivery: .whole) == 1)
    #expect(coverage.add(connection([Frame(.text, [0x61], reservedBits: 4)]), delivery: .whole) == 1)
    #expect(coverage.add(connection([Frame(.text, [0x61], isFinal: false)]), delivery: .whole) == 1)
    #expect(coverage.count == 7)
  }

  @Test("between fragments and behind a Close are positions of their own")
  func positions() {
    var coverage = GrammarCoverage()
    let ping = Frame(.ping, [0x61])
    let start = Frame(.text, [], isFinal: false)
    #expect(coverage.add(connection([start, ping]), delivery: .whole) == 2)
    #expect(coverage.add(connection([Frame(.text, []), ping]), delivery: .whole) == 2)
    #expect(coverage.add(connection([Frame(.close, []), ping]), delivery: .whole) == 2)
  }
}
