import Foundation
import Scenarios
import Steps
import TestSupport
import Traces
import Verdicts
import WebSocketProtocol

/// One attempt: its scenario, its wire, and what the application reported.
struct Attempt {
  var scenario = Scenario(
    id: "1.test", description: "Tests.", expectation: "It holds.", rfc: "5.4", requirement: .must,
    server: ServerScript([]))
  var wires: [WireBuilder] = [WireBuilder()]
  var client = ClientTrace()
  /// Where the client was sent to; nil where the rules need not know.
  var server: ServerAddress?

  init(_ script: ClientScript = .echo, expected: Expected = Expected(), requirement: Requirement = .must) {
    scenario.client = script
    scenario.expected = expected
    scenario.requirement = requirement
  }

  var wire: WireBuilder {
    get { wires[0] }
    set { wires[0] = newValue }
  }

  var `case`: Case { Case(scenario: scenario) }

  var trace: AttemptTrace {
    AttemptTrace(endpoint: .device, connections: wires.map(\.trace), client: client, server: server)
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

  /// The application closes, and the client ends TCP before the server has answered its Close.
  mutating func closesHastily() {
    wire.clientClose()
    wire.note(.receivedEnd)
    wire.serverClose()
    wire.note(.sentEnd)
    app(.closed)
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

  /// An opening handshake that the client gives up, at what comes in answer to its request.
  static func givesUp(
    _ message: String, type: String = "OSError", expected: Expected = Expected(),
    requirement: Requirement = .must, at answer: (inout WireBuilder) -> Void
  ) -> Attempt {
    make(expected: expected, requirement: requirement) {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request()
      answer(&$0.wire)
      $0.app(.connectFailed(ClientException(type: type, message: message)), step: 0)
      $0.wire.note(.receivedEnd)
    }
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

extension ServerScript {
  /// Step 1 waits for a Pong.
  static let awaitingPong = ServerScript([
    .sendBytes(.empty), .expectFrame(FrameExpectation(opcode: 10, payload: nil)),
  ])
}

extension ClientScript {
  static let closing = ClientScript([.connect(ConnectStep()), .close()])

  /// One task closes, `closer`, while the main one does these.
  static func closing(beside steps: [ClientStep]) -> ClientScript {
    ClientScript(tasks: [
      ClientTask(name: "main", steps: [.connect(ConnectStep()), .start(task: "closer")] + steps),
      ClientTask(name: "closer", steps: [.close()]),
    ])
  }
  static func sending(_ text: String) -> ClientScript {
    ClientScript([.connect(ConnectStep()), .send(kind: .text, payload: .text(text)), .receive()])
  }
}
