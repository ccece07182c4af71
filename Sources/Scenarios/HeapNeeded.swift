import Steps
import WebSocketProtocol

extension Scenario {
  /// How often the longest message has to find room on a board: as it is read, as what the application is handed, and as what
  /// is sent back.
  public static let copiesOfMessage = 3

  /// The same for this scenario's messages: a compressed one has to find room as it came, too, and most here hardly shrink.
  var copiesOfMessage: Int { Self.copiesOfMessage + (asksForCompression ? 1 : 0) }

  /// Whether the client is to offer permessage-deflate.
  public var asksForCompression: Bool {
    client.tasks.flatMap(\.steps).contains { step in
      if case .connect(let connect) = step { connect.compression } else { false }
    }
  }

  /// The payload of the longest message that crosses the wire whole, either way, in bytes; what is only announced does not count.
  public var longestMessage: Int {
    let received = server.connections.map { $0.steps.longestMessage }.max() ?? 0
    let sent = client.tasks.flatMap(\.steps).map { step in
      if case .send(_, _, let payload) = step { payload.count } else { 0 }
    }
    return max(received, sent.max() ?? 0)
  }

  /// What the agent keeps of each message that its client is handed or sends, in bytes, until the case is over: where pointers have
  /// 64 bits, as on the simulated board.
  static let bytesOfRecord = 144

  /// How many messages cross the wire, both ways.
  public var messageCount: Int { server.connections.reduce(0) { $0 + $1.steps.messageCount } }

  /// Why a board with that much free heap, agent and client loaded, cannot hold the scenario's messages, or what the agent keeps of
  /// them, in one sentence; nil where it can.
  /// - Parameter bytes: the free heap in bytes; nil where there is no such limit.
  public func tooLarge(forHeap bytes: Int?) -> String? {
    guard let bytes else { return nil }
    if longestMessage * copiesOfMessage > bytes {
      return
        "A message of \(longestMessage) bytes has to find room \(copiesOfMessage) times, and the board has"
        + " \(bytes) bytes of heap free."
    }
    return isLong ? recordsTooLarge(forHeap: bytes) : nil
  }

  /// Why such a board cannot hold what the agent keeps of the scenario's messages, in one sentence; nil where it can.
  /// - Parameter bytes: the free heap in bytes; nil where there is no such limit.
  public func recordsTooLarge(forHeap bytes: Int?) -> String? {
    let records = messageCount * Self.bytesOfRecord
    guard let bytes, records > bytes / 2 else { return nil }
    return
      "What the agent keeps of \(messageCount) messages takes \(records) bytes, more than half of the \(bytes) bytes of heap that are free."
  }
}

extension [ServerStep] {
  /// The payload of the longest message in these steps, its fragments added up; what is sent
  /// in another way is known by its echo, if it is to come back at all.
  fileprivate var longestMessage: Int {
    var longest = 0
    var message = 0
    for step in self {
      switch step {
      case .sendFrame(let frame) where !frame.opcode.isControl:
        message += frame.payload.count
        longest = Swift.max(longest, message)
        if frame.isFinal { message = 0 }
      case .expectMessage(_, let payload): longest = Swift.max(longest, payload?.count ?? 0)
      default: break
      }
    }
    return longest
  }

  /// The messages that are sent and waited for.
  fileprivate var messageCount: Int {
    count { step in if case .expectMessage = step { true } else { step.sendsMessage } }
  }
}
