import Traces

/// What the agent's records of one case amount to.
struct AgentReport {
  /// The client's trace; its ending is `completed` unless the records were incomplete.
  var trace: ClientTrace
  /// Whether the host's interrupt ended the case.
  var wasInterrupted: Bool
  /// The tasks that had not ended, as `task[step]`.
  var unfinished: [String]

  /// Puts the records together.
  /// - Parameters:
  ///   - output: the standard output of the execution.
  ///   - id: the case's id, which the first record must name.
  init(_ output: AgentOutput, id: String) {
    let begin = output.records.lazy.compactMap(\.begin).first
    let end = output.records.compactMap(\.end).last
    let events = Self.distinct(output.records).compactMap(\.clientEvent)
    let foreign = String(decoding: output.foreign, as: UTF8.self).replacing("\r\n", with: "\n")
    trace = ClientTrace(
      events: events, foreignOutput: foreign.trimmingBlankLines, heapFreeBefore: begin?.freeHeap,
      heapFreeAfter: end?.freeHeap,
      largestFreeBlockBefore: output.heaps["before"]?.largestFreeBlock(blockBytes: begin?.block),
      largestFreeBlockAfter: output.heaps["after"]?.largestFreeBlock(blockBytes: begin?.block),
      partialWrites: end?.cutWrites,
      heartbeat: end?.heartbeat.map {
        ClientTrace.Heartbeat(
          periodMicroseconds: $0.period, count: $0.count, longestGapMicroseconds: $0.longestGap,
          countSinceLastEvent: $0.countSinceLastEvent)
      })
    trace.reachedLines = output.records.lazy.compactMap(\.lines).first?.reached
    if trace.heartbeat != nil { trace.lingeringTurns = end?.lingeringTurns }
    wasInterrupted = end?.wasInterrupted ?? false
    unfinished = end?.unfinished?.map { "\($0.task)[\($0.step)]" } ?? []
    if let problem = Self.problem(begin: begin, end: end, events: events.count, id: id) {
      trace.ending = .unusable(detail: problem)
    }
  }

  /// The event records in order, each once: one that an interrupt cut short is printed again.
  private static func distinct(_ records: [AgentRecord]) -> [AgentRecord.Event] {
    var seen: Set<Int> = []
    return records.compactMap { record in
      guard case .event(let event) = record, event.number.map({ seen.insert($0).inserted }) ?? true else {
        return nil
      }
      return event
    }
  }

  private static func problem(
    begin: AgentRecord.Begin?, end: AgentRecord.End?, events: Int, id: String
  ) -> String? {
    guard begin?.id == id else {
      return "the agent's records do not begin with those of the case"
    }
    guard let end else { return "the agent's last record is missing" }
    if let error = end.error { return "the agent's event loop was ended by \(error.joined(separator: ": "))" }
    if let dropped = end.dropped, dropped > 0 {
      return "the agent had no room for \(dropped) more events than its \(end.events)"
    }
    if events != end.events { return "\(events) of the agent's \(end.events) events arrived whole" }
    return nil
  }
}

extension AgentRecord {
  var loaded: Loaded? { if case .loaded(let loaded) = self { loaded } else { nil } }
  fileprivate var begin: Begin? { if case .begin(let begin) = self { begin } else { nil } }
  fileprivate var lines: Lines? { if case .lines(let lines) = self { lines } else { nil } }
  fileprivate var end: End? { if case .end(let end) = self { end } else { nil } }
}

extension String {
  fileprivate var trimmingBlankLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.allSatisfy(\.isWhitespace) }
      .joined(separator: "\n")
  }
}
