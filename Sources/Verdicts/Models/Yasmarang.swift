/// The generator behind MicroPython's `random`: 104 bits of state, seeded with 32, and 32 bits come out at a time.
///
/// It is no source for masking keys (RFC 6455 section 5.3): who has seen some of its numbers can compute all that follow.
/// ``YasmarangSearch`` does so.
struct Yasmarang {
  /// What it keeps from one number to the next.
  struct State: Hashable {
    var pad: UInt32
    var d: UInt32
    var dat: UInt8
  }

  private(set) var state: State
  private var n: UInt32

  /// As `random.seed` begins.
  init(seed: UInt32) {
    state = State(pad: seed, d: 233, dat: 0)
    n = 69
  }

  /// Goes on from the state that some number left behind.
  init(after state: State) {
    self.state = state
    n = state.pad | 2
  }

  /// The next number, as `random.getrandbits(32)` gives it.
  mutating func next() -> UInt32 {
    let pad = Self.pad(after: state, n: n)
    let (word, next) = Self.output(pad: pad, after: state)
    (state, n) = (next, pad | 2)
    return word
  }

  /// The only step that is not linear: it multiplies and adds.
  static func pad(after state: State, n: UInt32) -> UInt32 {
    let sum = state.pad &+ UInt32(state.dat) &+ state.d &* n
    return sum << 3 | sum >> 29
  }

  /// What comes out, and the state it leaves behind: but for one constant bit a linear function of all bits that go in.
  static func output(pad: UInt32, after state: State, constant: UInt8 = 1) -> (word: UInt32, state: State) {
    let d = state.d ^ (pad << 31 | pad >> 1)
    let dat = state.dat ^ UInt8(truncatingIfNeeded: pad) ^ UInt8(truncatingIfNeeded: d >> 8) ^ constant
    return (pad ^ d << 5 ^ pad >> 18 ^ UInt32(dat) << 1, State(pad: pad, d: d, dat: dat))
  }
}
