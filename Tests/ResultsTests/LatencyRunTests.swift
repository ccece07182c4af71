import Foundation
import Latency
import Results
import Testing
import Traces

@Suite("A latency run: findings, noise, baseline, outcome")
struct LatencyRunTests {
  private static let conditions = LatencyConditions(payloadLength: 16)

  private static func exchange(
    _ index: Int, wire: Int, pieces: Int = 1, gap: Int = 0, acknowledged: UInt64? = nil
  ) -> Exchange {
    let start = UInt64(index + 1) * 1_000_000_000
    return Exchange(
      connection: "main", index: index, payloadLength: 16, handed: start, sent: start + 1_000,
      acknowledged: acknowledged.map { start + $0 }, received: start + 1_000 + UInt64(wire),
      seen: start + 2_000 + UInt64(wire), clientNanoseconds: nil, pieces: pieces, firstPieceLength: 2,
      longestGapNanoseconds: gap)
  }

  private static func measurement(
    _ endpoint: AttemptTrace.Endpoint, _ exchanges: [Exchange],
    _ conditions: LatencyConditions = conditions, rounds: Int = 1
  ) -> LatencyMeasurement {
    var measurement = LatencyMeasurement(conditions: conditions, endpoint: endpoint)
    let perRound = max(1, exchanges.count / rounds)
    measurement.rounds = stride(from: 0, to: exchanges.count, by: perRound).map { start in
      exchanges[start..<min(start + perRound, exchanges.count)].map { TimedExchange($0) }
    }
    measurement.handshakes = [50_000]
    return measurement
  }

  /// A hundred latencies in ten rounds, which rise a little in each.
  private static func latencies(_ level: Int) -> [Int] {
    (0..<100).map { level + $0 % 10 * level / 2_000 + $0 / 10 }
  }

  private static func run(
    device: [Int] = latencies(2_000_000), reference: [Int] = latencies(50_000), kind: BoardKind = .board,
    rounds: Int = 10
  ) -> LatencyRun {
    var run = empty(kind, rounds: rounds)
    run.series = [
      measurement(.device, device.enumerated().map { exchange($0, wire: $1) }, rounds: rounds),
      measurement(.reference, reference.enumerated().map { exchange($0, wire: $1) }, rounds: rounds),
    ]
    return run
  }

  private static func empty(_ kind: BoardKind, rounds: Int = 1) -> LatencyRun {
    var environment = LatencyEnvironment(
      kernel: "Linux 6.1", processor: "x", processorCount: 2, kernelInstants: "receivedAndSent")
    environment.governor = "performance"
    return LatencyRun(
      tool: "wsrig 0.1.0", seed: 1,
      board: BoardRecord(selector: "usb", kind: kind, machine: "Pico", firmware: "1"),
      client: ClientIdentity(path: "c.py", adapter: "a.py", files: [:]), environment: environment,
      startedAt: 0, rounds: rounds, warmUp: 0)
  }

  @Test("a run beside itself shows no difference; one that is 10 % slower is a regression")
  func regression() {
    var run = Self.run()
    let known = LatencyBaseline(run)
    run.baseline = LatencyBaselineReport(run, beside: known, named: "old")
    #expect(run.baseline?.rows.map(\.device.outcome) == [.same] && run.outcome == .allWell)
    var slow = Self.run(device: Self.latencies(2_200_000))
    slow.baseline = LatencyBaselineReport(slow, beside: known, named: "old")
    #expect(slow.baseline?.hasRegressed == true && slow.outcome == .caseFailed)
    let lenient = LatencyBaselineReport(slow, beside: known, named: "old", minimumEffect: 0.2)
    #expect(!lenient.hasRegressed)
  }

  /// A run whose phases, throughput and costs are so many times as large.
  private static func rest(_ factor: Int, rounds: Int = 10) -> LatencyRun {
    var run = run()
    let power = "none"
    let phase = { (endpoint: AttemptTrace.Endpoint, overTLS: Bool, power: String?) in
      PhaseMeasurement(
        endpoint: endpoint, overTLS: overTLS, power: power, phase: .openingHandshake,
        rounds: (0..<rounds).map { [factor * (1_000_000 + $0), factor * (1_000_000 - $0)] })
    }
    run.phases = [phase(.device, false, nil), phase(.device, true, nil), phase(.device, true, power)]
    run.throughputs = [
      ThroughputMeasurement(
        endpoint: .device, overTLS: false, power: nil, direction: .up,
        samples: (0..<rounds).map {
          Throughput(direction: .up, bytes: 131_072, nanoseconds: factor * (1_000_000 + $0 * 1_000))
        })
    ]
    run.costSeries = CostMeasurement.Cost.allCases.map { cost in
      CostMeasurement(cost: cost, power: nil, samples: (0..<rounds).map { factor * (100 + $0 % 3) })
    }
    return run
  }

  private static let restIDs = [
    "phase-openingHandshake", "phase-openingHandshake-tls", "phase-openingHandshake-tls-pm-none",
    "throughput-up",
    "load", "allocations",
  ]

