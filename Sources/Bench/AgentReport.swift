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
    let records = output.records
    let begin = records.first { $0.k == .begin }
    let end = records.last { $0.k == .end }
    let events = Self.distinct(records).compactMap(\.clientEvent)
    let foreign = String(decoding: output.foreign, as: UTF8.self).replacing("\r\n", with: "\n")
    trace = ClientTrace(
      events: events, foreignOutput: foreign.trimmingBlankLines, heapFreeBefore: begin?.heap,
      heapFreeAfter: end?.heap,
      heartbeat: end?.hb.map {
        ClientTrace.Heartbeat(
          periodMicroseconds: $0.period, count: $0.count, longestGapMicroseconds: $0.gap,
          countSinceLastEvent: $0.since)
      })
    wasInterrupted = end?.interrupted ?? false
    unfinished = end?.where?.map { "\($0.task)[\($0.step)]" } ?? []
    if let problem = Self.problem(begin: begin, end: end, events: events.count, id: id) {
      trace.ending = .unusable(detail: problem)
    }
  }

  /// The event records in order, each once: one that an interrupt cut short is printed again.
  private static func distinct(_ records: [AgentRecord]) -> [AgentRecord] {
    var seen: Set<Int> = []
    return records.filter { record in
      record.k == .event && (record.n.map { seen.insert($0).inserted } ?? true)
    }
  }

  private static func problem(begin: AgentRecord?, end: AgentRecord?, events: Int, id: String) -> String? {
    guard let begin, begin.case == id else {
      return "the agent's records do not begin with those of the case"
    }
    guard let end, let expected = end.events else { return "the agent's last record is missing" }
    if let error = end.error { return "the agent's event loop was ended by \(error.joined(separator: ": "))" }
    if events != expected { return "\(events) of the agent's \(expected) events arrived whole" }
    return nil
  }
}

extension String {
  fileprivate var trimmingBlankLines: String {
    split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.allSatisfy(\.isWhitespace) }
      .joined(separator: "\n")
  }
}
