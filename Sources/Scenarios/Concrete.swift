import Steps
import WebSocketProtocol

extension Scenario {
  /// The scenario with every random payload drawn: the same seed and id give the same bytes.
  ///
  /// Payloads described alike (same count, same kind) get the same bytes, so that an expectation can repeat what was sent; a
  /// scenario that wants different ones lets their counts differ.
  public func concrete(seed: UInt64) -> Scenario {
    var concrete = self
    let draw = PayloadDraw(seed: seed, id: id)
    if case .instead(let payload) = server.tls?.fault {
      concrete.server.tls?.fault = .instead(draw.payload(payload))
    }
    for index in concrete.server.connections.indices {
      let steps = server.connections[index].steps
      concrete.server.connections[index].steps = steps.map(draw.step)
    }
    for index in concrete.client.tasks.indices {
      concrete.client.tasks[index].steps = client.tasks[index].steps.map(draw.step)
    }
    return concrete
  }
}

/// Draws the random payloads of one scenario, each once: what is described alike shares its bytes.
private final class PayloadDraw {
  let seed: UInt64
  let id: String
  private var drawn: [Payload: Payload] = [:]

  init(seed: UInt64, id: String) {
    self.seed = seed
    self.id = id
  }

  func step(_ step: ServerStep) -> ServerStep {
    switch step {
    case .respond(.raw(let payload)): return .respond(.raw(self.payload(payload)))
    case .respond(.accept(let edits)): return .respond(.accept(edits: edits.map(edit)))
    case .sendFrame(var frame):
      frame.payload = payload(frame.payload)
      return .sendFrame(frame)
    case .sendMessage(var message):
      message.payload = payload(message.payload)
      message.deflated = message.deflated.map(payload)
      message.pingBetween = message.pingBetween.map(payload)
      return .sendMessage(message)
    case .sendBytes(let payload): return .sendBytes(self.payload(payload))
    case .expectFrame(var expectation):
      expectation.payload = expectation.payload.map(payload)
      return .expectFrame(expectation)
    case .expectMessage(let kind, let payload):
      return .expectMessage(kind: kind, payload: payload.map(self.payload))
    case .expectClose, .expectEnd, .pause, .waitUntil, .stopReading, .resumeReading, .halfClose, .closeTCP,
      .resetTCP,
      .truncateTLS, .cutTLS, .renegotiateTLS, .barrier:
      return step
    }
  }

  private func edit(_ edit: OpeningResponse.HeadEdit) -> OpeningResponse.HeadEdit {
    if case .append(let payload) = edit { .append(self.payload(payload)) } else { edit }
  }

  func step(_ step: ClientStep) -> ClientStep {
    switch step {
    case .send(let connection, let kind, let payload):
      .send(connection: connection, kind: kind, payload: self.payload(payload))
    case .ping(let connection, let payload): .ping(connection: connection, payload: self.payload(payload))
    case .connect, .echo, .receive, .close, .start, .join, .cancel, .barrier, .pause, .measure, .watchLoad:
      step
    }
  }

  func payload(_ payload: Payload) -> Payload {
    guard case .random(let count, let kind) = payload else { return payload }
    if let known = drawn[payload] { return known }
    var generator = SplitMix64(seed: seed, text: "\(id) \(count) \(kind.rawValue)")
    let made = Payload.bytes(RandomContent.bytes(count, kind, using: &generator))
    drawn[payload] = made
    return made
  }
}

/// Random bytes that are valid as what a payload must be.
enum RandomContent {
  /// Exactly `count` bytes.
  static func bytes(
    _ count: Int, _ kind: Payload.RandomKind, using generator: inout SplitMix64
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      switch kind {
      case .binary: bytes.append(UInt8(truncatingIfNeeded: generator.next()))
      case .ascii: bytes.append(UInt8.random(in: 0x20...0x7E, using: &generator))
      case .words: bytes += (words.randomElement(using: &generator) ?? words[0]).prefix(count - bytes.count)
      case .utf8: bytes += sequence(atMost: count - bytes.count, using: &generator)
      }
    }
    return bytes
  }

  private static let words = [
    "{\"sensor\": ", "\"temperature\", ", "\"humidity\", ", "\"value\": 2", "1", "7", ".5", "}, ", "null, ",
    "true, ",
    "\"unit\": \"C\"", "[", "], ", "-0", "\"board\": \"pico\", ",
  ].map { Array($0.utf8) }

  /// One code point in one to four bytes, all lengths being equally likely.
  private static func sequence(atMost room: Int, using generator: inout SplitMix64) -> [UInt8] {
    let ranges: [ClosedRange<UInt32>] = [0x20...0x7E, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF]
    while true {
      let range = ranges[Int.random(in: 0..<min(room, 4), using: &generator)]
      // A surrogate is no code point of its own; draw again.
      guard let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) else { continue }
      return Array(String(scalar).utf8)
    }
  }
}
