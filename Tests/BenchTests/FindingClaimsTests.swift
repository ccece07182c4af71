import Scenarios
import Testing
import Verdicts

@testable import Bench

@Suite("Which findings are looked into")
struct FindingClaimsTests {
  private func finding(_ rule: String) -> BrokenRule {
    let violation = Violation(
      rule: rule, rfc: "5.5", requirement: .must, connection: "main", streamOffset: nil, sentence: "s")
    return BrokenRule(violation: violation, place: "p")
  }

  @Test("a group is looked into by one board at a time, and others beside it")
  func claimed() {
    var claims = FindingClaims()
    #expect(
      claims.claim(finding("a"), in: "1.x") && !claims.claim(finding("a"), in: "1.x")
        && claims.claim(finding("b"), in: "1.x"))
    #expect(Set(claims.claimed.keys) == ["a: p", "b: p"])
    claims.release("a: p")
    #expect(Set(claims.claimed.keys) == ["b: p"] && claims.claim(finding("a"), in: "1.x"))
  }

  @Test("what does not come back is looked into ever more rarely, and never forgotten")
  func flaky() {
    var claims = FindingClaims()
    var looks: [Int] = []
    for sighting in 1...100 where claims.claim(finding("a"), in: "1.x") {
      looks.append(sighting)
      claims.takeFlaky("a: p")
    }
    #expect(looks == [1, 3, 7, 15, 31, 63])
  }

  @Test(
    "a finding is believed when it comes back in 2 of 3 tries, and no try is made that decides nothing",
    arguments: [
      ([true, true], true), ([true, false, true], true), ([false, true, true], true),
      ([false, false], false),
      ([true, false, false], false),
    ])
  func repeats(_ outcomes: [Bool], _ isConfirmed: Bool) {
    var repeats = Repeats(wanted: 2, of: 3)
    for outcome in outcomes {
      #expect(repeats.goesOn)
      repeats.take(isHit: outcome)
    }
    #expect(!repeats.goesOn && repeats.isConfirmed == isConfirmed && repeats.tries == outcomes.count)
  }
}
