import Testing
import Traces

@testable import WebSocketPeers

@Suite("What moved on a connection, in little memory")
struct TapLogTests {
  @Test("a flood is merged, no byte is lost, and what happens behind it is kept")
  func flood() {
    var log = TapLog()
    for number in 1...UInt64(70_000) {
      log.received(3, at: number, kernel: 0)
      log.sent(5, at: number, stampedEnd: nil)
    }
    log.note(.receivedEnd, at: 70_001)
    let events = log.events
    #expect(events.count == 100_001)
    #expect(events.last?.kind == .receivedEnd)
    var counts = (received: 0, sent: 0)
    for event in events {
      if case .received(let count) = event.kind { counts.received += count }
      if case .sent(let count) = event.kind { counts.sent += count }
    }
    #expect(counts == (received: 210_000, sent: 350_000))
  }
}
