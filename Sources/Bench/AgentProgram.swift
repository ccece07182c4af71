import RawREPL
import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// What is executed in the raw REPL to have the agent do something (`fixtures/board/README.md`).
enum AgentProgram {
  /// Imports the agent itself.
  static let importing = "import wsrig_agent"

  /// Imports the adapter, and through it the client.
  static func load(module: String?) -> String {
    let client = module.map { PythonLiteral.string($0) } ?? .none
    return "import wsrig_agent as _w; _w.load('wsrig_adapter', client=\(client.source))"
  }

  /// Runs the client side of a case.
  /// - Parameters:
  ///   - server: where the board reaches the server.
  ///   - token: the attempt's token, which takes the place of `{token}` in the URLs.
  ///   - tls: what the steps that speak TLS are given for it.
  ///   - ballast: the bytes of heap that are held where TLS is spoken.
  ///   - lingers: whether the agent, when the steps are over, leaves the client as it is until it is typed ``goOn``.
  static func run(
    _ testCase: Case, at server: ServerAddress, token: String, tls: [ClientTLS: ClientTLSMaterial] = [:],
    ballast: Int = 0, lingers: Bool = false
  ) -> String {
    let (base, client) = testCase.scenario.client.withURLs(at: server, token: token)
    let parties = client.barrierParties
    let tasks = client.tasks.map { task in
      PythonLiteral.list([
        .string(task.name), .list(task.steps.map { literal($0, token: token, parties: parties, tls) }),
      ])
    }
    let held = testCase.scenario.speaksTLS ? ballast : 0
    var program: [(key: PythonLiteral, value: PythonLiteral)] = [
      ("id", .string(testCase.id)), ("url", .string(base)), ("tasks", .list(tasks)),
      ("limit", .int(mostEvents(testCase.scenario))),
    ]
    if held > 0 { program.append(("ballast", .int(held))) }
    if lingers { program.append(("linger", .bool(true))) }
    let checksum = PythonLiteral.dictionary(program).checksum(continuing: 0)
    program.append(("crc", .int(Int(checksum))))
    return "import wsrig_agent as _w; _w.run(\(PythonLiteral.dictionary(program).source))"
  }

  /// The tasks of a script with their steps, as the agent takes them, but with the placeholders still in their URLs.
  static func tasks(of client: ClientScript) -> PythonLiteral {
    let parties = client.barrierParties
    return .list(
      client.tasks.map { task in
        let steps = task.steps.map { step in
          guard case .connect(var connect) = step else {
            return literal(step, token: "{token}", parties: parties, [:])
          }
          connect.target = connect.urlTemplate
          return literal(.connect(connect), token: "{token}", parties: parties, [:])
        }
        return .list([.string(task.name), .list(steps)])
      })
  }

  /// What ends the agent's waiting for the host: a line, as a terminal may hold back what is none.
  static let goOn: [UInt8] = [UInt8(ascii: "\n")]

  /// Room for every event that the case can have, and for some that it should not have: a message and its echo for each data frame
  /// that is final, and one for each step.
  private static func mostEvents(_ scenario: Scenario) -> Int {
    let messages = scenario.server.connections.flatMap(\.steps).count(where: \.sendsMessage)
    let steps = scenario.client.tasks.reduce(0) { $0 + $1.steps.count }
    return max(256, 2 * messages + steps + 64)
  }

  /// What mbedTLS takes of a board's heap for a connection, in one piece: two buffers of 16 KiB and a record's worth besides. The
  /// simulated board's takes it of the host's memory.
  static let tlsBallast = 40 << 10

  private static func literal(
    _ step: ClientStep, token: String, parties: [String: Int], _ tls: [ClientTLS: ClientTLSMaterial]
  ) -> PythonLiteral {
    switch step {
    case .connect(let connect): literal(connect, token: token, connect.tls.flatMap { tls[$0] })
    case .echo(let connection, let count): ["echo", .string(connection), optional(count)]
    case .receive(let connection, let count): ["receive", .string(connection), optional(count)]
    case .send(let connection, let kind, let payload):
      ["send", .string(connection), literal(payload, isText: kind == .text)]
    case .ping(let connection, let payload): ["ping", .string(connection), literal(payload, isText: false)]
    case .close(let connection, let code, let reason):
      ["close", .string(connection), optional(code.map(Int.init)), reason.map(PythonLiteral.string) ?? .none]
    case .start(let task): ["start", .string(task)]
    case .join(let task): ["join", .string(task)]
    case .cancel(let task): ["cancel", .string(task)]
    case .barrier(let name): ["barrier", .string(name), .int(parties[name] ?? 1)]
    case .pause(let milliseconds): ["pause", .int(milliseconds)]
    case .measure(let countsAllocations): ["measure", .int(countsAllocations ? 1 : 0)]
    case .watchLoad: ["load"]
    }
  }

