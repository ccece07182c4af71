import Testing
import Traces
import WebSocketProtocol

@Suite("Bytes read as heads and frames")
struct DecodedConnectionTests {
  private static let head = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)

  private func trace(_ frames: [UInt8], chunks: [Int]? = nil) -> ConnectionTrace {
    let bytes = Self.head + frames
    let counts = chunks ?? [bytes.count]
    return ConnectionTrace(
      name: "main", token: "t",
      events: counts.enumerated().map {
        WireEvent(
          instantNanoseconds: UInt64($0 + 1) * 10, kernelInstantNanoseconds: UInt64($0),
          kind: .received(count: $1))
      }, clientStream: CapturedStream(bytes: bytes), requestHeadLength: Self.head.count)
  }

  @Test("frames are unmasked and know their place")
  func frames() {
    let connection = DecodedConnection(trace([0x81, 0x82, 1, 2, 3, 4, 0x69, 0x6B, 0x88, 0x80, 9, 9, 9, 9]))
    #expect(connection.client.frames.map(\.payload) == [Array("hi".utf8), []])
    #expect(connection.client.frames.map(\.streamOffset) == [Self.head.count, Self.head.count + 8])
    #expect(connection.client.frames.map(\.payloadOffset) == [Self.head.count + 6, Self.head.count + 14])
    #expect(connection.client.frames.map(\.endOffset) == [Self.head.count + 8, Self.head.count + 14])
    #expect(connection.client.tail == nil)
  }

  @Test("a frame has the instant of the chunk that completed it")
  func instants() {
    let connection = DecodedConnection(
      trace([0x81, 0x01, 0x61, 0x81, 0x01, 0x62], chunks: [Self.head.count + 2, 1, 3]))
    #expect(connection.client.frames.map(\.eventIndex) == [1, 2])
    #expect(connection.client.frames.map(\.instantNanoseconds) == [20, 30])
    #expect(connection.client.frames.map(\.kernelInstantNanoseconds) == [1, 2])
  }

  @Test("an incomplete frame is kept")
  func tail() {
    let withHeader = DecodedConnection(trace([0x81, 0x85, 0, 0, 0, 0, 0x61])).client
    #expect(withHeader.frames.isEmpty)
    #expect(withHeader.tail?.payload == [0x61])
    #expect(withHeader.tail?.header?.payloadLength == 5)
    let withoutHeader = DecodedConnection(trace([0x81, 0x7E, 0x01])).client
    #expect(withoutHeader.tail?.header == nil)
    #expect(withoutHeader.tail?.count == 3)
    let huge = DecodedConnection(trace([0x82, 0x7F] + [UInt8](repeating: 0xFF, count: 8))).client
    #expect(huge.tail?.header?.payloadLength == .max)
  }

  @Test("a cut capture is known as such", arguments: 0...9)
  func cut(_ kept: Int) {
    var trace = trace([0x81, 0x03, 0x61, 0x62, 0x63, 0x81, 0x02, 0x64, 0x65])
    trace.clientStream.bytes.removeLast(9 - kept)
    let stream = DecodedConnection(trace).client
    #expect(stream.isComplete == (kept == 9))
    #expect(stream.frames.allSatisfy { $0.isCut == ($0.payload.count < $0.payloadLength) })
    #expect(stream.frames.filter { !$0.isCut }.allSatisfy { $0.endOffset <= Self.head.count + kept })
  }

  @Test("messages are assembled around control frames")
  func messages() {
    let stream = DecodedConnection(
      trace([0x01, 0x01, 0x61, 0x89, 0x00, 0x80, 0x01, 0x62, 0x82, 0x00, 0x01, 0x01, 0x63])
    ).client
    #expect(stream.messages.map(\.payload) == [Array("ab".utf8), [], Array("c".utf8)])
    #expect(stream.messages.map(\.frameIndices) == [[0, 2], [3], [4]])
    #expect(stream.messages.map(\.isComplete) == [true, true, false])
    #expect(stream.messages.map(\.isText) == [true, false, true])
  }

  @Test("ends, and which came first")
  func ends() {
    var trace = trace([])
    trace.events += [
      WireEvent(instantNanoseconds: 50, kind: .receivedEnd),
      WireEvent(instantNanoseconds: 60, kind: .receivedReset),
      WireEvent(instantNanoseconds: 70, kind: .sentEnd), WireEvent(instantNanoseconds: 80, kind: .closed),
    ]
    let connection = DecodedConnection(trace)
    #expect(connection.clientEnd == StreamEnd(kind: .reset, eventIndex: 1, instantNanoseconds: 60))
    #expect(connection.serverEnd == StreamEnd(kind: .finished, eventIndex: 3, instantNanoseconds: 70))
    #expect(!connection.serverEndedFirst)
  }

  @Test("heads are read plainly")
  func heads() {
    let head = DecodedHead("HTTP/1.1 101 X\r\nA: 1\r\nb:  2 , 3\t\r\na:4\r\nno colon\r\n\r\n".utf8)
    #expect(head.startLine == "HTTP/1.1 101 X")
    #expect(head.values("a") == ["1", "4"])
    #expect(head.list("B") == ["2", "3"])
    #expect(head.fields.map(\.isWellFormed) == [true, true, true, false])
    #expect(head.bareLineEndOffset == nil)
    #expect(DecodedHead("A\nB: 1\n\n".utf8).bareLineEndOffset == 0)
  }
}
