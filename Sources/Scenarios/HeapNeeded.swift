import Steps
import WebSocketProtocol

extension Scenario {
  /// How often the longest message has to find room on a board: as it is read, as what the application is handed, and as what
  /// is sent back.
  public static let copiesOfMessage = 3

  /// The payload of the longest message that crosses the wire whole, either way, in bytes; what is only announced does not count.
  public var longestMessage: Int {
    let received = server.connections.map { $0.steps.longestMessage }.max() ?? 0
    let sent = client.tasks.flatMap(\.steps).map { step in
      if case .send(_, _, let payload) = step { payload.count } else { 0 }
    }
    return max(received, sent.max() ?? 0)
  }

  /// Why a board with that much free heap, agent and client loaded, cannot hold the scenario's messages, in one sentence; nil
  /// where it can.
  /// - Parameter bytes: the free heap in bytes; nil where there is no such limit.
  public func tooLarge(forHeap bytes: Int?) -> String? {
    guard let bytes, longestMessage * Self.copiesOfMessage > bytes else { return nil }
    return
      "A message of \(longestMessage) bytes has to find room \(Self.copiesOfMessage) times, and the board has"
      + " \(bytes) bytes of heap free."
  }
}

extension [ServerStep] {
  /// The payload of the longest message in these steps, its fragments added up.
  fileprivate var longestMessage: Int {
    var longest = 0
    var message = 0
    for case .sendFrame(let frame) in self where !frame.opcode.isControl {
      message += frame.payload.count
      longest = Swift.max(longest, message)
      if frame.isFinal { message = 0 }
    }
    return longest
  }
}