  private static func literal(
    _ connect: ConnectStep, token: String, _ tls: ClientTLSMaterial?
  ) -> PythonLiteral {
    let what: [PythonLiteral] = [
      "connect", .string(connect.connection), .string(connect.target.replacing("{token}", with: token)),
      .list(connect.headers.map { .list([.string($0.name), .string($0.value)]) }),
      .list(connect.subprotocols.map(PythonLiteral.string)),
    ]
    guard let tls else { return .list(what + (connect.compression ? [.bool(true)] : [])) }
    return .list(what + [.bool(connect.compression), literal(tls)])
  }

  /// The arguments of the client's `handshake` that are given, the files as their content.
  private static func literal(_ tls: ClientTLSMaterial) -> PythonLiteral {
    let files = [("cafile", tls.cafile), ("certfile", tls.certfile), ("keyfile", tls.keyfile)]
    let given = files.compactMap { name, content in
      content.map { (key: PythonLiteral.string(name), value: PythonLiteral.bytes($0)) }
    }
    return .dictionary(given + [(key: "cert_reqs", value: .int(tls.told.certReqs))])
  }

  private static func optional(_ value: Int?) -> PythonLiteral { value.map(PythonLiteral.int) ?? .none }

  private static func literal(_ payload: Payload, isText: Bool) -> PythonLiteral {
    func content(_ bytes: [UInt8]) -> PythonLiteral {
      isText ? .string(String(decoding: bytes, as: UTF8.self)) : .bytes(bytes)
    }
    if case .repeated(let unit, let count) = payload { return .tuple([content(unit), .int(count)]) }
    return content(payload.bytes ?? [])
  }
}

extension PythonLiteral {
  /// The checksum by which the agent knows that a value arrived whole: CRC-32 of what it holds, then of its length; the values of
  /// a dictionary in the order of their keys.
  func checksum(continuing previous: UInt32) -> UInt32 {
    func text(_ text: String) -> UInt32 { CRC32.checksum(of: text.utf8, continuing: previous) }
    func items(_ items: [PythonLiteral]) -> UInt32 {
      let content = items.reduce(previous) { $1.checksum(continuing: $0) }
      return CRC32.checksum(of: String(items.count).utf8, continuing: content)
    }
    switch self {
    case .string(let string): return text(string)
    case .bytes(let bytes): return CRC32.checksum(of: bytes, continuing: previous)
    case .list(let values), .tuple(let values): return items(values)
    case .dictionary(let pairs):
      return items(pairs.sorted { $0.key.source < $1.key.source }.map { .tuple([$0.key, $0.value]) })
    case .none, .bool, .int, .double: return text(source)
    }
  }
}

extension ClientScript {
  /// What all URLs of the script begin with, and the script with what follows it as targets. The beginning is empty where a step
  /// has a URL of its own, since that may begin with anything.
  fileprivate func withURLs(at server: ServerAddress, token: String) -> (base: String, script: ClientScript) {
    let connects = tasks.flatMap(\.steps).compactMap {
      if case .connect(let step) = $0 { step } else { nil as ConnectStep? }
    }
    let schemes = Set(connects.map(\.scheme))
    let hasOwnURLs = connects.contains { $0.url != nil } || schemes.count > 1
    let base = hasOwnURLs ? "" : "\(schemes.first ?? "ws")://\(server.host):\(server.port)"
    var script = self
    for task in tasks.indices {
      script.tasks[task].steps = tasks[task].steps.map { step in
        guard case .connect(var connect) = step else { return step }
        connect.target = String(
          connect.url(host: server.host, port: server.port, token: token).dropFirst(base.count))
        return .connect(connect)
      }
    }
    return (base, script)
  }
}
