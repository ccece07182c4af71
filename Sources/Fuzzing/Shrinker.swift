import Foundation
import Scenarios
import Steps
import WebSocketProtocol

/// Makes cases smaller: without steps, frames, bytes, chunk boundaries, and with simpler ones in their place.
///
/// Whether a smaller case still shows what the larger one did, whoever runs them has to see.
public enum Shrinker {
  /// The cases that are a little smaller than this one, those first that leave out most. Each is valid, and none is as large.
  public static func reductions(of testCase: Case) -> [Case] {
    var all: [Case] = []
    let id = testCase.scenario.id
    func offer(_ change: (inout Case) -> Void) {
      var smaller = testCase
      change(&smaller)
      if smaller != testCase, smaller.validate().isEmpty { all.append(smaller) }
    }
    if testCase.delivery != .whole { offer { $0.delivery = .whole } }
    for connection in testCase.scenario.server.connections.indices {
      let steps = testCase.scenario.server.connections[connection].steps
      for range in pieces(of: steps.count) {
        offer {
          $0.scenario.server.connections[connection].steps.removeSubrange(range)
          dropLoneBarriers(&$0)
        }
      }
    }
    for client in clients(testCase.scenario.client) { offer { $0.scenario.client = client } }
    for connection in testCase.scenario.server.connections.indices {
      for (index, step) in testCase.scenario.server.connections[connection].steps.enumerated() {
        for simpler in simpler(step) {
          offer { $0.scenario.server.connections[connection].steps[index] = simpler }
        }
      }
    }
    if let other = withoutOneConnection(testCase) { all += other }
    assert(all.allSatisfy { $0.scenario.id == id })
    return all
  }

  /// All, halves, quarters and so on of so many, down to single ones.
  private static func pieces(of count: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var size = count
    while size > 0 {
      ranges += stride(from: 0, to: count, by: size).reversed().map { $0..<min($0 + size, count) }
      size = size == 1 ? 0 : (size + 1) / 2
    }
    return ranges
  }

  /// Leaves out a connection, and the tasks that use it.
  private static func withoutOneConnection(_ testCase: Case) -> [Case]? {
    let names = testCase.scenario.server.connections.map(\.name)
    guard names.count > 1 else { return nil }
    return names.compactMap { name in
      var smaller = testCase
      smaller.scenario.server.connections.removeAll { $0.name == name }
      dropLoneBarriers(&smaller)
      let gone = testCase.scenario.client.tasks.dropFirst().filter { task in
        task.steps.contains { $0.connection == name }
      }.map(\.name)
      smaller.scenario.client.tasks.removeAll { gone.contains($0.name) }
      for index in smaller.scenario.client.tasks.indices {
        smaller.scenario.client.tasks[index].steps.removeAll { step in
          switch step {
          case .start(let task), .join(let task), .cancel(let task): gone.contains(task)
          default: step.connection == name
          }
        }
      }
      return smaller.validate().isEmpty ? smaller : nil
    }
  }

  /// Leaves out the barriers at which one connection would wait for nobody.
  private static func dropLoneBarriers(_ testCase: inout Case) {
    var parties: [String: Int] = [:]
    for connection in testCase.scenario.server.connections {
      for name in Set(connection.steps.compactMap(\.barrierName)) { parties[name, default: 0] += 1 }
    }
    for index in testCase.scenario.server.connections.indices {
      testCase.scenario.server.connections[index].steps.removeAll { step in
        step.barrierName.map { parties[$0] == 1 } ?? false
      }
    }
  }

  // MARK: the client's side

  private static func clients(_ script: ClientScript) -> [ClientScript] {
    // An echo is the simplest client, also where another has fewer steps: else the two would follow each other for ever.
    guard script != .echo else { return [] }
    var all: [ClientScript] = [.echo]
    for task in script.tasks.indices {
      for range in pieces(of: script.tasks[task].steps.count)
      where range.count < script.tasks[task].steps.count {
        var smaller = script
        smaller.tasks[task].steps.removeSubrange(range)
        all.append(smaller)
      }
      for (index, step) in script.tasks[task].steps.enumerated() {
        for step in simpler(step) {
          var smaller = script
          smaller.tasks[task].steps[index] = step
          all.append(smaller)
        }
      }
    }
    return all
  }

  private static func simpler(_ step: ClientStep) -> [ClientStep] {
    switch step {
    case .connect(let connect): return simpler(connect).map(ClientStep.connect)
    case .send(let name, let kind, let payload):
      return simpler(payload).map { .send(connection: name, kind: kind, payload: $0) }
    case .ping(let name, let payload): return simpler(payload).map { .ping(connection: name, payload: $0) }
    case .close(let name, let code?, let reason):
      return (reason == nil ? [] : [.close(connection: name, code: code)]) + [.close(connection: name)]
    default: return []
    }
  }

