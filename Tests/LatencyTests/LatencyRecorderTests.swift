import Latency
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@Suite("The latency recorder")
struct LatencyRecorderTests {
  /// Echoes of that length, one for each round trip in nanoseconds.
  private func attempt(
    _ roundTrips: [UInt64], length: Int = 8, endpoint: AttemptTrace.Endpoint = .device
  ) -> AttemptTrace {
    var wire = WireBuilder()
    for nanoseconds in roundTrips {
      let sent = wire.now
      wire.server(.binary, [UInt8](repeating: 7, count: length))
      wire.client(.binary, [UInt8](repeating: 7, count: length), kernelInstant: sent + nanoseconds)
    }
    return AttemptTrace(endpoint: endpoint, connections: [wire.trace], client: ClientTrace())
  }

  private func isNear(_ value: Int, _ expected: Int) -> Bool {
    // Three significant digits, in steps of at least 256 ns.
    abs(value - expected) <= max(256, expected / 1000)
  }

  @Test("percentiles of 1 to 1000 microseconds")
  func percentiles() throws {
    var recorder = LatencyRecorder(.run)
    recorder.record(attempt((1...1000).map { $0 * 1000 }))
    let series = try #require(recorder.summary.series.first { $0.payloadLength == nil })
    #expect(series.count == 1000)
    let seen = [
      series.minNanoseconds, series.meanNanoseconds, series.p50Nanoseconds, series.p90Nanoseconds,
      series.p99Nanoseconds, series.p999Nanoseconds, series.maxNanoseconds,
    ]
    let expected = [1_000, 500_500, 500_000, 900_000, 990_000, 999_000, 1_000_000]
    for (value, wanted) in zip(seen, expected) { #expect(isNear(value, wanted), "\(value), not \(wanted)") }
  }

  @Test("one series for all sizes, one for each size, for each endpoint")
  func sizes() {
    var recorder = LatencyRecorder(.run)
    recorder.record(attempt([10_000, 20_000], length: 8))
    recorder.record(attempt([30_000], length: 2000))
    recorder.record(attempt([40_000], length: 8, endpoint: .reference))
    let series = recorder.summary.series
    #expect(series.map(\.endpoint) == [.device, .reference, .device, .reference, .device])
    #expect(series.map(\.payloadLength) == [nil, nil, 8, 8, 2000])
    #expect(series.map(\.count) == [3, 1, 2, 1, 1])
    #expect(series.allSatisfy { $0.measure == .roundTrip })
    #expect(isNear(series[0].maxNanoseconds, 30_000) && isNear(series[0].minNanoseconds, 10_000))
  }

  @Test("longer than a minute counts as a minute")
  func clamp() throws {
    var recorder = LatencyRecorder(.run)
    recorder.record(attempt([61_000_000_000, 500_000_000_000]))
    let series = try #require(recorder.summary.series.first)
    #expect(series.count == 2)
    #expect(isNear(series.maxNanoseconds, 60_000_000_000), "\(series.maxNanoseconds)")
  }

  @Test("nothing recorded, nothing told")
  func empty() {
    var recorder = LatencyRecorder(.run)
    recorder.record(attempt([]))
    #expect(recorder.summary == LatencySummary())
  }
}
