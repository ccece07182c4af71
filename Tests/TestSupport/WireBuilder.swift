import Traces
import WebSocketProtocol

/// Writes the trace of one connection, chunk by chunk, as a server would have recorded it, at instants that the test decides.
public struct WireBuilder: Sendable {
  /// The key of section 1.3's example, which every request has.
  public static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  /// What answers it.
  public static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  /// The trace so far.
  public var trace: ConnectionTrace
  /// The instant of the next event, in nanoseconds; each event adds `tick`.
  public var now: UInt64
  /// What each event adds to `now`.
  public var tick: UInt64 = 1_000_000
  /// The key of all masked frames; nil draws another one for each.
  public var maskingKey: MaskingKey?
  private var maskingKeys: SplitMix64

  /// Opens a connection with a lawful handshake, unless told otherwise.
  public init(
    name: String = "main", token: String = "t0k", startingAt start: UInt64 = 1_000_000_000,
    opens: Bool = true
  ) {
    trace = ConnectionTrace(name: name, token: token)
    now = start
    maskingKeys = SplitMix64(seed: UInt64(name.utf8.count))
    note(.opened(peer: "127.0.0.1:5000"))
    guard opens else { return }
    request(["GET /\(token) HTTP/1.1"] + Self.requestLines.dropFirst())
    respond()
  }

  /// Adds an event.
  public mutating func note(_ kind: WireEvent.Kind, kernelInstant: UInt64? = nil) {
    trace.events.append(
      WireEvent(instantNanoseconds: now, kernelInstantNanoseconds: kernelInstant, kind: kind))
    now += tick
  }

  // MARK: heads

  /// The lines of a lawful request.
  public static let requestLines = [
    "GET /t0k HTTP/1.1", "Host: 127.0.0.1:8080", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
  ]

  /// The lines of the response that accepts it.
  public static let responseLines = [
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: \(accept)",
  ]

  /// Adds the client's head in one chunk.
  public mutating func request(_ lines: [String] = requestLines, lineEnd: String = "\r\n") {
    let head = Array((lines + ["", ""]).joined(separator: lineEnd).utf8)
    trace.requestHeadLength = head.count
    client(bytes: head)
  }

  /// Adds the server's head in one chunk.
  public mutating func respond(_ lines: [String] = responseLines) {
    let head = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    trace.responseHeadLength = head.count
    server(bytes: head)
  }

  // MARK: bytes and frames

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

  /// Adds a frame of the server's in one chunk, lawful unless told otherwise.
  public mutating func server(
    _ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true, reservedBits: UInt8 = 0,
    mask: MaskingKey? = nil, length: UInt64? = nil, encoding: LengthEncoding? = nil
  ) {
    let frame = Frame(
      opcode, payload, isFinal: isFinal, reservedBits: reservedBits, maskingKey: mask,
      lengthEncoding: encoding, declaredLength: length)
    server(bytes: frame.encoded())
  }

  /// Adds a frame of the client's in one chunk, lawful unless told otherwise; `.some(nil)` leaves the mask out.
  public mutating func client(
    _ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true, reservedBits: UInt8 = 0,
    mask: MaskingKey?? = .none, length: UInt64? = nil, encoding: LengthEncoding? = nil,
    kernelInstant: UInt64? = nil
  ) {
    let key = mask ?? maskingKey ?? .random(using: &maskingKeys)
    let frame = Frame(
      opcode, payload, isFinal: isFinal, reservedBits: reservedBits, maskingKey: key,
      lengthEncoding: encoding, declaredLength: length)
    client(bytes: frame.encoded(), kernelInstant: kernelInstant)
  }

  /// Adds a whole frame of text as payload.
  public mutating func server(_ opcode: Opcode, _ text: String) { server(opcode, Array(text.utf8)) }
  /// Adds a whole frame of text as payload.
  public mutating func client(_ opcode: Opcode, _ text: String) { client(opcode, Array(text.utf8)) }

  /// Adds a frame of text as payload, in two chunks of which the first has `cut` bytes; nil leaves it whole.
  public mutating func client(_ opcode: Opcode, _ text: String, cutAt cut: Int?) {
    let frame = Frame(opcode, Array(text.utf8), maskingKey: .random(using: &maskingKeys)).encoded()
    client(bytes: Array(frame.prefix(cut ?? frame.count)))
    if let cut { client(bytes: Array(frame.dropFirst(cut))) }
  }

  // MARK: endings

  /// Adds a Close of the server's.
  public mutating func serverClose(_ code: UInt16 = 1000) {
    server(.close, [UInt8(code >> 8), UInt8(code & 255)])
  }

  /// Adds a Close of the client's.
  public mutating func clientClose(_ code: UInt16 = 1000) {
    client(.close, [UInt8(code >> 8), UInt8(code & 255)])
  }

  /// Both close with 1000, the server first, and TCP ends.
  public mutating func close() {
    serverClose()
    clientClose()
    end()
    note(.closed)
  }

  /// The server half-closes, the client follows.
  public mutating func end() {
    note(.sentEnd)
    note(.receivedEnd)
  }
}
