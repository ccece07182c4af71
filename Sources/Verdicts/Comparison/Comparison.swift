import Scenarios
import Traces

public struct Comparison: Sendable {
  public var differences: [Difference] = []
  init(case: Case, device: AttemptTrace, reference: AttemptTrace, violations: [Violation]) {}
}
