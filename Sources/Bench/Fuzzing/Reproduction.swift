import Foundation
import RawREPL
import Results
import Scenarios
import Steps
import Traces
import Verdicts
import WebSocketPeers
import WebSocketProtocol

/// A finding as two small Python programs that need no rig: a server that sends exactly the same bytes with the same pauses, and a
/// client side in MicroPython. Each says whether the client did the same as in the finding.
struct Reproduction {
  /// The program for the client's side.
  let client: String
  /// The program of the server.
  let server: String

  /// Makes the programs of a group's smallest case; nil where it has no trace, the trace was cut, or TLS is spoken.
  /// - Parameters:
  ///   - bundle: the client with its adapter, which stands in the program as it is.
  ///   - fixtures: has the two programs without what they play.
  /// - Throws: `ConfigurationError` where the programs cannot be read.
  init?(_ group: FindingGroup, client bundle: ClientBundle, fixtures: Fixtures) throws {
    guard let trace = group.trace, !group.smallest.scenario.speaksTLS,
      let adapter = bundle.files["wsrig_adapter.py"],
      !trace.connections.contains(where: { $0.serverStream.isCut || $0.clientStream.isCut })
    else { return nil }
    let sentence = "\(group.broken.violation.rule) \(group.broken.place): \(group.broken.violation.sentence)"
    let play = RecordedPlay(trace, of: group.smallest)
    server = Self.fill(
      try Self.template("server.py", fixtures),
      ["SENTENCE": .string(sentence), "CONNECTIONS": play.connections, "ACTS": play.acts, "SEEN": play.seen])
    let filled = Self.fill(
      try Self.template("client.py", fixtures),
      [
        "SENTENCE": .string(sentence), "MODULE": bundle.module.map(PythonLiteral.string) ?? .none,
        "TASKS": AgentProgram.tasks(of: group.smallest.scenario.client), "SEEN": Self.seen(trace.client),
      ])
    client = filled.replacing("#ADAPTER", with: String(decoding: adapter, as: UTF8.self))
  }

  private static func template(_ name: String, _ fixtures: Fixtures) throws -> String {
    String(
      decoding: try ClientBundle.read(fixtures.reproductions.appendingPathComponent(name)), as: UTF8.self)
  }

  /// Puts values in the places of those with which the program's names begin.
  private static func fill(_ template: String, _ values: [String: PythonLiteral]) -> String {
    let lines = template.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let name = line.prefix { $0 != " " }
      guard let value = values[String(name)], line.dropFirst(name.count).hasPrefix(" = ") else {
        return String(line)
      }
      return "\(name) = \(value.source)"
    }
    return lines.joined(separator: "\n")
  }

  // MARK: what the application saw

  /// The events as `client.py` writes them.
  private static func seen(_ client: ClientTrace) -> PythonLiteral {
    var lines = client.events.compactMap { event in words(event.kind).map { "\(event.task): \($0)" } }
    if case .hung = client.ending { lines.append("\(client.events.last?.task ?? "main"): hung") }
    return .list(lines.map(PythonLiteral.string))
  }

  private static func words(_ kind: ClientEvent.Kind) -> String? {
    switch kind {
    case .connected: "connected"
    case .connectFailed(let exception): "connectFailed \(exception.type)"
    case .exception(let exception): "exception \(exception.type)"
    case .message(let digest): "message \(words(digest))"
    case .sent(let digest): "sent \(words(digest))"
    case .ended(let code, _, _): "ended \(code.map(String.init) ?? "None")"
    case .closed: "closed"
    case .pong: "pong"
    case .cancelled: "cancelled"
    case .unsupported, .measured: nil
    }
  }

  private static func words(_ digest: MessageDigest) -> String {
    "\(digest.isText ? "text" : "binary") \(digest.length) \(digest.sha1)"
  }
}

/// What the server did on all connections of an attempt, in its order, as `server.py` plays it.
private struct RecordedPlay {
  private(set) var connections: PythonLiteral = .none
  private(set) var acts: PythonLiteral = .none
  private(set) var seen: PythonLiteral = .none

  private struct Act {
    var instant: UInt64
    var values: [PythonLiteral]
  }

