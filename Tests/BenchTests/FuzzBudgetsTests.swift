import Testing

@testable import Bench

@Suite("What a fuzzing run may spend")
struct FuzzBudgetsTests {
  @Test(
    "what lasts until a deadline each time was not made smaller: ten seconds were over after some executions")
  func shrinking() {
    let budget = ShrinkingBudget()
    let fewest = budget.fewestExecutions
    #expect(fewest >= 20 && fewest < budget.executions)
    #expect(budget.allowsMore(after: fewest - 1, .seconds(600)))
    #expect(!budget.allowsMore(after: fewest, .seconds(600)))
    #expect(budget.allowsMore(after: fewest, .seconds(1)))
    #expect(!budget.allowsMore(after: budget.executions, .seconds(1)))
    var small = budget
    small.executions = 5
    #expect(!small.allowsMore(after: 5, .seconds(600)))
  }

  @Test(
    "behind its time a run begins nothing, and confirms what it saw for ten seconds, not for as long as that takes"
  )
  func time() {
    let time = FuzzTime(most: .seconds(60))
    #expect(time.begins(after: .seconds(59)) && !time.begins(after: .seconds(60)))
    #expect(time.confirms(after: .seconds(69)) && !time.confirms(after: .seconds(70)))
    #expect(FuzzTime(most: nil).begins(after: .seconds(1_000_000)))
    #expect(FuzzTime(most: nil).confirms(after: .seconds(1_000_000)))
  }
}
