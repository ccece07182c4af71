import Traces

/// How many bytes of payload a client takes or gives in a second.
public struct Throughput: Sendable, Hashable, Codable {
  /// Which way.
  public enum Direction: String, Sendable, Hashable, Codable, CaseIterable {
    /// From the server to the client: until the client's application says that it has all.
    case down
    /// From the client to the server: from the server's asking to the last byte of the client's messages.
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
  /// What it shows, where the server sent binary messages back to back, the client said in a text that it has them all, and after a text
  /// of the server's sent binary messages of its own.
  public var throughputs: [Throughput] { connections.flatMap(\.throughputs) }
}

extension ConnectionTrace {
  /// Each way is timed from before its first byte to behind its last one: a socket buffer holds a good part of what is sent, so that
  /// what lies between the first chunk and the last is told by no clock.
  fileprivate var throughputs: [Throughput] {
    let decoded = DecodedConnection(self)
    let sent = decoded.server.messages.filter(\.isComplete)
    let answers = decoded.client.messages.filter(\.isComplete)
    let (down, up) = (sent.filter { !$0.isText }, answers.filter { !$0.isText })
    guard let first = down.first, let done = answers.first(where: \.isText) else { return [] }
    var throughputs = [throughput(.down, of: down, from: handed(first, of: decoded.server), to: done)]
    if let demand = sent.first(where: \.isText), let last = up.last {
      throughputs.append(throughput(.up, of: up, from: handed(demand, of: decoded.server), to: last))
    }
    return throughputs.filter { $0.nanoseconds > 0 }
  }

  private func throughput(
    _ direction: Throughput.Direction, of messages: [DecodedMessage], from start: UInt64,
    to last: DecodedMessage
  ) -> Throughput {
    Throughput(
      direction: direction, bytes: messages.reduce(0) { $0 + $1.length },
      nanoseconds: Exchange.between(start, instant(of: last)))
  }

  /// When the server gave the message's first byte to the kernel.
  private func handed(_ message: DecodedMessage, of stream: DecodedStream) -> UInt64 {
    events[stream.frames[message.frameIndices[0]].eventIndex].instantNanoseconds
  }

  private func instant(of message: DecodedMessage) -> UInt64 {
    events[message.eventIndex].kernelInstantNanoseconds ?? events[message.eventIndex].instantNanoseconds
  }
}
