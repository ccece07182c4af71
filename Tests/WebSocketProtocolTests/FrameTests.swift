import Testing
import WebSocketProtocol

@Suite("Frames and headers, RFC 6455 section 5.2")
struct FrameTests {
  @Test(
    "A header of each boundary length is read back, masked or not",
    arguments: Boundaries.sendable.map(UInt64.init) + Boundaries.declared)
  func headerRoundTrip(length: UInt64) {
    for key in [nil, MaskingKey(1, 2, 3, 4)] {
      let header = FrameHeader(opcode: .binary, payloadLength: length, maskingKey: key)
      let bytes = header.encoded
      #expect(bytes.count == header.encodedLength)
      #expect(bytes.withUnsafeBytes { FrameHeader.parse($0) } == header)
      #expect(header.isMinimal)
      #expect(header.hasTopBit == (length >= 1 << 63))
      for count in 0..<bytes.count {
        #expect(bytes[..<count].withUnsafeBytes { FrameHeader.parse($0) } == nil)
      }
    }
  }

  @Test("The RFC's example of 64 KiB has a length of 64 bits")
  func exampleOf64KiB() {
    let header = FrameHeader(opcode: .binary, payloadLength: 65536)
    #expect(hex(header.encoded) == "827f0000000000010000")
    #expect(header.encoded.span.bytes.byteCount == 10)
    #expect(FrameHeader.parse(header.encoded.span.bytes) == header)
  }

  @Test("An illegal frame is written as asked")
  func illegalFrame() {
    let key = MaskingKey(0x37, 0xFA, 0x21, 0x3D)
    let frame = Frame(
      Opcode(rawValue: 3), Array("Hello".utf8), isFinal: false, reservedBits: 5, maskingKey: key,
      lengthEncoding: .sixtyFourBits, declaredLength: 1 << 63)
    #expect(hex(frame.encoded()) == "53ff8000000000000000" + "37fa213d" + "7f9f4d5158")
    #expect(key.description == "37fa213d")
  }

  @Test("The lenient decoder represents what breaks the rules, and tells an incomplete frame")
  func lenientDecoder() throws {
    let first = Frame(
      .ping, Array(repeating: 7, count: 200), isFinal: false, reservedBits: 7, lengthEncoding: .sixtyFourBits)
    let second = Frame(
      Opcode(rawValue: 12), [1, 2, 3], maskingKey: MaskingKey(9, 8, 7, 6), lengthEncoding: .sixteenBits)
    let stream = first.encoded() + second.encoded() + [0x81, 0x85, 1, 2, 3, 4, 5]
    let (frames, incomplete) = FrameDecoder.decode(stream)
    try #require(frames.count == 2)
    #expect(frames[0].header == first.header)
    #expect(frames[0].payload == first.payload)
    #expect(frames[1].streamOffset == frames[0].endOffset)
    #expect(frames[1].payload == [1, 2, 3])
    #expect(frames[1].headerBytes == second.header.encoded)
    let tail = try #require(incomplete)
    #expect(tail.streamOffset == frames[1].endOffset)
    #expect(tail.payload == [5 ^ 1])
    #expect(tail.receivedPayload == 1)
  }

  @Test("The lenient decoder keeps no more of a payload than it was told")
  func boundedDecoder() {
    let stream = Frame(.binary, Array(repeating: 1, count: 5000), maskingKey: MaskingKey(1, 1, 1, 1))
      .encoded()
    var decoder = FrameDecoder(keptPayload: 100)
    let frames = stream.flatMap { decoder.receive([$0]) } + decoder.receive(Frame(.text).encoded())
    #expect(frames.map(\.payload.count) == [100, 0])
    #expect(frames.map(\.isPayloadCut) == [true, false])
    #expect(decoder.incompleteFrame == nil)
  }

  @Test("Bytes that were lost can only end the payload under way", arguments: [0, 3, 4, 9])
  func lostBytes(_ count: UInt64) {
    var decoder = FrameDecoder(streamOffset: 10)
    #expect(decoder.receiveLost(count) == nil)
    #expect(decoder.receive([0x82, 0x05, 1]).isEmpty)
    let frame = decoder.receiveLost(count)
    #expect(frame?.payload == (count < 4 ? nil : [1]))
    #expect(frame?.isPayloadCut == (count < 4 ? nil : true))
    #expect(frame?.endOffset == (count < 4 ? nil : 17))
    #expect(decoder.incompleteFrame?.receivedPayload == (count < 4 ? 1 + count : nil))
    var inHeader = FrameDecoder()
    #expect(inHeader.receive([0x82]).isEmpty)
    #expect(inHeader.receiveLost(count) == nil)
    #expect(inHeader.incompleteFrame?.headerBytes == [0x82])
  }

  @Test("Masking equals the loop of section 5.3 for each length, offset and alignment")
  func masking() {
    var generator = SplitMix64(seed: 5)
    for length in Array(0...150) + [1000, 4097] {
      for offset in 0..<6 {
        let key = MaskingKey.random(using: &generator)
        let plain = generator.bytes(length...length)
        let expected = plain.enumerated().map { $1 ^ key.bytes[($0 + offset) % 4] }
        var shifted = [UInt8](repeating: 0, count: offset) + plain
        shifted.withUnsafeMutableBytes {
          Masking.apply(key, to: .init(rebasing: $0[offset...]), offset: offset)
        }
        #expect(Array(shifted[offset...]) == expected)
        var span = plain
        var elements = span.mutableSpan
        var bytes = elements.mutableBytes
        Masking.apply(key, to: &bytes, offset: offset)
        #expect(span == expected)
      }
    }
  }

  @Test("The table of close codes covers every number once")
  func closeCodes() {
    #expect(
      (0...UInt16.max).allSatisfy { number in CloseCode.table.filter { $0.codes.contains(number) }.count == 1
      })
    let valid = (0...UInt16.max).filter { CloseCode(rawValue: $0).isValidOnWire }
    #expect(valid == Array(1000...1003) + Array(1007...1014) + Array(3000...4999))
    #expect([1004, 1005, 1006, 1015, 1016].allSatisfy { CloseCode(rawValue: $0).isReserved })
  }
}
