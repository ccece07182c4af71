import Foundation

/// A small generator with a seed, so that a failure of a property can be repeated.
struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

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
