import Synchronization
import WebSocketProtocol

/// Makes the tokens that tell attempts apart: letters and digits, never the same twice on one server, the same for the same seed.
final class AttemptTokens: Sendable {
  private struct State {
    var generator: SplitMix64
    var count = 0
  }

  private let state: Mutex<State>
  /// Stands in all of its tokens, and in none of another one's on the same server.
  private let mark: String

  init(seed: UInt64) {
    state = Mutex(State(generator: SplitMix64(seed: seed, text: "tokens")))
    mark = "n"
  }

  private init(generator: SplitMix64, mark: String) {
    state = Mutex(State(generator: generator))
    self.mark = mark
  }

  func next() -> String {
    state.withLock { state in
      state.count += 1
      let random = String(state.generator.next() & 0xFFFF_FFFF, radix: 36)
      // The number makes it unique, its mark at the end keeps one token from beginning another.
      return "t\(random)\(mark)\(state.count)x"
    }
  }

  /// Those of a case: the same, whatever cases run beside it and however often they are attempted.
  func ofNextCase() -> AttemptTokens {
    state.withLock { state in
      state.count += 1
      return AttemptTokens(
        generator: SplitMix64(seed: state.generator.next()), mark: "\(mark)\(state.count)a")
    }
  }
}
