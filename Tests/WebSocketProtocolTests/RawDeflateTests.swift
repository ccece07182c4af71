import Testing
import WebSocketProtocol

@Suite("Raw DEFLATE streams")
struct RawDeflateTests {
  /// A message as it is compressed, and what it inflates to; nil where it is corrupt.
  struct Vector: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let payload: String
    let text: String?

    init(_ name: String, _ payload: String, _ text: String?) {
      (testDescription, self.payload, self.text) = (name, payload, text)
    }
  }

  /// The examples of RFC 7692 section 7.2.3, and what is near to them.
  static let vectors = [
    Vector("one block with fixed codes", "f248cdc9c90700", "Hello"),
    Vector("a stored block", "000500faff48656c6c6f00", "Hello"),
    Vector("a block with BFINAL", "f348cdc9c9070000", "Hello"),
    Vector("two blocks", "f248050000 00ffffcac9c90700", "Hello"),
    Vector("an empty message", "00", ""),
    Vector("an empty block with fixed codes before the end", "0200", ""),
    Vector("a stored block with BFINAL, then another", "01010 0feff41000100feff4200", "AB"),
    Vector("the tail still there", "f248cdc9c907000000ffff00", "Hello"),
    Vector("no byte at all", "", nil),
    Vector("cut within a block", "f248cdc9", nil),
    Vector("ends with BFINAL and no block after it", "f348cdc9c90700", nil),
    Vector("ends at the end of a flush", "f248cdc9c907000000ffff", nil),
    Vector("reserved block type", "0600", nil),
    Vector("length of a stored block without its complement", "000500faf048656c6c6f00", nil),
    Vector("distance before the start", "f200110000", nil),
  ]

  @Test("A message inflates, or is corrupt, however it is cut", arguments: vectors)
  func inflates(vector: Vector) {
    let payload = bytes(hex: vector.payload.filter { $0 != " " })
    for chunks in everySplit(payload) {
      var inflater = RawInflater()
      #expect(inflater.text(of: chunks) == vector.text, "\(chunks.cut)")
    }
  }

  @Test(
    "The second message refers to the first, as in RFC 7692 section 7.2.3.2, unless the window was emptied")
  func sharedWindow() throws {
    let (first, second) = (bytes(hex: "f248cdc9c90700"), bytes(hex: "f200110000"))
    var inflater = RawInflater()
    #expect(inflater.text(of: [first]) == "Hello")
    #expect(inflater.text(of: [second]) == "Hello")
    inflater.reset()
    #expect(inflater.text(of: [second]) == nil)
    inflater.reset()
    #expect(inflater.text(of: [first]) == "Hello")
  }

  @Test("The window outlives a block with BFINAL")
  func windowAfterFinalBlock() {
    var inflater = RawInflater()
    #expect(inflater.text(of: [bytes(hex: "f348cdc9c9070000")]) == "Hello")
    #expect(inflater.text(of: [bytes(hex: "f200110000")]) == "Hello")
  }

  @Test("What the deflater makes are the RFC's own bytes, with and without context takeover")
  func deflates() {
    var deflater = RawDeflater()
    #expect(hex(deflater.deflateMessage(Array("Hello".utf8))) == "f248cdc9c90700")
    #expect(hex(deflater.deflateMessage(Array("Hello".utf8))) == "f200110000")
    #expect(deflater.deflateMessage([]) == [0])
    deflater.reset()
    #expect(hex(deflater.deflateMessage(Array("Hello".utf8))) == "f248cdc9c90700")
    var stored = RawDeflater(level: 0)
    #expect(hex(stored.deflateMessage(Array("Hello".utf8))) == "000500faff48656c6c6f00")
  }

  @Test(
    "Whatever is deflated inflates again, and reaches no farther back than its window",
    arguments: SplitMix64.seeds)
  func roundTrip(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for windowBits in 8...15 {
      let strategy = RawDeflater.Strategy.allCases.randomElement(using: &generator)!
      let level = Int.random(in: 0...9, using: &generator)
      let memLevel = Int.random(in: 1...9, using: &generator)
      var deflater = RawDeflater(
        windowBits: windowBits, level: level, memLevel: memLevel, strategy: strategy)
      var inflater = RawInflater()
      var narrow = RawInflater(windowBits: windowBits)
      var slow = SlowInflater()
      for _ in 0..<8 {
        let message = generator.repetitiveBytes(0...3000)
        let payload = deflater.deflateMessage(message)
        let context =
          "seed \(seed), window \(windowBits), level \(level), \(strategy), message \(hex(message))"
        #expect(try inflater.inflateMessage(payload, limit: message.count) == message, "\(context)")
        #expect(try narrow.inflateMessage(payload, limit: message.count) == message, "\(context)")
        #expect(slow.message(payload) == message, "\(context)")
        if Bool.random(using: &generator) {
          deflater.reset()
          inflater.reset()
          narrow.reset()
          slow.reset()
        }
      }
      #expect(slow.farthest <= 1 << windowBits, "seed \(seed), window \(windowBits), level \(level)")
    }
  }

  @Test("A window is made use of and kept to", arguments: 8...15)
  func window(bits: Int) {
    // The same block again and again, ever farther behind: near it is found, too far back it may not be.
    var generator = SplitMix64(seed: 7)
    let block = generator.bytes(20...20)
    var message: [UInt8] = []
    for step in 1...40 { message += block + generator.bytes(0...(step << bits) / 20) }
    var deflater = RawDeflater(windowBits: bits)
    var slow = SlowInflater()
    #expect(slow.message(deflater.deflateMessage(message)) == message)
    #expect(slow.farthest <= 1 << bits)
    // zlib keeps 262 bytes of its window to itself, which leaves little of the small ones.
    #expect(slow.farthest > 1 << (bits - 2))
  }

  @Test(
    "Streams, sound and damaged, are judged as by the slow way, and inflate to the same",
    arguments: SplitMix64.seeds)
  func slowWay(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var corrupt = 0
    for _ in 0..<400 {
      var deflater = RawDeflater(strategy: .allCases.randomElement(using: &generator)!)
      var payload = deflater.deflateMessage(generator.repetitiveBytes(0...300))
      for _ in 0..<Int.random(in: 0...2, using: &generator) {
        let place = Int.random(in: payload.indices, using: &generator)
        payload[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
      }
      var slow = SlowInflater()
      var inflater = RawInflater()
      let expected = slow.message(payload)
      corrupt += expected == nil ? 1 : 0
      #expect(
        (try? inflater.inflateMessage(payload, limit: .max)) == expected, "seed \(seed), \(hex(payload))")
    }
    // Both kinds are among them.
    #expect(50...350 ~= corrupt)
  }

  @Test("Output stops at the limit and takes no more memory", arguments: [0, 1, 4096, 100_000])
  func limit(limit: Int) throws {
    var deflater = RawDeflater(level: 9)
    let bomb = deflater.deflateMessage([UInt8](repeating: 0, count: 64 << 20))
    #expect(bomb.count < 70_000)
    var output = ByteBuffer()
    var inflater = RawInflater()
    let failure = bomb.withUnsafeBytes { bytes in
      do throws(InflateFailure) {
        try inflater.inflate(bytes, into: &output, limit: limit)
        return InflateFailure?.none
      } catch { return error }
    }
    #expect(failure == .limitExceeded)
    #expect(output.count == limit)
    #expect(output.capacity <= max(limit, 256))
    inflater.reset()
    #expect(try inflater.inflateMessage(bytes(hex: "f248cdc9c90700"), limit: 5) == Array("Hello".utf8))
    #expect(throws: InflateFailure.limitExceeded) {
      try inflater.inflateMessage(bytes(hex: "f200110000"), limit: 4)
    }
  }

  @Test("Random bytes never trap and never exceed the limit", arguments: SplitMix64.seeds)
  func noise(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      var inflater = RawInflater(windowBits: Int.random(in: 8...15, using: &generator))
      let inflated = try? inflater.inflateMessage(generator.bytes(0...200), limit: 1000)
      #expect((inflated?.count ?? 0) <= 1000)
    }
  }
}

extension RawInflater {
  /// Inflates one message that comes in chunks; nil when it is corrupt.
  fileprivate mutating func text(of chunks: [[UInt8]]) -> String? {
    var output = ByteBuffer()
    do {
      for chunk in chunks {
        try chunk.withUnsafeBytes { try inflate($0, into: &output, limit: 1000) }
      }
      try finishMessage()
    } catch { return nil }
    return String(decoding: output.take(), as: UTF8.self)
  }

  @Test("A whole stream ends with its last block: Python's zlib finds it complete")
  func whole() {
    var deflater = RawDeflater(windowBits: 12, level: 9)
    #expect(deflater.deflateWhole([UInt8]("Hello".utf8)) == bytes(hex: "f248cdc9c907000000ffff0300"))
  }
}
