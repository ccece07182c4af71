import Testing
import Traces

@testable import Bench

@Suite("What the agent's records amount to")
struct AgentReportTests {
  private func report(_ text: String, id: String = "1.x") -> AgentReport {
    AgentReport(AgentLines.output(text), id: id)
  }

  /// - Parameter answer: how long the agent took to end after the rig's interrupt; nil where there was none.
  private func trace(
    _ text: String, last: Bool = false, answer: Duration? = Pace.unmeasured.silence
  ) -> ClientTrace {
    var output = AgentLines.output(text)
    output.interruptAnswer = answer
    return DeviceRunner.trace(of: output, id: "1.x", pace: .unmeasured, isLastAttempt: last)
  }

  private func detail(_ ending: ClientTrace.Ending) -> String {
    switch ending {
    case .completed: "completed"
    case .hung(let detail): "hung: \(detail)"
    case .unusable(let detail): "unusable: \(detail)"
    }
  }

  @Test("a whole report: events, heap, heartbeat, foreign output without blank lines")
  func whole() {
    let message = #""kind": "message", "text": true, "length": 2, "sha1": "ab", "head": "6869""#
    let text =
      AgentLines.begin("1.x") + AgentLines.event(0, #""kind": "connected", "subprotocol": "chat""#)
      + "\r\nhello\r\n\r\n" + AgentLines.event(1, message) + AgentLines.end(2)
    let trace = report(text).trace
    #expect(trace.ending == .completed)
    #expect(trace.events.map(\.microseconds) == [0, 10])
    #expect(trace.events.first?.kind == .connected(subprotocol: "chat"))
    let digest = MessageDigest(isText: true, length: 2, sha1: "ab", head: Array("hi".utf8))
    #expect(trace.events.last?.kind == .message(digest))
    #expect(trace.heapFreeBefore == 300_000 && trace.heapFreeAfter == 290_000)
    #expect(trace.heartbeat?.longestGapMicroseconds == 11_000)
    #expect(trace.foreignOutput == "hello")
  }

  @Test("what the interpreter prints of its heap becomes bytes, and is nobody's output")
  func heaps() {
    let begin = AgentLines.record(#"{"k": "begin", "case": "1.x", "heap": 300000, "block": 32}"#)
    let end = AgentLines.record(#"{"k": "end", "events": 0, "heap": 290000, "cut": 3}"#)
    let text =
      AgentLines.heap("before", largest: 3355) + begin + AgentLines.heap("after", largest: 2000)
      + "by the client\r\n" + AgentLines.heap("after", largest: 2285) + end
    let trace = report(text).trace
    #expect(trace.largestFreeBlockBefore == 107_360 && trace.largestFreeBlockAfter == 73_120)
    #expect(trace.partialWrites == 3)
    #expect(trace.foreignOutput == "by the client")
  }

  @Test("a heap that is not told to its end, or by nobody, is not known")
  func heapsUnknown() {
    let cut =
      "~M:before\r\nGC: total: 1, used: 1\r\n" + AgentLines.begin("1.x") + "printed\r\n" + AgentLines.end(0)
    let trace = report(cut).trace
    #expect(
      trace.largestFreeBlockBefore == nil && trace.largestFreeBlockAfter == nil && trace.partialWrites == nil)
    #expect(trace.foreignOutput == "printed")
    #expect(HeapReport("max free sz: 12") != nil && HeapReport("max free sz: many") == nil)
    // A figure that no memory has ended the tool: 18 digits times the bytes of a block (found by libFuzzer after 7 million inputs).
    let huge = HeapReport("max free sz: \(Int.max / 2)")
    #expect(
      huge?.largestFreeBlock(blockBytes: 2) == Int.max - 1 && huge?.largestFreeBlock(blockBytes: 3) == nil)
  }

  @Test("events that found no room make the report useless: what is missing may be anything")
  func dropped() {
    let end = AgentLines.record(#"{"k": "end", "events": 0, "dropped": 2, "heap": 290000}"#)
    let ending = report(AgentLines.begin("1.x") + end).trace.ending
    #expect(detail(ending) == "unusable: the agent had no room for 2 more events than its 0")
  }

  private static let eventKinds: [(String, ClientEvent.Kind)] = [
    (
      #""kind": "connectFailed", "type": "OSError", "message": "-2""#,
      .connectFailed(ClientException(type: "OSError", message: "-2"))
    ),
    (
      #""kind": "exception", "type": "ValueError", "message": """#,
      .exception(ClientException(type: "ValueError", message: ""))
    ),
    (
      #""kind": "ended", "code": 1001, "reason": "bye", "clean": true"#,
      .ended(closeCode: 1001, reason: "bye", wasClean: true)
    ),
    (
      #""kind": "ended", "code": null, "reason": null, "clean": null"#,
      .ended(closeCode: nil, reason: nil, wasClean: nil)
    ),
    (#""kind": "closed""#, .closed), (#""kind": "cancelled""#, .cancelled),
    (
      #""kind": "measured", "free": 3000, "allocated": null, "gap": 12"#,
      .measured(ClientEvent.Measurement(heapFree: 3000, longestGapMicroseconds: 12))
    ),
    (#""kind": "pong", "rtt": 12"#, .pong(roundTripMicroseconds: 12)),
    (#""kind": "pong", "rtt": null"#, .pong(roundTripMicroseconds: nil)),
    (#""kind": "unsupported", "what": "ping""#, .unsupported(step: "ping")),
  ]

  @Test("every kind of event is understood", arguments: eventKinds)
  func kinds(_ json: String, _ kind: ClientEvent.Kind) {
    let trace = report(AgentLines.begin("1.x") + AgentLines.event(0, json) + AgentLines.end(1)).trace
    #expect(trace.events.map(\.kind) == [kind])
  }

  private static let incompleteReports: [(lines: [String], part: String)] = [
    ([], "do not begin"), ([AgentLines.begin("1.x")], "last record is missing"),
    ([AgentLines.begin("1.x"), AgentLines.event(0)], "last record is missing"),
    ([AgentLines.begin("2.other"), AgentLines.end(0)], "do not begin"),
    ([AgentLines.begin("1.x"), AgentLines.event(1), AgentLines.end(2)], "1 of the agent's 2 events"),
    (
      [AgentLines.begin("1.x"), AgentLines.event(0, #""kind": "new""#), AgentLines.end(1)],
      "0 of the agent's 1"
    ),
  ]

  @Test("an incomplete report cannot be used", arguments: incompleteReports)
  func incomplete(_ lines: [String], _ part: String) {
    let ending = detail(report(lines.joined()).trace.ending)
    #expect(ending.hasPrefix("unusable") && ending.contains(part), "\(ending)")
  }

  @Test("a line printed again after an interrupt counts once")
  func twice() {
    let text =
      AgentLines.begin("1.x") + AgentLines.event(0) + String(AgentLines.event(1).prefix(30)) + "\r\n"
      + AgentLines.event(1) + AgentLines.event(1) + AgentLines.event(2) + AgentLines.end(3)
    let trace = report(text).trace
    #expect(trace.ending == .completed)
    #expect(trace.events.map(\.microseconds) == [0, 10, 20])
  }

  @Test("an interrupt with a running heartbeat proves that the client hung, and where")
  func hung() {
    let text =
      AgentLines.begin("1.x") + AgentLines.end(0, interrupted: true, unfinished: #"[["main", 1], ["b", 0]]"#)
    #expect(detail(trace(text).ending).hasPrefix("hung: interrupted in main[1], b[0]"))
    let cleaning = AgentLines.begin("1.x") + AgentLines.end(0, interrupted: true)
    #expect(detail(trace(cleaning).ending).contains("its cleaning up"))
  }

  @Test("an interrupt that the rig had not sent says nothing about the client")
  func interruptOfNobody() {
    let text = AgentLines.begin("1.x") + AgentLines.end(0, interrupted: true, turns: Pace.provingHeartbeats)
    let ending = detail(trace(text, last: true, answer: nil).ending)
    #expect(ending.hasPrefix("unusable: an interrupt reached the agent"), "\(ending)")
  }

  @Test("without proof it is no verdict, but for the last attempt and for a blocking client")
  func proof() {
    let few =
      AgentLines.begin("1.x") + AgentLines.end(0, interrupted: true, turns: Pace.provingHeartbeats - 1)
    #expect(detail(trace(few).ending).contains("heartbeat shows too little"))
    #expect(detail(trace(few, last: true).ending).hasPrefix("hung"))
    let enough = AgentLines.begin("1.x") + AgentLines.end(0, interrupted: true, turns: Pace.provingHeartbeats)
    #expect(detail(trace(enough).ending).hasPrefix("hung"))
    let blocking = AgentLines.begin("1.x") + AgentLines.end(0, interrupted: true, turns: nil)
    #expect(detail(trace(blocking).ending).hasPrefix("hung"))
  }

  @Test("an exception of the agent itself is told")
  func agentFailed() {
    var output = AgentLines.output(AgentLines.begin("1.x"))
    output.exception = "MemoryError"
    let ending = DeviceRunner.trace(of: output, id: "1.x", pace: .unmeasured, isLastAttempt: true).ending
    #expect(detail(ending) == "unusable: the agent itself failed: MemoryError")
  }
}
