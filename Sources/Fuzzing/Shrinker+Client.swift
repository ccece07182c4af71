import Steps
import WebSocketProtocol

/// Simpler clients.
extension Shrinker {
  static func clients(_ script: ClientScript) -> [ClientScript] {
    // An echo is the simplest client, also where another has fewer steps: else the two would follow each other for ever.
    guard script != .echo else { return [] }
    var all: [ClientScript] = [.echo]
    for task in script.tasks.indices {
      for range in pieces(of: script.tasks[task].steps.count)
      where range.count < script.tasks[task].steps.count {
        var smaller = script
        smaller.tasks[task].steps.removeSubrange(range)
        dropLoneBarriers(&smaller)
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

  /// Leaves out the barriers at which one task would wait for nobody.
  static func dropLoneBarriers(_ script: inout ClientScript) {
    let lone = loneNames(script.tasks.map { $0.steps.compactMap(\.barrierName) })
    for index in script.tasks.indices {
      script.tasks[index].steps.removeAll { step in step.barrierName.map(lone.contains) ?? false }
    }
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
}

extension ClientStep {
  fileprivate var barrierName: String? {
    if case .barrier(let name) = self { name } else { nil }
  }
}
