import Latency
import Scenarios
import Steps
import Testing

@testable import Bench

@Suite("The cases of a latency run")
struct LatencyCasesTests {
  private let cases = LatencyCases(seed: 1)

  private func pauses(_ conditions: LatencyConditions, warmUp: Int, count: Int) -> [Int] {
    let steps = cases.echoes(conditions, warmUp: warmUp, count: count).scenario.server.connections[0].steps
    return steps.indices.filter { if case .pause = steps[$0] { true } else { false } }
  }

  @Test("only messages that count are spaced, and nobody waits behind the last: spacedWarmUp")
  func spacing() {
    let far = LatencyConditions(load: .closed, payloadLength: 16, spacingMilliseconds: 5000)
    #expect(pauses(far, warmUp: 2, count: 3) == [4, 7, 10])
    #expect(LatencyPlan(conditions: [far]).count(under: far) == 4)
    let near = LatencyConditions(load: .closed, payloadLength: 16, spacingMilliseconds: 0)
    #expect(pauses(near, warmUp: 2, count: 3).isEmpty)
  }

  @Test("what is measured over TLS is measured over TLS: loadInClear")
  func overTLS() {
    #expect(cases.load(overTLS: true).scenario.speaksTLS && cases.costs(overTLS: true).scenario.speaksTLS)
    #expect(!cases.load(overTLS: false).scenario.speaksTLS && !cases.costs(overTLS: false).scenario.speaksTLS)
  }
}
