import Foundation
import Scenarios
import Steps
import Traces
import Verdicts
import WebSocketProtocol

/// Writes the trace of one connection, chunk by chunk, as a server would have recorded it.
struct Wire {
  static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  var trace = ConnectionTrace(name: "main", token: "t0k")
  private var clock: UInt64 = 0
  private var maskingKeys = SplitMix64(seed: 1)

  /// Opens the connection with a lawful handshake, unless told otherwise.
  init(name: String = "main", opens: Bool = true) {
    trace.name = name
    maskingKeys = SplitMix64(seed: UInt64(name.utf8.count))
    note(.opened(peer: "127.0.0.1:5000"))
    guard opens else { return }
    request()
    respond()
  }

  mutating func note(_ kind: WireEvent.Kind) {
    clock += 1000
    trace.events.append(WireEvent(instantNanoseconds: clock, kind: kind))
  }

  static let requestLines = [
    "GET /t0k HTTP/1.1", "Host: 127.0.0.1:8080", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Key: \(key)",
    "Sec-WebSocket-Version: 13",
  ]

  mutating func request(_ lines: [String] = requestLines, lineEnd: String = "\r\n") {
    let head = Array((lines + ["", ""]).joined(separator: lineEnd).utf8)
    trace.requestHeadLength = head.count
    clientBytes(head)
  }

  static let responseLines = [
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: \(accept)",
  ]

  mutating func respond(_ lines: [String] = responseLines) {
    let head = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    trace.responseHeadLength = head.count
    serverBytes(head)
  }

  mutating func serverBytes(_ bytes: [UInt8]) {
    trace.serverStream.bytes += bytes
    trace.serverStream.totalCount += bytes.count
    note(.sent(count: bytes.count))
  }

  mutating func clientBytes(_ bytes: [UInt8]) {
    trace.clientStream.bytes += bytes
    trace.clientStream.totalCount += bytes.count
    note(.received(count: bytes.count))
  }

  mutating func server(
    _ opcode: Opcode, _ payload: [UInt8] = [], final: Bool = true, rsv: UInt8 = 0, masked: Bool = false,
    length: UInt64? = nil, encoding: LengthEncoding? = nil
  ) {
    let mask = masked ? MaskingKey(1, 2, 3, 4) : nil
    serverBytes(frame(opcode, payload, final, rsv, mask, length, encoding))
  }

  mutating func client(
    _ opcode: Opcode, _ payload: [UInt8] = [], final: Bool = true, rsv: UInt8 = 0, mask: MaskingKey?? = .none,
    length: UInt64? = nil, encoding: LengthEncoding? = nil
  ) {
    clientBytes(frame(opcode, payload, final, rsv, mask ?? .random(using: &maskingKeys), length, encoding))
  }

  mutating func server(_ opcode: Opcode, _ text: String) { server(opcode, Array(text.utf8)) }
  mutating func client(_ opcode: Opcode, _ text: String) { client(opcode, Array(text.utf8)) }

  mutating func serverClose(_ code: UInt16 = 1000) { server(.close, [UInt8(code >> 8), UInt8(code & 255)]) }
  mutating func clientClose(_ code: UInt16 = 1000) { client(.close, [UInt8(code >> 8), UInt8(code & 255)]) }

  /// Both sides close in order, the server first.
  mutating func close() {
    serverClose()
    clientClose()
    end()
  }

  /// The server half-closes, the client follows.
  mutating func end() {
    note(.sentEnd)
    note(.receivedEnd)
  }

  private func frame(
    _ opcode: Opcode, _ payload: [UInt8], _ final: Bool, _ rsv: UInt8, _ mask: MaskingKey?, _ length: UInt64?,
    _ encoding: LengthEncoding?
  ) -> [UInt8] {
    let header = FrameHeader(
      isFinal: final, reservedBits: rsv, opcode: opcode, payloadLength: length ?? UInt64(payload.count),
      maskingKey: mask, lengthEncoding: encoding)
    guard let key = mask?.bytes else { return header.encoded + payload }
    return header.encoded + payload.enumerated().map { $1 ^ key[$0 & 3] }
  }
}

