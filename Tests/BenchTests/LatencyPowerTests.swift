import Results
import Testing

@testable import Bench

@Suite("The power mode that latencies are measured in")
struct LatencyPowerTests {
  private let asked = LatencyPower(mode: .performance, isAskedFor: true)
  private let usual = LatencyPower(mode: .none, isAskedFor: false)

  private func board(_ radio: RadioRecord?) -> BoardRecord {
    var board = BoardRecord(selector: "tty:/dev/x", kind: .board, machine: "Pico", firmware: "1")
    board.radio = radio
    return board
  }

  private func radio(set: Int?, reads: Int?) -> RadioRecord {
    var radio = RadioRecord(powerMode: reads, rssi: -50)
    radio.powerModeSet = set
    return radio
  }

  @Test("a mode is asked of a board without a radio: one sentence; one that nobody asked for is no matter")
  func noRadio() throws {
    for radio in [nil, radio(set: nil, reads: nil)] {
      let error = try #require(throws: ConfigurationError.self) { try asked.check(board(radio)) }
      #expect("\(error)".contains("--power") && "\(error)".contains("tty:/dev/x has no radio"))
      try usual.check(board(radio))
      #expect(
        usual.label(on: radio) == nil && usual.record(of: radio) == nil && usual.refusal(by: radio) == nil)
    }
  }

  @Test("what the radio reads back decides, but for the times that a firmware rounds")
  func readBack() throws {
    let taken = radio(set: 0xa1_1142, reads: 0xa0_1042)
    try asked.check(board(taken))
    #expect(asked.label(on: taken) == "performance" && asked.refusal(by: taken) == nil)
    #expect(asked.record(of: taken) == PowerModeRecord(power: "performance", readBack: 0xa0_1042))
    let other = radio(set: 0xa1_1142, reads: 0x10)
    #expect(asked.label(on: other) == nil)
    #expect(asked.refusal(by: other)?.reason.contains("reads back another one") == true)
    #expect(asked.refusal(by: other)?.blame == .bench)
    #expect(asked.record(of: other)?.readBack == 0x10)
  }

  @Test("a firmware that does not let the mode be set is told; nothing is called by a mode that was not set")
  func notSet() {
    let silent = radio(set: nil, reads: 0xa1_1142)
    #expect(asked.refusal(by: silent)?.reason.contains("does not let it be set") == true)
    #expect(
      usual.label(on: silent) == nil && usual.refusal(by: silent) == nil && usual.record(of: silent) == nil)
  }
}
