import Scenarios
import Steps
import Testing
import WebSocketProtocol

@Suite struct ChunkPlanTests {
  @Test(arguments: Delivery.allCases, ChunkPlan.Content.allCases)
  func chunksCoverTheBytesWithoutGaps(delivery: Delivery, content: ChunkPlan.Content) {
    var random = SplitMix64(seed: 1)
    for length in Array(0...140) + [400, 70_000] {
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let chunks = ChunkPlan.chunks(for: bytes, content: content, delivery: delivery)
      #expect(chunks.flatMap { bytes[$0.range] } == bytes)
      #expect(chunks.allSatisfy { !$0.range.isEmpty })
      #expect(chunks.first?.pauseBeforeMilliseconds ?? 0 == 0)
      if delivery == .paced { #expect(chunks.count <= 4) }
    }
  }

  /// `1|2` reads: a chunk ends after byte 1 and one after byte 2.
  private func cuts(_ bytes: [UInt8], _ content: ChunkPlan.Content, _ delivery: Delivery = .split) -> [Int] {
    ChunkPlan.chunks(for: bytes, content: content, delivery: delivery).map(\.range.upperBound).dropLast()
  }

  @Test func splitCutsInsideTheHeaderAndThePayload() {
    #expect(cuts([0x81, 0x03, 1, 2, 3], .frame) == [1, 3])
    #expect(cuts([0x81, 126, 0, 130] + Array(repeating: 0, count: 130), .frame) == [1, 3, 5])
    #expect(cuts([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 2, 7, 7], .frame) == [1, 6, 11])
    #expect(cuts([0x81, 0x82, 9, 9, 9, 9, 1, 2], .frame) == [1, 4, 7])
    #expect(cuts([0x89, 0x00], .frame) == [1])
    #expect(cuts([0x81], .frame).isEmpty)
  }

  @Test func splitCutsInsideCodePoints() {
    let payload = Array("aa é € 😀 é".utf8)
    let frame = [0x81, UInt8(payload.count)] + payload
    #expect(cuts(frame, .frame) == [1, 3, 6, 10, 15])
  }

  @Test func splitLeavesBrokenSequencesAlone() {
    #expect(cuts([0x81, 4, 0x61, 0xE2, 0x28, 0xA1], .frame) == [1, 3])
  }

  @Test func splitCutsInsideEveryLineOfAHead() {
    let head = Array("HTTP/1.1 101 S\r\nA: b\r\n\r\n".utf8)
    let pieces = ChunkPlan.chunks(for: head, content: .head, delivery: .split)
      .map { String(decoding: head[$0.range], as: UTF8.self) }
    #expect(pieces == ["HTTP/1.1", " 101 S\r\nA: ", "b\r\n\r", "\n"])
  }

  @Test func splitBoundsTheCutsOfALongHead() {
    let head = Array(String(repeating: "X: y\r\n", count: 100).utf8) + [13, 10, 0x81, 0]
    let cuts = cuts(head, .head)
    #expect(cuts.count == ChunkPlan.mostHeadCuts)
    #expect(cuts.suffix(2) == [601, 603])
  }

  @Test func onlySplitAndPacedPause() {
    let frame: [UInt8] = [0x82, 0x04, 1, 2, 3, 4]
    let pauses = Delivery.allCases.map { delivery in
      ChunkPlan.chunks(for: frame, content: .frame, delivery: delivery).map(\.pauseBeforeMilliseconds)
    }
    #expect(pauses == [[0], [0, 0, 0, 0, 0, 0], [0, 2, 2], [0], [0, 12, 12]])
  }

  @Test func pacedCutsInThePayload() {
    #expect(cuts([0x82, 0x04, 1, 2, 3, 4], .frame, .paced) == [1, 4])
    #expect(cuts([0x89, 0x04, 1, 2, 3, 4], .frame, .paced) == [4])
    #expect(cuts([0x88, 0x00], .frame, .paced) == [1])
    #expect(cuts([1, 2, 3, 4], .raw, .paced) == [2])
  }
}
