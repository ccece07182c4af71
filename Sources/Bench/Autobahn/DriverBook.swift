import Autobahn
import Foundation
import PosixIO
import Results
import Scenarios
import Synchronization
import Verdicts

/// What is known of the clients that were driven through the cases: what runs, what was judged, who waits for it.
final class DriverBook: Sendable {
  fileprivate struct Agent {
    let startedAt = Date.now.timeIntervalSince1970
    let start = MonotonicInstant.now()
    var lastInstant = MonotonicInstant.now()
    var results: [Int: CaseResult] = [:]
    var wire: [Int: WireFacts] = [:]
    /// How often a case is under way: a driver may begin it again.
    var running: [Int: Int] = [:]
    var waiting: [Waiter] = []
  }

  /// Somebody who waits until a case, or every case, is not under way.
  fileprivate struct Waiter {
    var index: Int?
    var body: @Sendable () -> Void
  }

  private struct State {
    var names: [String] = []
    var agents: [String: Agent] = [:]
    var isClosed = false
    /// Who waits until no case of any agent is under way; from the first of them on none begins.
    var ending: [@Sendable () -> Void] = []

    var isIdle: Bool { agents.values.allSatisfy(\.running.isEmpty) }
  }

  private let cases: [Case]
  private let seed: UInt64
  private let state = Mutex(State())

  init(cases: [Case], seed: UInt64) {
    self.cases = cases
    self.seed = seed
  }

  /// Notes that a case is under way.
  func begin(_ index: Int, of agent: String) {
    state.withLock { state in
      if state.agents[agent] == nil { state.names.append(agent) }
      state.agents[agent, default: Agent()].running[index, default: 0] += 1
    }
  }

  /// Notes what became of a case, in place of what was known before; false where nothing counts any more.
  func end(_ index: Int, of agent: String, _ result: CaseResult, wire: WireFacts?) -> Bool {
    let (counts, due) = state.withLock { state -> (Bool, [@Sendable () -> Void]) in
      var entry = state.agents[agent] ?? Agent()
      if !state.isClosed {
        var kept = result
        if !kept.needsAttention { kept.letGoOfTraces() }
        entry.results[index] = kept
        entry.wire[index] = wire
      }
      entry.lastInstant = .now()
      let left = (entry.running[index] ?? 1) - 1
      entry.running[index] = left > 0 ? left : nil
      let waiting = entry.waiting
      let due = waiting.filter { entry.isDue($0) }.map(\.body)
      entry.waiting = waiting.filter { !entry.isDue($0) }
      state.agents[agent] = entry
      return (!state.isClosed, due + (state.isIdle ? state.ending : []))
    }
    for body in due { body() }
    return counts
  }

  /// Lets no further case begin, and calls the body once none of any agent is under way.
  func finish(_ body: @escaping @Sendable () -> Void) {
    let isDue = state.withLock { state in
      state.ending.append(body)
      return state.isIdle
    }
    if isDue { body() }
  }

  /// Whether no case begins any more.
  var isEnding: Bool { state.withLock { $0.isClosed || !$0.ending.isEmpty } }

  /// The agents of which a case is under way, in the order in which they came.
  var agentsUnderWay: [String] {
    state.withLock { state in state.names.filter { state.agents[$0]?.running.isEmpty == false } }
  }

  /// Tells the behavior in a case once it is not under way; nil where it never was.
  func whenJudged(_ index: Int, of agent: String, _ body: @escaping @Sendable (Behavior?) -> Void) {
    wait(agent, Waiter(index: index) { [self] in body(behavior(in: index, of: agent)) })
  }

  /// Calls the body once none of an agent's cases is under way.
  func whenIdle(_ agent: String, _ body: @escaping @Sendable () -> Void) {
    wait(agent, Waiter(index: nil, body: body))
  }

  private func wait(_ agent: String, _ waiter: Waiter) {
    let isDue = state.withLock { state in
      guard let entry = state.agents[agent], !entry.isDue(waiter) else { return true }
      state.agents[agent]?.waiting.append(waiter)
      return false
    }
    if isDue { waiter.body() }
  }

  private func behavior(in index: Int, of agent: String) -> Behavior? {
    state.withLock { $0.agents[agent]?.results[index] }.flatMap { Behavior($0.judgement.verdict) }
  }

  /// From now on nothing is noted.
  func close() { state.withLock { $0.isClosed = true } }

  /// The agents that were judged in a case at least, in the order in which they came.
  var runs: [AgentRun] {
    let (names, agents) = state.withLock { ($0.names, $0.agents) }
    return names.compactMap { name in
      guard let agent = agents[name], !agent.results.isEmpty else { return nil }
      let order = agent.results.keys.sorted()
      var result = RunResult(
        tool: Tool.name, seed: seed,
        board: BoardRecord(selector: "autobahn", kind: .driver, machine: name, firmware: ""),
        client: ClientIdentity(path: name, adapter: "none", files: [:]), startedAt: agent.startedAt,
        durationSeconds: (agent.lastInstant - agent.start).seconds,
        cases: order.compactMap { agent.results[$0] }, plannedCount: cases.count)
      result.replayOptions = ["--seed", "\(seed)", "--board", "reference"]
      let wire = order.compactMap { index in agent.wire[index].map { (cases[index].id, $0) } }
      return AgentRun(agent: name, result: result, wire: Dictionary(wire) { first, _ in first })
    }
  }
}

extension DriverBook.Agent {
  fileprivate func isDue(_ waiter: DriverBook.Waiter) -> Bool {
    waiter.index.map { running[$0] == nil } ?? running.isEmpty
  }
}
