import Steps

extension ScenarioChecker {
  mutating func checkServer() {
    let connections = scenario.server.connections
    if connections.isEmpty {
      report("server.connections", "is empty", allowed: "at least one connection")
    }
    if let port = scenario.server.port, !scenario.server.ownPort {
      report("server.port", "is \(port) without ownPort", allowed: "a port together with ownPort")
    }
    if let tls = scenario.server.tls { check(tls) }
    checkUnique(connections.map(\.name)) { "server.connections[\($0)].name" }
    for (index, connection) in connections.enumerated() {
      for (step, content) in connection.steps.enumerated() {
        check(content, at: step, "server.connections[\(index)].steps[\(step)]")
      }
    }
    checkBarriers(
      connections.map { connection in
        connection.steps.map { step in if case .barrier(let name) = step { name } else { nil } }
      }
    ) { "server.connections[\($0)].steps[\($1)].barrier" }
  }

  private mutating func check(_ step: ServerStep, at index: Int, _ keyPath: String) {
    switch step {
    case .respond where index > 0:
      report("\(keyPath).respond", "is not the first step", allowed: "respond as the first step only")
    case .sendFrame(let frame) where frame.reservedBits > 7:
      report(
        "\(keyPath).sendFrame.reservedBits", "is \(frame.reservedBits)",
        allowed: "a whole number from 0 to 7")
    case .pause(let milliseconds) where !allowedPauses.contains(milliseconds):
      report("\(keyPath).pause.milliseconds", "is \(milliseconds)", allowed: "at most 10000")
    case .waitUntil(let milliseconds) where !allowedSchedule.contains(milliseconds):
      report("\(keyPath).waitUntil.milliseconds", "is \(milliseconds)", allowed: "at most 600000")
    case .respond(.accept(let edits)): check(edits, "\(keyPath).respond.accept")
    case .sendMessage(let message): check(message, "\(keyPath).sendMessage")
    default: break
    }
  }

  private mutating func check(_ edits: [OpeningResponse.HeadEdit], _ keyPath: String) {
    for (index, edit) in edits.enumerated() {
      guard case .deflate(let answer) = edit else { continue }
      let windows = [
        ("serverMaxWindowBits", answer.serverMaxWindowBits),
        ("clientMaxWindowBits", answer.clientMaxWindowBits),
      ]
      for case (let key, let bits?) in windows where !DeflateAnswer.windowBits.contains(bits) {
        report("\(keyPath)[\(index)].deflate.\(key)", "is \(bits)", allowed: "a whole number from 8 to 15")
      }
    }
  }

  private mutating func check(_ message: MessageSpec, _ keyPath: String) {
    switch message.fragments {
    case .count(let number) where number < 1:
      report("\(keyPath).fragments.count", "is \(number)", allowed: "at least 1")
    case .size(let number) where number < 1:
      report("\(keyPath).fragments.size", "is \(number)", allowed: "at least 1")
    case .sizes(let sizes) where sizes.contains { $0 < 0 }:
      report("\(keyPath).fragments.sizes", "has a size below 0", allowed: "whole numbers from 0")
    default: break
    }
    if let ping = message.pingBetween, ping.count > 125 {
      report(
        "\(keyPath).pingBetween", "has \(ping.count) bytes", allowed: "at most 125, as in every control frame"
      )
    }
    if message.deflated != nil, message.blocks != .normal {
      report(
        "\(keyPath).blocks", "stands beside deflated, which spells the stream out", allowed: "one of them")
    }
    if !message.isCompressed, message.deflated != nil || message.blocks != .normal {
      report("\(keyPath).isCompressed", "is false", allowed: "true, where deflated or blocks is given")
    }
  }

  /// A barrier that only one side has would wait until the deadline.
  private mutating func checkBarriers(_ scripts: [[String?]], _ keyPath: (Int, Int) -> String) {
    for (index, script) in scripts.enumerated() {
      for (step, name) in script.enumerated() {
        guard let name else { continue }
        let others = scripts.indices.contains { $0 != index && scripts[$0].contains(name) }
        if !others {
          report(
            keyPath(index, step), "is \"\(name)\", which nothing else has",
            allowed: "a barrier that at least two connections or two tasks have")
        }
      }
    }
  }
}

extension ScenarioChecker {
  mutating func checkClient() {
    let tasks = scenario.client.tasks
    if tasks.isEmpty { report("client.tasks", "is empty", allowed: "at least one task") }
    checkUnique(tasks.map(\.name)) { "client.tasks[\($0)].name" }
    checkConnects()
    for (index, task) in tasks.enumerated() {
      for (step, content) in task.steps.enumerated() {
        check(content, in: task, "client.tasks[\(index)].steps[\(step)]")
      }
    }
    checkStarts()
    checkBarriers(
      tasks.map { task in
        task.steps.map { step in if case .barrier(let name) = step { name } else { nil } }
      }
    ) { "client.tasks[\($0)].steps[\($1)].barrier" }
  }

