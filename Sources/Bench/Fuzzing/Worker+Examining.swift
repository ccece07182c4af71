import Scenarios
import Verdicts

extension Worker {
  /// Runs a case for a judgement without its author's expectations. What the reference broke counts if it breaks it a second time: a
  /// busy computer may have held it up.
  func examine(
    _ testCase: Case, _ tokens: AttemptTokens, hasReference: Bool, after level: Isolation? = nil
  ) async -> Execution {
    var execution = await execute(
      testCase, tokens: tokens.ofNextCase(), hasReference: hasReference, after: level)
    guard let broken = execution.reference?.broken, !broken.isEmpty else { return execution }
    let again = await execute(testCase, tokens: tokens.ofNextCase(), hasReference: true)
    let groups = Set((again.reference?.broken ?? []).map(\.group))
    execution.reference?.broken = broken.filter { groups.contains($0.group) }
    return execution
  }
}