  @Test("phases, throughput and costs fail a run, too, each by itself and under a name of its own: restGates")
  func restGates() {
    let old = LatencyBaseline(Self.rest(1))
    let slow = Self.rest(2)
    let report = LatencyBaselineReport(slow, beside: old, named: "old")
    #expect(report.rows.map(\.id) == ["16B"] + Self.restIDs)
    #expect(report.rows.map(\.device.outcome) == [.same] + Self.restIDs.map { _ in .slower })
    for id in Self.restIDs {
      var one = LatencyBaseline(Self.rest(1))
      one.series = one.series.map { series in
        slow.comparables.first { $0.id == id && series.id == id } ?? series
      }
      let report = LatencyBaselineReport(one, beside: old, named: "old")
      #expect(report.rows.filter { $0.device.outcome == .slower }.map(\.id) == [id])
      #expect(report.outcome(of: .allWell) == .caseFailed)
    }
    let keys = slow.comparables.map { "\($0.id) \($0.endpoint)" }
    #expect(Set(keys).count == keys.count)
  }

  @Test("phases of which a run has too few rounds are named, and leave the others to decide: tooFew")
  func tooFew() {
    let report = LatencyBaselineReport(
      Self.rest(2, rounds: 3), beside: LatencyBaseline(Self.rest(1)), named: "old")
    #expect(report.tooFew == Self.restIDs && report.rows.map(\.id) == ["16B"])
    #expect(report.outcome(of: .allWell) == .allWell)
  }

  @Test("a computer that became slower is taken out where the board is the computer, and only there")
  func drift() {
    let known = LatencyBaseline(Self.run())
    for (kind, expected) in [(BoardKind.simulated, LatencyComparison.Outcome.same), (.board, .slower)] {
      let run = Self.run(device: Self.latencies(2_600_000), reference: Self.latencies(65_000), kind: kind)
      var old = known
      old.board = run.board
      let report = LatencyBaselineReport(run, beside: old, named: "old")
      #expect(report.rows.map(\.device.outcome) == [expected], "\(kind)")
    }
  }

  @Test("too few rounds, and conditions of which the baseline knows nothing, leave the outcome open")
  func inconclusive() {
    let known = LatencyBaseline(Self.run())
    var few = Self.run(rounds: 2)
    few.baseline = LatencyBaselineReport(few, beside: known, named: "old")
    #expect(few.outcome == .inconclusive)
    var other = Self.run()
    other.series = other.series.map { series in
      var copy = series
      copy.conditions.payloadLength = 99
      return copy
    }
    other.baseline = LatencyBaselineReport(other, beside: known, named: "old")
    #expect(other.baseline?.rows.isEmpty == true && other.baseline?.unmatched == ["16B", "99B"])
    #expect(other.outcome == .inconclusive)
  }

