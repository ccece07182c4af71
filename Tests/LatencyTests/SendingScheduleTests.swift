import Latency
import TestSupport
import Testing
import Traces

@Suite("The schedule of an open load")
struct SendingScheduleTests {
  /// A connection whose steps began at these milliseconds, each message's waiting and sending in turn.
  private func schedule(_ milliseconds: [Int]) -> SendingSchedule? {
    var trace = WireBuilder().trace
    trace.events = milliseconds.enumerated().map { index, time in
      WireEvent(instantNanoseconds: instant(time), kind: .stepStarted(index: index))
    }
    return SendingSchedule(trace, spacingMilliseconds: 10)
  }

  private func instant(_ milliseconds: Int) -> UInt64 { 5_000_000_000 + UInt64(milliseconds) * 1_000_000 }

  private func lateness(_ milliseconds: [Int], count: Int) -> [Int?] {
    schedule(milliseconds)?.ownLateness(count: count).map { $0.map { $0 / 1_000_000 } } ?? []
  }

  @Test("messages are due each spacing from the first step on")
  func due() {
    #expect(schedule([0, 0])?.due(3) == instant(30) && schedule([]) == nil)
  }

  @Test("a sender that did not get to run is late by itself, and stays so until it has made up for it")
  func own() {
    // Waiting 0, sending 0; waiting 0, sending at 10; then it slept until 37, and sends what is due at 20 and 30; then 40.
    #expect(lateness([0, 0, 0, 10, 10, 37, 37, 37, 37, 40, 40], count: 5) == [0, 0, 17, 7, 0])
  }

  @Test("a client that does not take a message makes those after it late, which is not the sender's doing")
  func blocked() {
    // The second message is taken at 35 only: the third begins then, the fourth at once after it.
    #expect(lateness([0, 0, 0, 10, 35, 35, 35, 35, 35, 40, 40], count: 5) == [0, 0, 0, 0, 0])
    // Both: blocked until 35, and then it slept until 41.
    #expect(lateness([0, 0, 0, 10, 35, 41, 41], count: 3) == [0, 0, 6])
  }

  @Test("a message that was never begun has no lateness")
  func cut() {
    #expect(lateness([0, 1], count: 3) == [1, nil, nil])
  }
}
