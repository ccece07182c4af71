import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// Which chapters of the catalogue a run has touched: by what the server really sent, and by what the client was told.
public struct ChapterCoverage: Sendable {
  /// The chapters touched.
  public private(set) var chapters: Set<Chapter> = []

  /// Begins with nothing touched.
  public init() {}

  /// Adds a case and what became of its connections.
  public mutating func add(_ testCase: Case, _ connections: [DecodedConnection]) {
    let scenario = testCase.scenario
    if scenario.speaksTLS { chapters.insert(.tls) }
    scenario.client.tasks.flatMap(\.steps).forEach { add($0) }
    if scenario.client.tasks.count > 1 { chapters.insert(.concurrency) }
    for script in scenario.server.connections where script.steps.contains(where: \.isAnswer) {
      chapters.insert(.openingHandshake)
    }
    connections.forEach { add($0) }
  }

  private mutating func add(_ step: ClientStep) {
    switch step {
    case .close: chapters.insert(.closing)
    case .ping: chapters.insert(.pingPong)
    case .measure: chapters.insert(.resources)
    default: break
    }
  }

  private mutating func add(_ connection: DecodedConnection) {
    let deflate = connection.response?.extensions.first { $0.name == DeflateTerms.extensionName }
    if let deflate, !deflate.parameters.isEmpty { chapters.insert(.deflateParameters) }
    if connection.client.frames.contains(where: { $0.header.isMasked }) { chapters.insert(.masking) }
    connection.server.frames.forEach { add($0, inflates: deflate != nil) }
    connection.server.messages.forEach { add($0) }
  }

  private mutating func add(_ frame: DecodedFrame, inflates: Bool) {
    let compressed: UInt8 = 4
    switch frame.opcode {
    case .ping, .pong: chapters.insert(.pingPong)
    case .close: chapters.insert(.closing)
    case .text, .binary: chapters.insert(frame.isFinal ? .framing : .fragmentation)
    case .continuation: chapters.insert(.fragmentation)
    default: chapters.insert(.opcodes)
    }
    if inflates, frame.header.reservedBits & compressed != 0 { chapters.insert(.deflatePayloads) }
    if frame.header.reservedBits & (inflates ? ~compressed : 7) != 0 { chapters.insert(.reservedBits) }
    if frame.header.payloadLength >= UInt64(Self.large) { chapters.insert(.limits) }
  }

  private mutating func add(_ message: DecodedMessage) {
    if message.isText, message.payload.contains(where: { $0 >= 0x80 }) { chapters.insert(.utf8) }
    if message.frameIndices.count >= Self.many { chapters.insert(.autoFragmentation) }
  }

  /// From here on a message is about limits: what a small board holds of it is the question.
  private static let large = 16 * 1024
  /// A message in so many fragments is one that a program has cut.
  private static let many = 8
}

extension ServerStep {
  /// Whether it is an answer to the opening handshake of its own.
  fileprivate var isAnswer: Bool { if case .respond = self { true } else { false } }
}
