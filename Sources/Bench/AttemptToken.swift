import Synchronization
import WebSocketProtocol

/// Makes the tokens that tell attempts apart: letters and digits, never the same twice on one server, the same for the same seed.
final class AttemptTokens: Sendable {
  private struct State {
    var generator: SplitMix64
    var count = 0
  }

  private let state: Mutex<State>

  init(seed: UInt64) { state = Mutex(State(generator: SplitMix64(seed: seed, text: "tokens"))) }

  func next() -> String {
    state.withLock { state in
      state.count += 1
      let random = String(state.generator.next() & 0xFFFF_FFFF, radix: 36)
      // The number makes it unique, its mark at the end keeps one token from beginning another.
      return "t\(random)n\(state.count)x"
    }
  }
}
