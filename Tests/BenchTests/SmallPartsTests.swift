import BoardLink
import Scenarios
import Steps
import Testing
import Traces
import Verdicts

@testable import Bench

@Suite("Pace, tokens, meetings")
struct SmallPartsTests {
  @Test("the pace is never less than the unmeasured one, grows with the client's, and has an end")
  func pace() {
    let base = Pace.unmeasured
    #expect(Pace(calibration: .zero) == base && Pace(calibration: .milliseconds(400)) == base)
    let twice = Pace(calibration: .milliseconds(800))
    #expect(twice.patience == base.patience * 2 && twice.silence == base.silence * 2)
    let slow = Pace(calibration: .seconds(3600))
    #expect(slow.patience == base.patience * 30 && slow.silence == base.silence * 8)
    #expect(base.stretched(by: 5).longestPatience == base.longestPatience * 5)
    #expect(base.slowness == 1 && twice.slowness == 2 && twice.stretched(by: 5).slowness == 10)
  }

  @Test("the silence before an interrupt holds the heartbeats that prove a hang")
  func silence() {
    #expect(Pace.unmeasured.silence > Pace.heartbeat * Pace.provingHeartbeats)
  }

  @Test("tokens: the same for the same seed, never twice, letters and digits, none the beginning of another")
  func tokens() {
    func some(_ seed: UInt64) -> [String] {
      let tokens = AttemptTokens(seed: seed)
      return (0..<500).map { _ in tokens.next() }
    }
    let tokens = some(7)
    #expect(tokens == some(7))
    #expect(tokens != some(8))
    #expect(Set(tokens).count == tokens.count)
    #expect(tokens.allSatisfy { $0.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x61 < 26 } })
    let sorted = tokens.sorted()
    #expect(zip(sorted, sorted.dropFirst()).allSatisfy { !$1.hasPrefix($0) })
  }

  @Test("tokens of a case: the same however often other cases are attempted, and nobody else's")
  func tokensOfCases() {
    func some(attempts: Int) -> [[String]] {
      let tokens = AttemptTokens(seed: 7)
      _ = tokens.next()
      return (0..<200).map { number in
        let own = tokens.ofNextCase()
        return (0..<(number == 0 ? attempts : 3)).map { _ in own.next() }
      }
    }
    let all = some(attempts: 3)
    #expect(all.dropFirst() == some(attempts: 9).dropFirst())
    let flat = all.flatMap(\.self) + [AttemptTokens(seed: 7).next()]
    #expect(Set(flat).count == flat.count)
    #expect(flat.allSatisfy { $0.utf8.allSatisfy { $0 &- 0x30 < 10 || $0 &- 0x61 < 26 } })
    let sorted = flat.sorted()
    #expect(zip(sorted, sorted.dropFirst()).allSatisfy { !$1.hasPrefix($0) })
  }

  @Test("traces are kept for further runs as far as there is room")
  func thrift() {
    let thrift = RunThrift()
    func trace(bytes: Int) -> AttemptTrace {
      let stream = CapturedStream(bytes: [UInt8](repeating: 0, count: bytes))
      return AttemptTrace(
        endpoint: .reference,
        connections: [
          ConnectionTrace(name: "main", token: "t", events: [], clientStream: stream, serverStream: stream)
        ], client: ClientTrace())
    }
    func numbered(_ number: Int) -> Case {
      var scenario = Case.calibration.scenario
      scenario.id = "\(number)"
      return Case(scenario: scenario)
    }
    for number in 0..<20 { thrift.keep(trace(bytes: 1 << 20), of: numbered(number)) }
    let kept = (0..<20).filter { thrift.trace(of: numbered($0)) != nil }
    #expect(kept == Array(0..<8))
    thrift.keep(trace(bytes: 0), of: numbered(30))
    #expect(thrift.trace(of: numbered(30)) != nil)
  }

  @Test(
    "those who meet wait for the last; nobody waits any more when it is broken up", .timeLimit(.minutes(1)))
  func meeting() async {
    let meeting = Meeting(parties: 3)
    let arrived = Flag()
    await withTaskGroup { group in
      for _ in 0..<2 {
        group.addTask {
          await meeting.arrive()
          #expect(arrived.isRaised)
        }
      }
      group.addTask {
        arrived.raise()
        await meeting.arrive()
      }
    }
    let broken = Meeting(parties: 2)
    async let waiting: Void = broken.arrive()
    broken.breakUp()
    await waiting
    await broken.arrive()
  }
}

@Suite("The outcome of the device's part")
struct DeviceOutcomeTests {
  private let testCase = Case.calibration
  private let failure = BoardFailure(board: "sim", .notOpened("gone"))
  private let reference = AttemptTrace(endpoint: .reference, connections: [], client: ClientTrace())

  private func traced(
    _ ending: ClientTrace.Ending, connections: [ConnectionTrace] = [], overInTime: Bool = true,
    lingeringTurns: Int? = nil
  ) -> DeviceOutcome {
    var client = ClientTrace(ending: ending)
    (client.wasOverInTime, client.lingeringTurns) = (overInTime, lingeringTurns)
    return .traced(AttemptTrace(endpoint: .device, connections: connections, client: client))
  }