  /// Every connection of the server is opened once, and nothing else is.
  private mutating func checkConnects() {
    let names = scenario.server.connections.map(\.name)
    var opened: Set<String> = []
    for (index, task) in scenario.client.tasks.enumerated() {
      for (stepIndex, step) in task.steps.enumerated() {
        guard case .connect(let connect) = step else { continue }
        let keyPath = "client.tasks[\(index)].steps[\(stepIndex)].connect"
        let name = connect.connection
        if !names.contains(name) {
          report(
            "\(keyPath).connection", "is \"\(name)\", which the server script lacks",
            allowed: names.quotedList, near: (name, names))
        } else if !opened.insert(name).inserted {
          report("\(keyPath).connection", "is \"\(name)\" a second time", allowed: "each connection once")
        }
        checkURL(connect, keyPath)
        checkTLS(connect, keyPath)
      }
    }
    for (index, name) in names.enumerated() where !opened.contains(name) {
      report(
        "server.connections[\(index)].name", "is \"\(name)\", which no connect step of the client opens",
        allowed: "a connection that the client opens")
    }
  }

  private mutating func checkURL(_ connect: ConnectStep, _ keyPath: String) {
    guard let url = connect.url else { return checkTarget(connect.target, "\(keyPath).target") }
    if connect.target != ConnectStep().target {
      report("\(keyPath).target", "stands beside url", allowed: "one of target and url")
    }
    if !scenario.server.ownPort && !url.contains(URLPlaceholder.token.rawValue) {
      report(
        "\(keyPath).url", "is \"\(url)\", by which the server cannot tell the attempt",
        allowed: "a URL with {token} in it, or a server with ownPort")
    }
    for match in url.matches(of: /\{[^{}]*\}/) where URLPlaceholder(rawValue: String(match.output)) == nil {
      report(
        "\(keyPath).url", "has the placeholder \(match.output)",
        allowed: URLPlaceholder.allCases.map(\.rawValue).joined(separator: ", "))
    }
  }

  private mutating func checkTarget(_ target: String, _ keyPath: String) {
    if !scenario.server.ownPort && !target.contains("{token}") {
      report(
        keyPath, "is \"\(target)\", by which the server cannot tell the attempt",
        allowed: "a target with {token} in it, or a server with ownPort")
    }
    if !target.isEmpty && !target.hasPrefix("/") && !target.hasPrefix("?") && !target.hasPrefix("#") {
      report(keyPath, "is \"\(target)\"", allowed: "a target that begins with /, ? or #, or an empty one")
    }
  }

  private mutating func check(_ step: ClientStep, in task: ClientTask, _ keyPath: String) {
    let others = scenario.client.tasks.dropFirst().map(\.name).filter { $0 != task.name }
    switch step {
    case .start(let name), .join(let name), .cancel(let name):
      if !others.contains(name) {
        report(
          keyPath, "names the task \"\(name)\"", allowed: others.isEmpty ? "no task" : others.quotedList,
          near: (name, others))
      }
    case .close(_, let code, let reason) where reason != nil && code == nil:
      report("\(keyPath).close.reason", "stands without a code", allowed: "a reason together with a code")
    case .pause(let milliseconds) where !allowedPauses.contains(milliseconds):
      report("\(keyPath).pause.milliseconds", "is \(milliseconds)", allowed: "at most 10000")
    default: break
    }
    if let name = step.usedConnection, !scenario.server.connections.contains(where: { $0.name == name }) {
      let names = scenario.server.connections.map(\.name)
      report(
        "\(keyPath).connection", "is \"\(name)\", which the server script lacks", allowed: names.quotedList,
        near: (name, names))
    }
  }

  /// A task that nobody starts would never run.
  private mutating func checkStarts() {
    let started = Set(
      scenario.client.tasks.flatMap(\.steps).compactMap { step in
        if case .start(let name) = step { name } else { nil }
      })
    for (index, task) in scenario.client.tasks.enumerated().dropFirst() where !started.contains(task.name) {
      report(
        "client.tasks[\(index)].name", "is \"\(task.name)\", which no start step names",
        allowed: "a task that is started")
    }
  }
}

extension ClientStep {
  /// The connection that the step uses once it is open.
  var usedConnection: String? {
    switch self {
    case .echo(let connection, _), .receive(let connection, _), .send(let connection, _, _),
      .ping(let connection, _), .close(let connection, _, _):
      connection
    case .connect, .start, .join, .cancel, .barrier, .pause, .measure, .watchLoad: nil
    }
  }
}
