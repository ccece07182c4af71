import Foundation
import WebSocketProtocol

extension SplitMix64 {
  /// Bytes of a length drawn from a range.
  mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
    (0..<Int.random(in: count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  /// Bytes of a length drawn from a range, with repetitions near and far, so that compression finds something.
  mutating func repetitiveBytes(_ count: ClosedRange<Int>) -> [UInt8] {
    let count = Int.random(in: count, using: &self)
    var result: [UInt8] = []
    while result.count < count {
      let start = Int.random(in: 0...result.count, using: &self)
      let isNew = start == result.count || Int.random(in: 0...2, using: &self) == 0
      result += isNew ? bytes(1...20) : Array(result[start...].prefix(Int.random(in: 1...400, using: &self)))
    }
    return Array(result.prefix(count))
  }

  /// The seeds of a property: a few fixed ones, or only that of the variable WSRIG_TEST_SEED.
  static let seeds: [UInt64] = {
    if let text = ProcessInfo.processInfo.environment["WSRIG_TEST_SEED"], let seed = UInt64(text) {
      return [seed]
    }
    return Array(1...8)
  }()
}

/// Gives masking keys of zeros, so that a client's output can be written down.
struct ZeroGenerator: RandomNumberGenerator, Sendable {
  func next() -> UInt64 { 0 }
}
