import Scenarios

/// Makes the tokens that tell attempts apart: letters and digits, never the same twice in a run, the same for the same seed.
struct AttemptTokens {
  private var generator: SplitMix64
  private var count = 0

  init(seed: UInt64) { generator = SplitMix64(seed: seed, text: "tokens") }

  mutating func next() -> String {
    count += 1
    let random = String(generator.next() & 0xFFFF_FFFF, radix: 36)
    // The number makes it unique, its mark at the end keeps one token from beginning another.
    return "t\(random)n\(count)x"
  }
}
