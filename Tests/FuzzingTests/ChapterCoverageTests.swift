import Scenarios
import Steps
import Testing
import Traces
import WebSocketProtocol

@testable import Fuzzing

@Suite("Which chapters of the catalogue were touched")
struct ChapterCoverageTests {
  private func touched(
    _ frames: [Frame], client: ClientScript = .echo, head: String = "", steps: [ServerStep] = []
  ) -> Set<Chapter> {
    let response = Array("HTTP/1.1 101 Switching Protocols\r\n\(head)\r\n".utf8)
    let bytes = response + frames.flatMap { $0.encoded() }
    let connection = ConnectionTrace(
      name: "main", token: "t", events: [WireEvent(instantNanoseconds: 1, kind: .sent(count: bytes.count))],
      serverStream: CapturedStream(bytes: bytes), responseHeadLength: response.count)
    let scenario = Scenario(
      id: "fuzz.x", description: "d", expectation: "e", rfc: "5", requirement: .may,
      server: ServerScript(steps), client: client)
    var coverage = ChapterCoverage()
    coverage.add(Case(scenario: scenario), [DecodedConnection(connection)])
    return coverage.chapters
  }

  @Test("by what the server sends")
  func frames() {
    #expect(touched([]).isEmpty)
    #expect(touched([Frame(.text, [0x61])]) == [.framing])
    #expect(touched([Frame(.text, [0xC3, 0xA9])]) == [.framing, .utf8])
    #expect(touched([Frame(.binary, [1], isFinal: false), Frame(.continuation, [])]) == [.fragmentation])
    #expect(touched([Frame(.ping, [])]) == [.pingPong] && touched([Frame(.close, [])]) == [.closing])
    #expect(touched([Frame(.binary, [1], reservedBits: 4)]) == [.framing, .reservedBits])
    #expect(touched([Frame(Opcode(rawValue: 3), [])]) == [.opcodes])
    #expect(touched([Frame(.binary, [UInt8](repeating: 1, count: 16384))]) == [.framing, .limits])
  }

  @Test("by what was agreed on, answered, and told to the client")
  func scripts() {
    let agreed = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n"
    let compressed = [Frame(.binary, [0], reservedBits: 4)]
    #expect(touched(compressed, head: agreed) == [.framing, .deflateParameters, .deflatePayloads])
    #expect(touched([], steps: [.respond(.raw(.bytes([1])))]) == [.openingHandshake])
    #expect(touched([], client: ClientScript([.connect(ConnectStep()), .close()])) == [.closing])
    #expect(touched([], client: ClientScript([.connect(ConnectStep()), .measure()])) == [.resources])
  }
}
