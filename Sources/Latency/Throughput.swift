import Traces

/// How many bytes of payload a client takes or gives in a second.
public struct Throughput: Sendable, Hashable, Codable {
  /// Which way.
  public enum Direction: String, Sendable, Hashable, Codable, CaseIterable {
    /// From the server to the client: until the client's application says that it has all.
    case down
    /// From the client to the server: from its saying so to the last byte of its own messages.
    case up
  }

  /// Which way.
  public var direction: Direction
  /// How many bytes of payload.
  public var bytes: Int
  /// In what time, in nanoseconds.
  public var nanoseconds: Int

  /// Creates a measurement.
  public init(direction: Direction, bytes: Int, nanoseconds: Int) {
    self.direction = direction
    self.bytes = bytes
    self.nanoseconds = nanoseconds
  }

  /// Bytes in a second.
  public var bytesPerSecond: Double { nanoseconds > 0 ? Double(bytes) * 1e9 / Double(nanoseconds) : 0 }
}

extension AttemptTrace {
  /// What it shows, where the server sent messages back to back, the client answered once it had them all, and then sent its own.
  public var throughputs: [Throughput] { connections.flatMap(\.throughputs) }
}

extension ConnectionTrace {
  fileprivate var throughputs: [Throughput] {
    let decoded = DecodedConnection(self)
    let sent = decoded.server.messages.filter(\.isComplete)
    let answers = decoded.client.messages.filter(\.isComplete)
    guard let first = sent.first, let done = answers.first, let last = answers.dropFirst().last else {
      return []
    }
    let began = events[decoded.server.frames[first.frameIndices[0]].eventIndex]
    let told = instant(of: done)
    let up = answers.dropFirst().reduce(0) { $0 + $1.length }
    return [
      Throughput(
        direction: .down, bytes: sent.reduce(0) { $0 + $1.length },
        nanoseconds: Exchange.between(began.transmission?.sentNanoseconds ?? began.instantNanoseconds, told)),
      Throughput(
        direction: .up, bytes: up, nanoseconds: Exchange.between(told, instant(of: last))),
    ].filter { $0.nanoseconds > 0 }
  }

  private func instant(of message: DecodedMessage) -> UInt64 {
    events[message.eventIndex].kernelInstantNanoseconds ?? events[message.eventIndex].instantNanoseconds
  }
}
