import Testing
import WebSocketProtocol

/// One event as the vectors write it.
struct EventVector: Decodable, Hashable, Sendable {
  struct Close: Decodable, Hashable, Sendable {
    var code: UInt16?
    var reason: String
  }
  struct Violation: Decodable, Hashable, Sendable {
    var rule: String
    var section: String
    var closeCode: UInt16
    var streamOffset: UInt64
  }
  struct Ended: Decodable, Hashable, Sendable {
    var code: UInt16
    var reason: String
    var wasClean: Bool
    var cutMessage: Bool
  }

  var text: String?
  var binary: String?
  var ping: String?
  var pong: String?
  var close: Close?
  var violation: Violation?
  var ended: Ended?

  init(_ event: ConnectionEvent) {
    switch event {
    case .message(.text(let text)): self.text = text
    case .message(.binary(let bytes)): binary = hex(bytes)
    case .ping(let bytes): ping = hex(bytes)
    case .pong(let bytes): pong = hex(bytes)
    case .close(let payload): close = Close(code: payload.code?.rawValue, reason: payload.reason)
    case .violation(let violation):
      self.violation = Violation(
        rule: violation.rule.name, section: violation.section, closeCode: violation.closeCode.rawValue,
        streamOffset: violation.streamOffset)
    case .ended(let status):
      ended = Ended(
        code: status.code.rawValue, reason: status.reason, wasClean: status.wasClean,
        cutMessage: status.cutMessage)
    }
  }
}

/// A stream of frames and what an endpoint makes of it.
struct StreamVector: Decodable, Sendable, CustomTestStringConvertible {
  struct Bounds: Decodable, Sendable {
    var framePayload: Int
    var message: Int
  }

  var name: String
  var section: String
  var role: String
  var hex: String
  var events: [EventVector]
  var output: String?
  var limits: Bounds?
  /// The response that agreed on permessage-deflate.
  var deflate: String?

  var testDescription: String { name }

  /// An endpoint of the vector's role, whose masking keys are zeros.
  func connection() -> BufferedConnection {
    let limits = limits.map { Limits(framePayload: $0.framePayload, message: $0.message) } ?? Limits()
    return BufferedConnection(
      .of(Role(rawValue: role)!, limits: limits, deflate: deflate.map { .agreed($0) }))
  }
}

extension ConnectionMachine {
  /// A machine of a role; a client's masking keys are zeros.
  static func of(_ role: Role, limits: Limits = Limits(), deflate: PerMessageDeflate? = nil)
    -> ConnectionMachine
  {
    role == .server
      ? .server(limits: limits, deflate: deflate)
      : .client(limits: limits, maskingKeys: ZeroGenerator(), deflate: deflate)
  }
}

extension PerMessageDeflate {
  /// The extension with the parameters of a response.
  static func agreed(_ response: String, settings: CompressionSettings = CompressionSettings())
    -> PerMessageDeflate
  {
    guard let element = try? ExtensionListParser.parse(response.utf8).first,
      let parameters = try? DeflateParameters(response: element)
    else { preconditionFailure("no response: \(response)") }
    return PerMessageDeflate(parameters, settings: settings)
  }
}
