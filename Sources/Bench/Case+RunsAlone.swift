import Scenarios
import Steps

extension Case {
  /// Whether its attempts are not to run beside one another, nor beside those of another such case: they want a port that only one
  /// can have, or much memory.
  var runsAlone: Bool { scenario.server.port != nil || scenario.sentByteCount >= Self.muchMemory }

  /// From so many bytes on a case is large: each of them is in several places at a time.
  private static let muchMemory = 256 << 10
}

extension Scenario {
  /// What the server sends, and the client of itself.
  fileprivate var sentByteCount: Int {
    let server = server.connections.flatMap(\.steps).reduce(0) { $0 + $1.sentByteCount }
    return client.tasks.flatMap(\.steps).reduce(server) { total, step in
      if case .send(_, _, let payload) = step { total + payload.count } else { total }
    }
  }
}

extension ServerStep {
  fileprivate var sentByteCount: Int {
    switch self {
    case .sendFrame(let frame): frame.payload.count
    case .sendMessage(let message): message.payload.count
    case .sendBytes(let payload), .respond(.raw(let payload)): payload.count
    default: 0
    }
  }
}