  init(_ trace: AttemptTrace, of testCase: Case) {
    connections = .list(trace.connections.map { Self.spec(of: $0, testCase) })
    let all = trace.connections.enumerated().flatMap { Self.acts(on: $1, index: $0, testCase) }
    let sorted = all.enumerated().sorted { ($0.element.instant, $0.offset) < ($1.element.instant, $1.offset) }
    acts = .list(sorted.map { .tuple($0.element.values) })
    seen = .list(trace.connections.map(Self.seen))
  }

  // MARK: what is sent

  /// The head with `{accept}` in the place of the value that depends on the client's key, and the bytes behind it.
  private static func spec(of connection: ConnectionTrace, _ testCase: Case) -> PythonLiteral {
    let stream = connection.serverStream.bytes
    let length = connection.responseHeadLength ?? stream.count
    var head = Array(stream.prefix(length))
    let form = form(in: testCase, connection.name)
    let key = DecodedConnection(connection).request?.values("Sec-WebSocket-Key").first ?? ""
    let value = form.map { $0.value(forKey: key) } ?? accept(for: key)
    if !value.isEmpty {
      while let range = head.firstRange(of: Array(value.utf8)) {
        head.replaceSubrange(range, with: Array("{accept}".utf8))
      }
    }
    return .tuple([
      .bytes(head), .string(form?.rawValue ?? "right"), .bytes(Array(stream.dropFirst(length))),
    ])
  }

  private static func accept(for key: String) -> String {
    String(decoding: HandshakeKey.accept(for: Array(key.utf8)), as: UTF8.self)
  }

  private static func form(in testCase: Case, _ connection: String) -> AcceptForm? {
    let steps = testCase.scenario.server.connections.first { $0.name == connection }?.steps ?? []
    guard case .respond(.accept(let edits))? = steps.first else { return nil }
    return edits.lazy.compactMap { if case .accept(let form) = $0 { form } else { nil } }.last
  }

  private static func acts(on connection: ConnectionTrace, index: Int, _ testCase: Case) -> [Act] {
    let steps = testCase.scenario.server.connections.first { $0.name == connection.name }?.steps ?? []
    let head = connection.requestHeadLength ?? 0
    var acts: [Act] = []
    var (received, awaited, sent) = (0, 0, 0)
    var step: Int?
    var isWithinStep = false
    func add(_ instant: UInt64, _ what: String, _ values: [PythonLiteral] = []) {
      acts.append(Act(instant: instant, values: [.int(index), .string(what)] + values))
    }
    func awaitClient(_ instant: UInt64) {
      guard received - head > awaited else { return }
      awaited = received - head
      add(instant, "wait", [.int(awaited)])
    }
    for event in connection.events {
      let instant = event.instantNanoseconds
      switch event.kind {
      case .received(let count): received += count
      case .stepStarted(let index):
        step = index
        isWithinStep = false
        if steps.indices.contains(index), case .pause(let time) = steps[index] {
          awaitClient(instant)
          add(instant, "pause", [.double(Double(time) / 1000)])
        }
      case .sent(let count):
        awaitClient(instant)
        if isWithinStep, let pause = pause(testCase.delivery) { add(instant, "pause", [.double(pause)]) }
        add(instant, "send", [.int(sent), .int(sent + count)])
        sent += count
        isWithinStep = step != nil
      case .sentEnd:
        awaitClient(instant)
        add(instant, "end")
      case .sentReset:
        awaitClient(instant)
        add(instant, "reset")
      case .deadlinePassed: add(instant, "patience")
      default: break
      }
    }
    return acts
  }

  /// The pause between two chunks of a step, in seconds.
  private static func pause(_ delivery: Delivery) -> Double? {
    switch delivery {
    case .split: Double(ChunkPlan.splitPauseMilliseconds) / 1000
    case .paced: Double(ChunkPlan.pacedPauseMilliseconds) / 1000
    case .whole, .bytewise, .coalesced: nil
    }
  }

  // MARK: what the client did

  private static func seen(_ connection: ConnectionTrace) -> PythonLiteral {
    let decoded = DecodedConnection(connection)
    let frames = decoded.client.frames.map { frame in
      PythonLiteral.tuple([
        .int(Int(frame.opcode.rawValue)), .int(frame.isFinal ? 1 : 0), .int(Int(frame.header.reservedBits)),
        .int(frame.header.isMasked ? 1 : 0), .int(frame.payloadLength),
        .string(SHA1.hexadecimal(of: frame.payload)),
      ])
    }
    return .tuple([.list(frames), .bool(decoded.clientEnd != nil)])
  }
}
