import Steps

extension Scenario {
  /// Why a board with that many sockets cannot have the scenario's connections at a time, in one sentence; nil where it can.
  /// - Parameter count: how many TCP sockets it can have at a time; nil where that is not known, or there is no such limit.
  public func tooManyConnections(forSockets count: Int?) -> String? {
    let needed = client.connectionsAtATime
    guard let count, needed > count else { return nil }
    return "The client is to have \(needed) connections at a time, and the board has \(count) sockets."
  }
}

extension ClientScript {
  /// How many connections the client has open at a time, by its steps. A task has one from the step that opens it to the last step about
  /// it: what of it is left then is the client's affair.
  public var connectionsAtATime: Int {
    let byName = Dictionary(tasks.map { ($0.name, $0.steps) }, uniquingKeysWith: { first, _ in first })
    return tasks.first.map { Self.connections(of: $0.name, among: byName) } ?? 0
  }

  /// The most that a task has at a time, with the tasks that it starts and until it joins them.
  private static func connections(of task: String, among tasks: [String: [ClientStep]]) -> Int {
    guard let steps = tasks[task] else { return 0 }
    // A task that is to start itself is refused elsewhere; here it must only come to an end.
    let others = tasks.filter { $0.key != task }
    var running: [String: Int] = [:]
    var most = 0
    for (index, step) in steps.enumerated() {
      if case .start(let other) = step { running[other] = connections(of: other, among: others) }
      most = max(most, open(at: index, in: steps) + running.values.reduce(0, +))
      switch step {
      case .join(let other), .cancel(let other): running[other] = nil
      default: break
      }
    }
    return most
  }

  /// How many connections that these steps open are open during one of them.
  private static func open(at index: Int, in steps: [ClientStep]) -> Int {
    let opened = steps[...index].compactMap { step in
      if case .connect(let connect) = step { connect.connection } else { nil }
    }
    let neededYet = Set(steps[index...].compactMap(\.connection))
    return Set(opened).intersection(neededYet).count
  }
}
