import Scenarios
import Testing
import Verdicts

@Suite("The list of rules")
struct RuleListTests {
  /// The sections of RFC 6455 and RFC 7692 that hold requirements for a client's bytes or behaviour.
  static let sections: Set<String> = [
    "3", "4.1", "5.1", "5.2", "5.3", "5.4", "5.5", "5.5.1", "5.5.2", "5.5.3", "5.6", "6.1", "6.2", "7.1.1",
    "1.4", "7.1.2", "7.1.4",
    "7.1.5", "7.1.6", "7.1.7", "7.4", "7.4.1", "8.1", "10.4", "", "RFC 7692 7.1", "RFC 7692 7.2.1",
  ]

  @Test("ids are unique and readable")
  func ids() {
    let ids = Rule.all.map(\.id)
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" } })
  }

  @Test("sections exist, and only rules of our own have none")
  func sectionsExist() {
    for rule in Rule.all {
      #expect(Self.sections.contains(rule.rfc), "\(rule.id)")
      let isOwn = rule.requirement == .quality || rule.id == "optional-only-unsupported"
      #expect(!rule.rfc.isEmpty || isOwn, "\(rule.id)")
      #expect(rule.title.hasSuffix("."), "\(rule.id)")
    }
  }

  @Test("every rule is shown to be broken by a trace")
  func everyRuleFires() {
    let examples =
      BrokenFrameTests.frames + BrokenFrameTests.sends + BrokenFrameTests.pings + BrokenMessageTests.messages
      + BrokenMessageTests.failures + BrokenMessageTests.closings + BrokenMessageTests.endings
      + BrokenOpeningTests.requests + BrokenOpeningTests.answers + ToldOnceTests.told
      + DeflateTests.broken + ResourceRulesTests.examples + TLSRulesTests.broken
    // An unlawful answer that is taken has a test of its own.
    let shown = Set(examples.flatMap { $0.attempt.violations.map(\.rule) } + ["opening-refused"])
    #expect(Set(Rule.all.map(\.id)).subtracting(shown) == [])
  }
}
