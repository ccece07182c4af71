import Scenarios
import Steps
import WebSocketProtocol

/// Chunk boundaries: those of a delivery as steps of their own, so that each can be left out.
extension Shrinker {
  /// With more steps a case would be no easier to look at.
  private static let mostSteps = 40

  /// The case with its chunks written out: the bytes of frames as the delivery cuts them, with its pauses between. Nil where it cuts
  /// nothing, or so much that this would be no help.
  static func withChunksWrittenOut(_ testCase: Case) -> Case? {
    guard [.split, .paced, .bytewise].contains(testCase.delivery) else { return nil }
    var written = testCase
    written.delivery = .whole
    for index in written.scenario.server.connections.indices {
      let steps = testCase.scenario.server.connections[index].steps
      written.scenario.server.connections[index].steps = steps.flatMap { chunks(of: $0, testCase.delivery) }
    }
    return written.serverStepCount <= mostSteps ? written : nil
  }

  private static func chunks(of step: ServerStep, _ delivery: Delivery) -> [ServerStep] {
    let (bytes, content): ([UInt8], ChunkPlan.Content)
    switch step {
    // A Close is one to the server, too, which sends no other behind it.
    case .sendFrame(let frame) where frame.opcode != .close:
      (bytes, content) = (frame.frame.encoded(), .frame)
    case .sendBytes(let payload): (bytes, content) = (payload.bytes ?? [], .raw)
    default: return [step]
    }
    return ChunkPlan.chunks(for: bytes, content: content, delivery: delivery).flatMap { chunk in
      let pause = chunk.pauseBeforeMilliseconds
      return (pause > 0 ? [ServerStep.pause(milliseconds: pause)] : [])
        + [.sendBytes(.bytes(Array(bytes[chunk.range])))]
    }
  }

  /// The steps with one boundary fewer: two chunks that only a pause is between are one.
  static func withChunksJoined(_ steps: [ServerStep]) -> [[ServerStep]] {
    steps.indices.compactMap { first in
      let next = steps[(first + 1)...].firstIndex { if case .pause = $0 { false } else { true } }
      guard let next, case .sendBytes(let begin) = steps[first], case .sendBytes(let end) = steps[next],
        let beginning = begin.bytes, let rest = end.bytes
      else { return nil }
      var left = steps
      left.replaceSubrange(first...next, with: [.sendBytes(.bytes(beginning + rest))])
      return left
    }
  }
}