  private static func simpler(_ connect: ConnectStep) -> [ConnectStep] {
    var all: [ConnectStep] = []
    func offer(_ change: (inout ConnectStep) -> Void) {
      var smaller = connect
      change(&smaller)
      if smaller != connect { all.append(smaller) }
    }
    for range in pieces(of: connect.headers.count) { offer { $0.headers.removeSubrange(range) } }
    for range in pieces(of: connect.subprotocols.count) { offer { $0.subprotocols.removeSubrange(range) } }
    offer { $0.compression = false }
    offer { $0.url = nil }
    let simplest = ConnectStep().target
    guard connect.target != simplest else { return all }
    offer { $0.target = simplest }
    let parts = connect.target.split(separator: "/", omittingEmptySubsequences: false)
    for range in pieces(of: parts.count) where range.lowerBound > 0 {
      let left = (parts[..<range.lowerBound] + parts[range.upperBound...]).joined(separator: "/")
      offer { $0.target = left.isEmpty ? "/" : left }
    }
    return all
  }

  // MARK: the server's side

  private static func simpler(_ step: ServerStep) -> [ServerStep] {
    switch step {
    case .respond(.accept(let edits)):
      return pieces(of: edits.count).map { range in
        var left = edits
        left.removeSubrange(range)
        return .respond(.accept(edits: left))
      }
    case .respond(.raw(let payload)): return heads(payload).map { .respond(.raw($0)) }
    case .sendFrame(let frame): return simpler(frame).map(ServerStep.sendFrame)
    case .sendMessage(let message): return simpler(message).map(ServerStep.sendMessage)
    case .sendBytes(let payload): return simpler(payload).map(ServerStep.sendBytes)
    case .expectMessage(let kind?, let payload):
      return (payload == nil ? [] : [.expectMessage(kind: kind, payload: nil)])
    case .pause(let time) where time > 2: return [.pause(milliseconds: time / 2)]
    default: return []
    }
  }

  /// A head without one of its lines.
  private static func heads(_ payload: Payload) -> [Payload] {
    guard case .text(let text) = payload else { return [] }
    let lines = text.components(separatedBy: "\r\n")
    guard lines.count > 2 else { return [] }
    return lines.indices.dropFirst().dropLast(2).reversed().map { index in
      var left = lines
      left.remove(at: index)
      return .text(left.joined(separator: "\r\n"))
    }
  }

  private static func simpler(_ frame: FrameSpec) -> [FrameSpec] {
    var all: [FrameSpec] = []
    func offer(_ change: (inout FrameSpec) -> Void) {
      var smaller = frame
      change(&smaller)
      if smaller != frame { all.append(smaller) }
    }
    offer { $0.declaredLength = nil }
    offer { $0.lengthEncoding = .minimal }
    offer { $0.maskingKey = nil }
    offer { $0.isFinal = true }
    offer { $0.reservedBits = 0 }
    if frame.reservedBits.nonzeroBitCount > 1 {
      for bit: UInt8 in [4, 2, 1] { offer { $0.reservedBits &= bit } }
    }
    return all
      + simpler(frame.payload).map { payload in
        var smaller = frame
        smaller.payload = payload
        return smaller
      }
  }

  private static func simpler(_ message: MessageSpec) -> [MessageSpec] {
    var all: [MessageSpec] = []
    func offer(_ change: (inout MessageSpec) -> Void) {
      var smaller = message
      change(&smaller)
      if smaller != message { all.append(smaller) }
    }
    offer { $0.pingBetween = nil }
    offer { $0.fragments = .count(1) }
    offer { $0.fragments = .count(2) }
    offer { ($0.isCompressed, $0.blocks, $0.deflated) = (false, .normal, nil) }
    offer { $0.blocks = .normal }
    offer { $0.usesContext = true }
    return all.filter { $0.fragments != .count(2) || message.fragments != .count(1) }
      + simpler(message.payload).map { payload in
        var smaller = message
        smaller.payload = payload
        return smaller
      }
  }

  /// Fewer bytes, and simpler ones.
  private static func simpler(_ payload: Payload) -> [Payload] {
    if case .repeated(let unit, let count) = payload {
      return [.empty]
        + [0, count / 2, count - 1].filter { $0 < count && $0 > 0 }.map { .repeated(unit: unit, count: $0) }
        + (unit.count > 1 ? [.repeated(unit: [0x61], count: unit.count * count)] : [])
    }
    guard let bytes = payload.bytes, !bytes.isEmpty else { return [] }
    var all: [Payload] = [.empty]
    if bytes.count > 1 {
      all += pieces(of: bytes.count).dropFirst().prefix(24).map { range in
        .bytes(Array(bytes[..<range.lowerBound] + bytes[range.upperBound...]))
      }
    }
    let plain = Array(repeating: UInt8(ascii: "a"), count: bytes.count)
    if bytes != plain { all.append(.bytes(plain)) }
    return all
  }
}

extension ServerStep {
  fileprivate var barrierName: String? {
    if case .barrier(let name) = self { name } else { nil }
  }
}