/// One attempt: its scenario, its wire, and what the application reported.
struct Attempt {
  var scenario = Scenario(
    id: "1.test", description: "Tests.", expectation: "It holds.", rfc: "5.4", requirement: .must,
    server: ServerScript([]))
  var wires: [Wire] = [Wire()]
  var client = ClientTrace()

  init(_ script: ClientScript = .echo, expected: Expected = Expected(), requirement: Requirement = .must) {
    scenario.client = script
    scenario.expected = expected
    scenario.requirement = requirement
  }

  var wire: Wire {
    get { wires[0] }
    set { wires[0] = newValue }
  }

  var `case`: Case { Case(scenario: scenario) }

  var trace: AttemptTrace {
    AttemptTrace(endpoint: .device, connections: wires.map(\.trace), client: client)
  }

  /// Appends an event of the application's; the step is 1, the echo or receive step of the usual scripts.
  mutating func app(
    _ kind: ClientEvent.Kind, step: Int = 1, connection: String = "main", task: String = "main"
  ) {
    client.events.append(
      ClientEvent(
        microseconds: client.events.count, task: task, step: step, connection: connection, kind: kind))
  }

  mutating func connected() { app(.connected(subprotocol: nil), step: 0) }

  mutating func got(_ payload: [UInt8], text: Bool = true) {
    app(.message(MessageDigest(isText: text, payload: payload)))
  }
  mutating func got(_ text: String) { got(Array(text.utf8)) }

  mutating func sent(_ payload: [UInt8], text: Bool = true) {
    app(.sent(MessageDigest(isText: text, payload: payload)))
  }

  /// Delivered, sent back, and on the wire.
  mutating func echoes(_ text: String) {
    got(text)
    sent(Array(text.utf8))
    wire.client(.text, text)
  }

  mutating func ended(_ code: Int? = nil, clean: Bool? = nil) {
    app(.ended(closeCode: code, reason: nil, wasClean: clean))
  }
  mutating func threw(_ type: String, step: Int = 1) {
    app(.exception(ClientException(type: type, message: "x")), step: step)
  }

  /// The host interrupted the client at the deadline.
  mutating func hangs() {
    wire.note(.deadlinePassed(index: 0))
    client.ending = .hung(detail: "in echo")
  }

  /// The ordinary end: the server closes, the client answers, the application is told.
  mutating func closes() {
    wire.close()
    ended(1000, clean: true)
  }

  var violations: [Violation] { Judge.violations(case: `case`, trace: trace) }
  /// `rule` for a MUST, `rule:SHOULD` and so on for less.
  var broken: [String] {
    violations.map { $0.requirement == .must ? $0.rule : "\($0.rule):\($0.requirement.rawValue)" }
  }

  static func make(
    _ script: ClientScript = .echo, expected: Expected = Expected(), requirement: Requirement = .must,
    _ build: (inout Attempt) -> Void
  ) -> Attempt {
    var attempt = Attempt(script, expected: expected, requirement: requirement)
    build(&attempt)
    return attempt
  }

  /// As `make`, with an application that was told of the connection.
  static func open(
    _ script: ClientScript = .echo, expected: Expected = Expected(), requirement: Requirement = .must,
    _ build: (inout Attempt) -> Void
  ) -> Attempt {
    make(script, expected: expected, requirement: requirement) {
      $0.connected()
      build(&$0)
    }
  }
}

extension ClientScript {
  static let closing = ClientScript([.connect(ConnectStep()), .close()])
  static func sending(_ text: String) -> ClientScript {
    ClientScript([.connect(ConnectStep()), .send(kind: .text, payload: .text(text)), .receive()])
  }
}
