import RawREPL
import Scenarios
import Steps
import Testing
import Traces
import WebSocketProtocol

@testable import Bench

@Suite("What the board is told to do")
struct AgentProgramTests {
  private func program(_ client: ClientScript, id: String = "1.x") -> String {
    let scenario = Scenario(
      id: id, description: "d", expectation: "e", rfc: "5", requirement: .must, server: ServerScript([]),
      client: client)
    let text = AgentProgram.run(Case(scenario: scenario, delivery: .split), at: .local, token: "tok")
    return text.replacing(/, 'crc': \d+/, with: "")
  }

  @Test("the checksum is that of content and lengths, whatever the order of the keys")
  func checksum() {
    let one: PythonLiteral = ["b": ["x", 1, nil, true], "a": .bytes([0, 255])]
    let other: PythonLiteral = ["a": .bytes([0, 255]), "b": ["x", 1, nil, true]]
    #expect(one.checksum(continuing: 0) == other.checksum(continuing: 0))
    // What zlib.crc32 of Python makes of the bytes a 00 ff 2 b x 1 None True 4 2 2.
    let bytes = Array("a".utf8) + [0, 255] + Array("2bx1NoneTrue422".utf8)
    #expect(one.checksum(continuing: 0) == CRC32.checksum(of: bytes))
    let changed: PythonLiteral = ["b": ["x", 2, nil, true], "a": .bytes([0, 255])]
    #expect(one.checksum(continuing: 0) != changed.checksum(continuing: 0))
  }

  @Test("a URL of its own is given whole, and so are all of its script")
  func ownURL() {
    let script = ClientScript([
      .connect(ConnectStep(url: "WS://u@{host}:{overflowingPort}/{token}?p={port}")),
      .connect(ConnectStep(connection: "b", target: "?{token}")),
    ])
    let text = program(script)
    #expect(text.contains("'url': ''"))
    #expect(text.contains("['connect', 'main', 'WS://u@127.0.0.1:65545/tok?p=9', [], []]"))
    #expect(text.contains("['connect', 'b', 'ws://127.0.0.1:9?tok', [], []]"))
  }

  @Test("loading names the module, or leaves it to the adapter")
  func load() {
    #expect(
      AgentProgram.load(module: "it's")
        == #"import wsrig_agent as _w; _w.load('wsrig_adapter', client='it\'s')"#)
    #expect(
      AgentProgram.load(module: nil) == "import wsrig_agent as _w; _w.load('wsrig_adapter', client=None)")
  }

  @Test("each step becomes its list; the token takes its place")
  func steps() {
    let script = ClientScript([
      .connect(
        ConnectStep(target: "/{token}?q={token}", headers: [.init("X", "é\r\n")], subprotocols: ["chat"])),
      .echo(), .echo(connection: "b", count: 2), .receive(count: 1), .send(kind: .text, payload: "ü'"),
      .send(kind: .binary, payload: [0, 255]),
      .send(kind: .text, payload: .repeated(unit: [0x61], count: 70_000)),
      .send(kind: .binary, payload: .repeated(unit: [1, 2], count: 3)), .ping(payload: "p"), .close(),
      .close(code: 4000, reason: "why"), .start(task: "t"), .join(task: "t"), .cancel(task: "t"),
      .barrier("meet"),
      .pause(milliseconds: 30), .measure(countsAllocations: true),
    ])
    let expected =
      #"import wsrig_agent as _w; _w.run({'id': '1.x@split', 'url': 'ws://127.0.0.1:9', 'tasks': [['main', ["#
      + #"['connect', 'main', '/tok?q=tok', [['X', '\u00e9\r\n']], ['chat']], ['echo', 'main', None], "#
      + #"['echo', 'b', 2], ['receive', 'main', 1], ['send', 'main', '\u00fc\''], ['send', 'main', b'\x00\xff'], "#
      + #"['send', 'main', ('a', 70000)], ['send', 'main', (b'\x01\x02', 3)], ['ping', 'main', b'p'], "#
      + #"['close', 'main', None, None], ['close', 'main', 4000, 'why'], ['start', 't'], ['join', 't'], "#
      + #"['cancel', 't'], ['barrier', 'meet', 1], ['pause', 30], ['measure', 1]]]], 'limit': 256})"#
    #expect(program(script) == expected)
  }

  @Test("compression is asked for only where the step does")
  func compression() {
    #expect(
      program(ClientScript([.connect(ConnectStep(compression: true))]))
        .contains("['connect', 'main', '/tok', [], [], True]"))
  }

  @Test("there is room for every message that the server sends, and for its echo")
  func limit() {
    let scenario = Scenario(
      id: "1.x", description: "d", expectation: "e", rfc: "5", requirement: .must,
      server: ServerScript(Array(repeating: .sendFrame(FrameSpec(.text, "m")), count: 500)))
    let text = AgentProgram.run(Case(scenario: scenario), at: .local, token: "tok")
    #expect(text.contains("'limit': \(1000 + 2 + 64), 'crc': "))
  }

  @Test("a barrier says how many meet there")
  func barrier() {
    let script = ClientScript(tasks: [
      ClientTask(name: "a", steps: [.barrier("m")]), ClientTask(name: "b", steps: [.barrier("m")]),
    ])
    #expect(program(script).contains("[['a', [['barrier', 'm', 2]]], ['b', [['barrier', 'm', 2]]]]"))
  }

  @Test("no program of the catalogue breaks a line, whatever its payloads hold")
  func oneLine() throws {
    for testCase in try RunPlan.cases(of: Catalogue.all, deliveries: "whole", seed: 1) {
      let text = AgentProgram.run(testCase, at: .local, token: "t")
      #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(testCase.id)")
    }
  }
}

extension ServerAddress {
  fileprivate static let local = ServerAddress(host: "127.0.0.1", port: 9)
}