  /// A connection on which these things happened behind a request, and these bytes came at last.
  private func connection(_ wire: [WireEvent.Kind], _ later: [UInt8] = []) -> ConnectionTrace {
    let head = Array("GET / HTTP/1.1\r\n\r\n".utf8)
    let events = [.received(count: head.count)] + wire
    return ConnectionTrace(
      name: "main", token: "t",
      events: events.map { WireEvent(instantNanoseconds: 0, kernelInstantNanoseconds: nil, kind: $0) },
      clientStream: CapturedStream(bytes: head + later), serverStream: CapturedStream(bytes: []),
      requestHeadLength: head.count, responseHeadLength: nil)
  }

  @Test("only what says nothing about the client is run again")
  func rerun() {
    #expect(traced(.unusable(detail: "cut")).needsRerun(of: testCase))
    #expect(
      DeviceOutcome.lost(failure).needsRerun(of: testCase)
        && DeviceOutcome.unusable("x").needsRerun(of: testCase))
    #expect(
      !traced(.completed).needsRerun(of: testCase)
        && !traced(.hung(detail: "main[0]")).needsRerun(of: testCase))
    #expect(
      !DeviceOutcome.quarantined(failure).needsRerun(of: testCase)
        && !DeviceOutcome.boardLost(failure).needsRerun(of: testCase))
  }

  @Test(
    "a client that was still at work when the server gave up gets more time; one that came to nothing, or hung, does not"
  )
  func late() {
    func traced(_ later: [UInt8], _ ending: ClientTrace.Ending = .completed) -> DeviceOutcome {
      self.traced(
        ending, connections: [connection([.deadlinePassed(index: 0), .received(count: later.count)], later)])
    }
    #expect(traced([0x81, 0x81, 0, 0, 0, 0, 0x61]).needsRerun(of: testCase))
    #expect(traced([0x81, 0xFE]).needsRerun(of: testCase), "a part of a frame shows it too")
    #expect(!traced([]).needsRerun(of: testCase))
    #expect(
      !traced([0x88, 0x80, 0, 0, 0, 0]).needsRerun(of: testCase), "a Close answers the end of the stream")
    #expect(!traced([0x81, 0xFE], .hung(detail: "main[0]")).needsRerun(of: testCase))
  }

  @Test("a connection that came after the server had given up waiting for it gets another attempt")
  func lacksConnection() {
    #expect(traced(.completed, overInTime: false).needsRerun(of: testCase))
    #expect(!traced(.completed).needsRerun(of: testCase), "the client's steps were over: none was to come")
    #expect(!traced(.hung(detail: "main[0]"), overInTime: false).needsRerun(of: testCase))
  }

  @Test("a connection left open is held against a client whose board is known to have run meanwhile")
  func leftOpen() {
    func leaving(_ wire: [WireEvent.Kind], turns: Int?) -> Bool {
      traced(.completed, connections: [connection(wire)], lingeringTurns: turns).needsRerun(of: testCase)
    }
    let gaveUp = WireEvent.Kind.deadlinePassed(index: 0)
    #expect(leaving([gaveUp], turns: Pace.provingTurns - 1))
    #expect(!leaving([gaveUp], turns: Pace.provingTurns))
    #expect(!leaving([gaveUp], turns: nil), "nothing turns beside a blocking client")
    #expect(!leaving([gaveUp, .receivedEnd], turns: 1))
    #expect(!leaving([], turns: 1), "the server did not wait for it")
  }

  @Test("a board that did not run for a while is no proof that its client left a connection open")
  func starvedKosmeSplit2() {
    func starved(for gap: Duration) -> Bool {
      var client = ClientTrace()
      client.heartbeat = ClientTrace.Heartbeat(
        periodMicroseconds: 10_000, count: 2, longestGapMicroseconds: Int(gap / .microseconds(1)),
        countSinceLastEvent: 0)
      let trace = AttemptTrace(
        endpoint: .device, connections: [connection([.deadlinePassed(index: 3)])], client: client)
      return DeviceOutcome.traced(trace).needsRerun(of: testCase)
    }
    #expect(starved(for: .milliseconds(544)))
    #expect(!starved(for: .milliseconds(11)))
  }

  @Test("a failure of the bench is inconclusive, with its reason")
  func inconclusive() {
    for outcome in [DeviceOutcome.lost(failure), .quarantined(failure), .unusable("\(failure)")] {
      let judgement = outcome.judgement(of: testCase, reference: reference)
      #expect(judgement.verdict == .inconclusive)
      #expect(judgement.reason?.contains("gone") == true)
    }
    let cut = traced(.unusable(detail: "cut")).judgement(of: testCase, reference: reference)
    #expect(cut.verdict == .inconclusive && cut.reason == "cut")
  }

  @Test("a board lost twice in one case, while it runs another, is the client's failure")
  func boardLost() {
    let judgement = DeviceOutcome.boardLost(failure).judgement(of: testCase, reference: reference)
    #expect(judgement.verdict == .failed)
    #expect(judgement.violations.map(\.rule) == ["board-lost"])
    #expect(judgement.reason?.hasPrefix("boardLost") == true)
  }

  @Test("a trace is judged")
  func judged() {
    let judgement = traced(.hung(detail: "interrupted in main[0]")).judgement(
      of: testCase, reference: reference)
    #expect(judgement.verdict == .failed)
    #expect(judgement.violations.contains { $0.rule == "client-hung" })
  }
}
