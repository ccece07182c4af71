import Foundation
import WebSocketProtocol

extension SplitMix64 {
  /// Bytes of a length drawn from a range.
  mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
    (0..<Int.random(in: count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
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
