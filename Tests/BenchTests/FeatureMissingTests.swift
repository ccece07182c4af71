import Scenarios
import Steps
import Testing
import Traces

@testable import Bench

@Suite("Cases that a client's adapter has not the features for")
struct FeatureMissingTests {
  private let plain = Case.calibration

  private func connecting(_ connect: ConnectStep) -> Case {
    var testCase = plain
    testCase.scenario.client = ClientScript([.connect(connect), .echo()])
    return testCase
  }

  @Test("a case about compression, or over TLS, needs the feature; the first that is missing is named")
  func missing() {
    let compressed = connecting(ConnectStep(compression: true))
    #expect(compressed.featureMissing(from: ["headers"]) == .compression)
    #expect(compressed.featureMissing(from: ["compression"]) == nil)
    #expect(plain.overTLS.featureMissing(from: ["compression"]) == .tls)
    #expect(plain.overTLS.featureMissing(from: ["tls"]) == nil)
  }

  @Test("what only a part of a scenario needs is left to the agent")
  func parts() {
    #expect(plain.featureMissing(from: []) == nil)
    #expect(connecting(ConnectStep(subprotocols: ["chat"])).featureMissing(from: []) == nil)
  }
}
