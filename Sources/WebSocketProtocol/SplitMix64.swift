/// A generator of pseudo-random numbers that gives the same sequence for the same seed on every machine
/// (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): for bytes and choices that can be had again.
///
/// Not for keys of any kind: RFC 6455 section 5.3 wants masking keys that cannot be predicted. A run with a seed masks with it all the
/// same, so that what the reference sends can be repeated.
public struct SplitMix64: RandomNumberGenerator, Sendable, Hashable {
  private var state: UInt64

  /// Creates a generator.
  public init(seed: UInt64) { state = seed }

  /// Creates a generator whose sequence depends on the seed and on the text, so that each scenario has its own.
  public init(seed: UInt64, text: String) {
    self.init(seed: seed)
    for byte in text.utf8 {
      // Mixed, not only counted on: texts that differ in two places must not come to the same state.
      state ^= UInt64(byte)
      state = next()
    }
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
