import RawREPL
import Scenarios
import Steps
import Traces
import WebSocketPeers
import WebSocketProtocol

/// What the server did on all connections of an attempt, in its order, as `server.py` plays it.
struct RecordedPlay {
  /// For each connection what is sent.
  let connections: PythonLiteral
  /// When it is sent, and what is waited for.
  let acts: PythonLiteral

  /// Takes it from a trace.
  init(_ trace: AttemptTrace, of testCase: Case) {
    connections = .list(trace.connections.map { Self.spec(of: $0, testCase) })
    let all = trace.connections.enumerated().flatMap { index, connection in
      RecordedActs(of: connection, index: index, testCase).acts
    }
    let sorted = all.enumerated().sorted { ($0.element.instant, $0.offset) < ($1.element.instant, $1.offset) }
    acts = .list(sorted.map { .tuple($0.element.values) })
  }

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
    guard case .respond(.accept(let edits))? = testCase.steps(on: connection).first else { return nil }
    return edits.lazy.compactMap { if case .accept(let form) = $0 { form } else { nil } }.last
  }
}

extension Case {
  fileprivate func steps(on connection: String) -> [ServerStep] {
    scenario.server.connections.first { $0.name == connection }?.steps ?? []
  }
}

/// What the server did on one connection, and what the client had sent before each act.
private struct RecordedActs {
  struct Act {
    var instant: UInt64
    var values: [PythonLiteral]
  }

  private(set) var acts: [Act] = []
  private let index: Int
  private let steps: [ServerStep]
  private let delivery: Delivery
  /// The client's bytes behind its request, and those of them that were waited for.
  private var received: Int
  private var awaited = 0
  private var sent = 0
  private var clientEnd = (hasCome: false, isAwaited: false)
  private var hasBegun = false
  private var isWithinStep = false

  init(of connection: ConnectionTrace, index: Int, _ testCase: Case) {
    self.index = index
    steps = testCase.steps(on: connection.name)
    delivery = testCase.delivery
    received = -(connection.requestHeadLength ?? 0)
    for event in connection.events { take(event) }
  }

  private mutating func take(_ event: WireEvent) {
    let instant = event.instantNanoseconds
    switch event.kind {
    case .received(let count): received += count
    case .receivedEnd, .receivedReset: clientEnd.hasCome = true
    case .stepStarted(let step):
      hasBegun = true
      isWithinStep = false
      if steps.indices.contains(step) { begin(steps[step], at: instant) }
    case .sent(let count): send(count, at: instant)
    case .sentEnd: addBehindClient("end", at: instant)
    case .sentReset: addBehindClient("reset", at: instant)
    case .deadlinePassed: add("patience", at: instant)
    default: break
    }
  }

  private mutating func begin(_ step: ServerStep, at instant: UInt64) {
    switch step {
    case .pause(let time): addBehindClient("pause", [.double(Double(time) / 1000)], at: instant)
    case .stopReading: addBehindClient("stop", at: instant)
    case .resumeReading: add("resume", at: instant)
    default: break
    }
  }

  private mutating func send(_ count: Int, at instant: UInt64) {
    if isWithinStep, let pause { addBehindClient("pause", [.double(pause)], at: instant) }
    addBehindClient("send", [.int(sent), .int(sent + count)], at: instant)
    sent += count
    isWithinStep = hasBegun
  }

  /// Adds an act that comes behind what the client had done by then.
  private mutating func addBehindClient(_ what: String, _ values: [PythonLiteral] = [], at instant: UInt64) {
    if received > awaited {
      awaited = received
      add("wait", [.int(awaited)], at: instant)
    }
    if clientEnd.hasCome, !clientEnd.isAwaited {
      clientEnd.isAwaited = true
      add("wait", [.none], at: instant)
    }
    add(what, values, at: instant)
  }

  private mutating func add(_ what: String, _ values: [PythonLiteral] = [], at instant: UInt64) {
    acts.append(Act(instant: instant, values: [.int(index), .string(what)] + values))
  }

  /// The pause between two chunks of a step, in seconds.
  private var pause: Double? {
    switch delivery {
    case .split: Double(ChunkPlan.splitPauseMilliseconds) / 1000
    case .paced: Double(ChunkPlan.pacedPauseMilliseconds) / 1000
    case .whole, .bytewise, .coalesced: nil
    }
  }
}
