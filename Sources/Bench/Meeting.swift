import Synchronization

/// A barrier: those who arrive wait until as many as it needs have arrived.
final class Meeting: Sendable {
  private struct State {
    var missing: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  /// - Parameter parties: how many meet.
  init(parties: Int) { state = Mutex(State(missing: parties)) }

  /// Arrives, and returns when all have, or when it was broken up.
  func arrive() async {
    await withCheckedContinuation { continuation in
      let released = state.withLock { state -> [CheckedContinuation<Void, Never>] in
        state.missing -= 1
        state.waiting.append(continuation)
        guard state.missing <= 0 else { return [] }
        defer { state.waiting = [] }
        return state.waiting
      }
      for waiter in released { waiter.resume() }
    }
  }

  /// Lets everybody go, also those who come later.
  func breakUp() {
    let released = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.missing = 0
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in released { waiter.resume() }
  }
}
