import Synchronization
import WebSocketPeers

/// Keeps the connections that come before the server behind it is there.
final class ConnectionDesk: Sendable {
  private struct State {
    var early: [UnclaimedConnection] = []
    var handler: (@Sendable (UnclaimedConnection) -> Void)?
  }

  private let state = Mutex(State())

  func receive(_ connection: UnclaimedConnection) {
    let handler = state.withLock { state in
      if state.handler == nil { state.early.append(connection) }
      return state.handler
    }
    handler?(connection)
  }

  func open(_ handler: @escaping @Sendable (UnclaimedConnection) -> Void) {
    let early = state.withLock { state in
      state.handler = handler
      defer { state.early = [] }
      return state.early
    }
    for connection in early { handler(connection) }
  }
}
