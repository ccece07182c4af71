import Results
import Traces
import WebSocketProtocol

/// What one client came to that was driven through the cases by Autobahn's control protocol.
public struct AgentRun: Sendable {
  /// The client's name, as its driver gave it.
  public var agent: String
  /// Its cases, with the judgements.
  public var result: RunResult
  /// What Autobahn's reports tell besides, by the case's id.
  public var wire: [String: WireFacts]

  /// Creates a run.
  public init(agent: String, result: RunResult, wire: [String: WireFacts] = [:]) {
    self.agent = agent
    self.result = result
    self.wire = wire
  }
}

/// What a connection's bytes tell that Autobahn's reports have a place for.
public struct WireFacts: Sendable, Hashable {
  /// The code of the client's Close; nil without one, or without a code in it.
  public var closeCode: UInt16?
  /// The reason in the client's Close.
  public var closeReason: String?
  /// The client's request head.
  public var request: String
  /// The server's response head.
  public var response: String

  /// Creates facts.
  public init(closeCode: UInt16? = nil, closeReason: String? = nil, request: String, response: String) {
    self.closeCode = closeCode
    self.closeReason = closeReason
    self.request = request
    self.response = response
  }

  /// Takes them from a connection.
  public init(_ trace: ConnectionTrace) {
    let decoded = DecodedConnection(trace)
    request = decoded.request.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    response = decoded.response.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    guard let payload = decoded.client.frames.first(where: { $0.opcode == .close })?.payload,
      payload.count >= 2
    else { return }
    closeCode = UInt16(payload[0]) << 8 | UInt16(payload[1])
    closeReason = String(decoding: payload.dropFirst(2), as: UTF8.self)
  }
}
