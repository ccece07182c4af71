import Testing
import WebSocketProtocol

@testable import Verdicts

/// zlib, which the peers go by, is the oracle.
@Suite("The judge's own inflater")
struct PlainInflaterTests {
  private static func payload(_ number: UInt64) -> [UInt8] {
    var dice = SplitMix64(seed: number)
    let count = Int.random(in: 0...3000, using: &dice)
    let alphabet = Int.random(in: 1...255, using: &dice)
    return (0..<count).map { _ in UInt8(Int.random(in: 0...alphabet, using: &dice)) }
  }

  /// What a message inflates to, in pieces of that size; nil where it does not.
  private static func inflated(_ message: [UInt8], by inflater: inout PlainInflater, piece: Int) -> [UInt8]? {
    var output: [UInt8] = []
    for start in stride(from: 0, to: message.count, by: piece) {
      guard let more = try? inflater.inflate(Array(message[start..<min(message.count, start + piece)])) else {
        return nil
      }
      output += more
    }
    return inflater.finishMessage() ? output : nil
  }

  @Test("reads what zlib writes: every level, with the messages before it", arguments: 0...9)
  func levels(level: Int) {
    var deflater = RawDeflater(level: level)
    var inflater = PlainInflater()
    for number in 0..<12 {
      let bytes = Self.payload(UInt64(number / 2))
      let piece = [1, 7, 100_000][number % 3]
      #expect(Self.inflated(deflater.deflateMessage(bytes), by: &inflater, piece: piece) == bytes)
    }
  }

  @Test("knows how far back references go", arguments: 9...15)
  func reach(windowBits: Int) {
    var deflater = RawDeflater(windowBits: windowBits)
    var inflater = PlainInflater()
    let unit = Self.payload(3).prefix(120)
    let bytes = (0..<40).flatMap { unit.dropFirst($0) }
    #expect(Self.inflated(deflater.deflateMessage(bytes), by: &inflater, piece: 50) == bytes)
    #expect(inflater.reach <= 1 << windowBits)
    #expect(inflater.reach > 100)
  }

  @Test("refuses what zlib refuses, and reads what it reads, of damaged streams", arguments: 0..<40)
  func damaged(seed: UInt64) {
    var dice = SplitMix64(seed: seed)
    for _ in 0..<50 {
      var deflater = RawDeflater(level: Int.random(in: 0...9, using: &dice))
      var message = deflater.deflateMessage(Self.payload(UInt64.random(in: 0...1000, using: &dice)))
      for _ in 0...Int.random(in: 0...2, using: &dice) {
        message[Int.random(in: 0..<min(40, message.count), using: &dice)] ^=
          1 << UInt8.random(in: 0...7, using: &dice)
      }
      var zlib = RawInflater()
      var inflater = PlainInflater()
      let expected = try? zlib.inflateMessage(message, limit: 1 << 24)
      #expect(Self.inflated(message, by: &inflater, piece: 64) == expected, "\(message)")
    }
  }
}
