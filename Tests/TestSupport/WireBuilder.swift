import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// Writes the trace of one connection as a server would have recorded it, at instants that the test decides.
public struct WireBuilder {
  /// The trace so far.
  public private(set) var trace: ConnectionTrace
  /// The instant of the next event, in nanoseconds; each event adds `tick`.
  public var now: UInt64
  /// What each event adds to `now`.
  public var tick: UInt64 = 1_000_000

  /// Opens a connection with a lawful handshake.
  public init(name: String = "main", token: String = "t0k", startingAt start: UInt64 = 1_000_000_000) {
    trace = ConnectionTrace(name: name, token: token)
    now = start
    note(.opened(peer: "127.0.0.1:5000"))
    let request = head([
      "GET /\(token) HTTP/1.1", "Host: 127.0.0.1:8080", "Upgrade: websocket", "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
    ])
    trace.requestHeadLength = request.count
    client(bytes: request)
    let response = head([
      "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ])
    trace.responseHeadLength = response.count
    server(bytes: response)
  }

  /// Adds an event.
  public mutating func note(_ kind: WireEvent.Kind, kernelInstant: UInt64? = nil) {
    trace.events.append(
      WireEvent(instantNanoseconds: now, kernelInstantNanoseconds: kernelInstant, kind: kind))
    now += tick
  }

  /// Adds a chunk of the server's.
  public mutating func server(bytes: [UInt8]) {
    trace.serverStream.bytes += bytes
    trace.serverStream.totalCount += bytes.count
    note(.sent(count: bytes.count))
  }

  /// Adds a chunk of the client's.
  public mutating func client(bytes: [UInt8], kernelInstant: UInt64? = nil) {
    trace.clientStream.bytes += bytes
    trace.clientStream.totalCount += bytes.count
    note(.received(count: bytes.count), kernelInstant: kernelInstant)
  }

  /// Adds a frame of the server's in one chunk.
  public mutating func server(_ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true) {
    server(bytes: Frame(opcode, payload, isFinal: isFinal).encoded())
  }

  /// Adds a masked frame of the client's in one chunk.
  public mutating func client(
    _ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true, kernelInstant: UInt64? = nil
  ) {
    client(bytes: Self.clientFrame(opcode, payload, isFinal: isFinal), kernelInstant: kernelInstant)
  }

  /// A masked frame.
  public static func clientFrame(_ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true) -> [UInt8] {
    Frame(opcode, payload, isFinal: isFinal, maskingKey: MaskingKey(0x37, 0xFA, 0x21, 0x3D)).encoded()
  }

  /// Both close with 1000, the server first, and TCP ends.
  public mutating func close() {
    server(.close, [0x03, 0xE8])
    client(.close, [0x03, 0xE8])
    note(.sentEnd)
    note(.receivedEnd)
    note(.closed)
  }

  private func head(_ lines: [String]) -> [UInt8] {
    Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
  }
}