  @Test("a baseline of another board is compared with nothing, and says why: otherBoard")
  func otherBoard() {
    var known = LatencyBaseline(Self.run())
    known.board = BoardRecord(selector: "python", kind: .python, machine: "CPython", firmware: "3")
    var run = Self.run()
    run.baseline = LatencyBaselineReport(run, beside: known, named: "old")
    #expect(
      run.baseline?.obstacle?.contains("CPython (python)") == true && run.baseline?.rows.isEmpty == true)
    #expect(run.outcome == .inconclusive)
  }

  @Test("what an older tool has left, without ids and with samples of echoes only, is a baseline of those")
  func olderTool() throws {
    let text = """
      {"series": [{"name": "16B-device", "endpoint": "device", "samplesNanoseconds": [[1, 2], [3]], "conditions":
      {"load": "closed", "payloadLength": 16, "spacingMilliseconds": 0, "overTLS": false, "delivery": "whole"}}],
      "phases": [{"endpoint": "device", "overTLS": false, "phase": "echo", "quantiles": {}}]}
      """
    let known = try JSONDecoder().decode(LatencyBaseline.self, from: Data(text.utf8))
    #expect(known.series.map(\.id) == ["16B"] && known.series.map(\.rounds) == [[[1, 2], [3]]])
    #expect(known.outcome == .allWell && known.board == nil)
  }

  @Test("a client that does not echo has failed; a board that was lost leaves the outcome open")
  func outcomes() {
    var run = Self.run()
    #expect(run.outcome == .allWell)
    run.hasLostBoard = true
    #expect(run.outcome == .inconclusive)
    run.failures = [LatencyFailure(name: "x", blame: .client, reason: "y")]
    #expect(run.outcome == .caseFailed)
  }

  @Test(
    "writes in pieces that wait for an acknowledgement are a finding, with what an acknowledgement at once would do"
  )
  func stall() throws {
    var run = Self.empty(.board)
    let stalled = (0..<40).map { Self.exchange($0, wire: 44_000_000, pieces: 3, gap: 41_000_000) }
    run.series = [Self.measurement(.device, stalled)]
    run.controls = [Self.conditions: 900_000]
    let finding = try #require(LatencyFinding.all(of: run).first)
    #expect(finding.kind == .stalledWrites && finding.conditions == "16B")
    for words in ["40 of 40", "Nagle", "first 2 bytes", "41.0 ms", "0.9 ms", "TCP_NODELAY"] {
      #expect(finding.sentence.contains(words), "\(finding.sentence)")
    }
    // One that waits between its writes by itself does so whatever the server's TCP does: waitsByItself.
    run.controls = [Self.conditions: 43_000_000]
    let own = try #require(LatencyFinding.all(of: run).first)
    #expect(own.kind == .piecewiseWrites && !own.sentence.contains("TCP_NODELAY"), "\(own.sentence)")
    // Pieces of a long message come apart too, without waiting; a slow client in one piece is no stall.
    let pieces = (0..<40).map { Self.exchange($0, wire: 44_000_000, pieces: 3, gap: 900_000) }
    let slow = (0..<40).map { Self.exchange($0, wire: 44_000_000) }
    #expect(WriteStall(pieces) == nil && WriteStall(slow) == nil && WriteStall([]) == nil)
    #expect(WriteStall(Array(stalled.prefix(19)) + slow) == nil)
  }

  @Test(
    "held acknowledgements, a late schedule, few samples, a busy computer and refused stamps are findings")
  func others() {
    var run = Self.empty(.board)
    let late = (0..<10).map { Self.exchange($0, wire: 60_000_000, acknowledged: 40_000_000) }
    var open = Self.measurement(
      .device, late, LatencyConditions(load: .open, payloadLength: 1, spacingMilliseconds: 10))
    open.rounds = [
      late.map {
        TimedExchange(
          $0, due: $0.handed &- 3_000_000, ownLatenessNanoseconds: $0.index < 4 ? 2_500_000 : 1_000)
      }
    ]
    run.series = [open]
    run.environment.kernelInstants = "received"
    run.environment.loadAtEnd = 5.04
    run.environment.governor = "powersave"
    let findings = LatencyFinding.all(of: run)
    #expect(
      findings.contains {
        $0.sentence.contains("1 round is too few") && $0.sentence.contains("6 are the least")
      })
    #expect(
      Set(findings.map(\.kind)) == [
        .delayedAcknowledgements, .lateSchedule, .fewSamples, .noKernelInstants, .busyComputer, .governor,
      ])
    #expect(
      findings.contains {
        $0.kind == .lateSchedule && $0.sentence.contains("10 of 10 messages")
          && $0.sentence.contains("4 of them")
      })
    #expect(LatencyFinding.all(of: Self.run()).isEmpty)
  }

  @Test("the rig's noise is the reference's: its level, its tail, and how far its rounds lie apart")
  func noise() throws {
    var reference = Self.measurement(.reference, [])
    reference.rounds = [[50_000, 52_000, 54_000], [60_000, 62_000, 64_000]].map { round in
      round.enumerated().map { TimedExchange(Self.exchange($0, wire: $1)) }
    }
    let noise = try #require(LatencyNoise(reference))
    #expect(noise.driftNanoseconds == 10_000 && noise.conditions == "16B")
    #expect(LatencyNoise(Self.measurement(.reference, [])) == nil)
    // One round does not tell how far rounds lie apart.
    reference.rounds.removeLast()
    let alone = try #require(LatencyNoise(reference))
    #expect(alone.driftNanoseconds == nil && alone.p99Nanoseconds == nil)
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(alone)) as? [String: Any]
    #expect(json?["driftNanoseconds"] is NSNull && json?["p99Nanoseconds"] is NSNull)
  }

  @Test(
    "an open load is corrected by its schedule, a closed one with a spacing by that, one without by nothing")
  func corrections() throws {
    let exchanges = (0..<10).map { Self.exchange($0, wire: 1_000_000) }
    let closed = try #require(SeriesSummary(Self.measurement(.device, exchanges)))
    #expect(closed.corrected == nil)
    var open = Self.measurement(
      .device, exchanges, LatencyConditions(load: .open, payloadLength: 16, spacingMilliseconds: 10))
    open.rounds = [exchanges.map { TimedExchange($0, due: $0.handed &- ($0.index == 9 ? 500_000_000 : 0)) }]
    let corrected = try #require(SeriesSummary(open)?.corrected)
    #expect(corrected.count == 10 && corrected.maxNanoseconds > 500_000_000)
    #expect(SeriesSummary(open)?.raw.maxNanoseconds ?? .max < 1_100_000)
    let stall = exchanges.dropLast() + [Self.exchange(9, wire: 50_000_000)]
    let spaced = try #require(
      SeriesSummary(
        Self.measurement(.device, Array(stall), LatencyConditions(payloadLength: 16, spacingMilliseconds: 9)))
    )
    #expect(spaced.corrected?.count == 14, "one after 10 ms each was left out: 40, 30, 20, 10 ms")
    #expect(SeriesSummary(Self.measurement(.device, [])) == nil)
  }
}
