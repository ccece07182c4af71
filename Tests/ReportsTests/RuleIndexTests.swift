import Foundation
import Reports
import Results
import Scenarios
import TestSupport
import Testing
import Verdicts

@Suite("The rule index")
struct RuleIndexTests {
  private let index: RuleIndex

  init() throws {
    let file = Repository.fixtures.appending(path: "rules/rfc6455.json")
    index = try RuleIndex(json: Data(contentsOf: file))
  }

  @Test(
    "has an entry for each occurrence of a keyword: as many in each section as were counted there, without a gap"
  )
  func complete() {
    let counted = index.sections.filter { $0.count > 0 }
    #expect(Set(index.sections.map(\.section)).count == index.sections.count)
    var rest = index.entries[...]
    for section in counted {
      let entries = rest.prefix { $0.section == section.section }
      #expect(entries.map(\.ordinal) == Array(1...section.count), "\(section.section)")
      rest = rest.dropFirst(entries.count)
    }
    #expect(rest.isEmpty, "the order is that of the sections")
    #expect(index.entries.count == index.sections.map(\.count).reduce(0, +))
  }

  @Test("counts every section from 3 to 11, in order")
  func sections() {
    let numbers = index.sections.map { $0.section.split(separator: ".").compactMap { Int($0) } }
    for (first, second) in zip(numbers, numbers.dropFirst()) {
      #expect(first.lexicographicallyPrecedes(second), "\(first) \(second)")
    }
    let known = RFC6455.sections.filter {
      (3...11).contains(Int($0.prefix { $0 != "." }) ?? 0) && !$0.hasPrefix("8.2")
    }
    let missing = known.filter { !index.sections.map(\.section).contains($0) }
    #expect(missing == [])
  }

  @Test("says in our words what each entry demands")
  func paraphrases() {
    for entry in index.entries {
      #expect(entry.paraphrase.hasSuffix(".") && entry.paraphrase.first?.isUppercase == true, "\(entry.id)")
      #expect(entry.paraphrase.count <= 140, "\(entry.id)")
      // A keyword in it would be the RFC's sentence.
      #expect(!RuleIndex.Keyword.allCases.contains { entry.paraphrase.contains($0.rawValue) }, "\(entry.id)")
    }
  }

  @Test("what binds a client names its scenarios, or says why there is none; nothing else does")
  func scenariosOrReason() {
    for entry in index.entries {
      let hasScenarios = entry.scenarios?.isEmpty == false
      let hasReason = entry.reason?.isEmpty == false
      if entry.bindsClient {
        #expect(hasScenarios != hasReason, "\(entry.id)")
        #expect(hasScenarios == !entry.allRules.isEmpty, "\(entry.id): by which rule is it judged?")
      } else {
        #expect(entry.scenarios == nil && entry.allRules.isEmpty && entry.reason == nil, "\(entry.id)")
      }
    }
  }

  @Test("the scenarios and rules that it names exist")
  func names() {
    let scenarios = Catalogue.all.map(\.id)
    let rules = Set(Rule.all.map(\.id))
    for pattern in Set(index.entries.flatMap { $0.scenarios ?? [] }) {
      #expect(scenarios.contains(where: Glob(pattern).matches), "\(pattern)")
    }
    for rule in Set(index.entries.flatMap(\.allRules)) { #expect(rules.contains(rule), "\(rule)") }
  }

  @Test("every rule of the judge that cites a section of it is named by an entry")
  func rulesAreNamed() {
    let named = Set(index.entries.flatMap(\.allRules))
    let demanding = Rule.all.filter { $0.requirement == .must && RFC6455.sections.contains($0.rfc) }.map(\.id)
    #expect(Set(demanding).subtracting(named) == [])
  }

  @Test("fixtures/rules/COVERAGE.md is up to date; scripts/rule-coverage writes it")
  func table() throws {
    #expect(try Golden.difference(RuleTable.markdown(of: index), "../rules/COVERAGE.md") == nil)
  }

  @Test("the coverage of a run counts what was tested, kept and broken")
  func coverage() throws {
    let coverage = try #require(SampleRun.run.ruleCoverage)
    #expect(
      coverage.count == 3 && coverage.withScenarios == 2 && coverage.tested == 2 && coverage.broken == 1)
    let counts = coverage.rows.map { [$0.ran, $0.passed, $0.failed] }
    // An inconclusive case and an unsupported one say nothing; a rule that is not the entry's is not held against it.
    #expect(counts == [[2, 1, 1], [1, 1, 0], [0, 0, 0]])
  }

  @Test("a rule that is judged everywhere counts in any case, another one in the entry's own scenarios only")
  func everywhere() throws {
    func failed(_ rules: String) throws -> Int {
      let text = """
        {"schemaVersion": 1, "sections": [], "entries": [{"section": "5.6", "ordinal": 1, "keyword": "MUST", "role": "both",
         "paraphrase": "It is so.", "scenarios": ["1.passed"], \(rules): ["close-answered"]}]}
        """
      let coverage = RuleCoverage(try RuleIndex(json: Data(text.utf8)), cases: SampleRun.run.cases)
      return coverage.rows[0].failed
    }
    #expect(try failed("\"everywhere\"") == 1)
    #expect(try failed("\"rules\"") == 0)
  }

  /// One reserved bit overlooked was counted as all demands broken that the case tests: to close after failing, to process nothing more.
  @Test func anOverlookedBitBreaksItsOwnDemandsOnly() throws {
    let scenario = try #require(Catalogue.all.first { $0.id == "3.after-message-rsv-4" })
    let overlooked = Violation(
      rule: "violation-fails-connection", rfc: "5.2", requirement: .must, connection: "main",
      sentence: "It is.")
    let result = CaseResult(
      case: Case(scenario: scenario), judgement: Judgement(verdict: .failed, violations: [overlooked]),
      attempts: 1, durationSeconds: 1, device: nil, reference: nil)
    let coverage = RuleCoverage(index, cases: [result])
    let broken = coverage.rows.filter { $0.failed > 0 }.map(\.entry)
    #expect(coverage.tested == 5)
    // The last is that all input is validated.
    #expect(broken.map(\.section) == ["5.2", "5.2", "10.7"])
  }

  /// What a client is made to do is counted where it was said to be tested: whole chapters stood in no entry.
  @Test func everyMustScenarioOfRFC6455IsNamedByAnEntryOfTheSectionThatItCites() {
    let bindingSections = Set(index.entries.filter(\.bindsClient).map(\.section))
    var used: Set<String> = []
    for scenario in Catalogue.all
    where scenario.requirement == .must && RFC6455.sections.contains(scenario.rfc) {
      let naming = Set(index.entries.filter { $0.isTested(by: scenario.id) }.map(\.section))
      if naming.contains(scenario.rfc) { continue }
      let home = Self.homes.first { $0.section == scenario.rfc && Glob($0.pattern).matches(scenario.id) }
      guard let home else {
        let what = bindingSections.contains(scenario.rfc) ? "" : ", which has no entry that binds clients"
        Issue.record("\(scenario.id) is named by no entry of section \(scenario.rfc)\(what)")
        continue
      }
      used.insert("\(home.section) \(home.pattern)")
      #expect(!naming.isDisjoint(with: home.sections), "\(scenario.id): \(home.why)")
    }
    let stale = Self.homes.map { "\($0.section) \($0.pattern)" }.filter { !used.contains($0) }
    #expect(stale == [])
  }

  /// Scenarios that the section which they cite demands nothing of, and the sections whose demands they test.
  private static let homes: [(section: String, pattern: String, sections: Set<String>, why: String)] = [
    (
      "3", "*", ["4.1"],
      "section 3 demands that a URL has no fragment; section 4.1 what is done with the rest"
    ),
    ("4.1", "0.content-after-101", ["5.2"], "what follows the head is a frame with reserved bits"),
    ("5.5.1", "7.reason-invalid-*", ["8.1"], "that a reason is UTF-8 is demanded by section 8.1 alone"),
    ("5.5.3", "*", ["5.5.2", "6.2"], "its sentences on Pongs have no demand of their own"),
    ("5.6", "*binary*", ["6.2"], "its one demand is about text; section 6.2 has the type of a message noted"),
    ("7.1.4", "*", ["5.5.1", "7.1.2", "7.2.1"], "it defines what closed means"),
    ("7.1.5", "*", ["5.5.1", "7.2.1"], "it defines the code that is reported"),
    ("7.4", "*", ["5.5.1"], "it only introduces the codes"),
    ("7.4.1", "7.client-code-*-refused", ["5.5.1"], "its demands are about 1005, 1006 and 1015 only"),
    ("8.1", "6.kosme-split-*", ["5.6"], whyLawfulText),
    ("8.1", "6.fragments-*inside*", ["5.6"], whyLawfulText),
    ("8.1", "6.ping*-inside-code-point", ["5.6"], whyLawfulText),
    ("8.1", "6.slow-code-point", ["5.6"], whyLawfulText),
    ("8.1", "12.code-points-in-fragments-*", ["5.6"], whyLawfulText),
    ("8.1", "12.text-split-in-blocks", ["5.6"], whyLawfulText),
    ("9.1", "13.not-offered", ["4.1"], whyUnasked), ("9.1", "13.refused-*", ["4.1"], whyUnasked),
    ("9.1", "13.spelled-*", ["9"], "what is lawful by the grammar is not what its demands are about"),
  ]
  private static let whyLawfulText =
    "section 8.1 demands to fail on bad text only; this is good, by section 5.6"
  private static let whyUnasked = "an extension that was not asked for is refused by section 4.1"

  /// Patterns for whole chapters let frames that fail the connection stand for messages that were exchanged.
  @Test func aScenarioThatFailsTheConnectionTestsNoDemandOnWhatIsLawful() {
    let telling = Set(Rule.all.filter { [.failing, .closing].contains($0.topic) }.map(\.id)).union([
      "message-after-violation", "client-hung", "client-close-payload",
    ])
    for scenario in Catalogue.all where scenario.expected.failure == true {
      for entry in index.entries where entry.isTested(by: scenario.id) {
        #expect(!telling.isDisjoint(with: entry.allRules), "\(entry.id) of \(scenario.id)")
      }
    }
  }

  /// No message crosses the wire in it, yet sending and receiving messages counted as tested, and the length of control frames did not.
  @Test func aPingOf2GiBTestsTheLengthOfControlFrames() {
    let tested = index.entries.filter { $0.isTested(by: "1.length-ping-2-gib") }.map(\.id)
    #expect(tested == ["5.5 #1", "7.1.7 #1", "7.1.7 #3", "10.7 #1"])
  }

  /// A control frame that is too long counted as a fragmented one.
  @Test(arguments: ["2.ping-65536", "2.ping-too-long-16-bit", "1.length-ping-2-gib", "7.reason-too-long"])
  func aLongControlFrameTakenIsNoFragmentedOne(id: String) throws {
    let broken = try broken(in: id, "violation-fails-connection", citing: "5.5")
    #expect(broken.contains("5.5 #1") && Set(broken).isSubset(of: ["5.5 #1", "10.7 #1"]))
  }

  /// A code that an application may not send counted as each of the three that may not be sent.
  @Test func theCode1006SentBreaksTheDemandOnThatCodeOnly() throws {
    let broken = try broken(in: "7.client-code-1006-refused", "client-close-payload", citing: "5.5.1")
    #expect(broken == ["5.5.1 #1", "7.4.1 #2"])
  }

  /// The entries that a breach of a rule in a scenario breaks.
  private func broken(in id: String, _ rule: String, citing section: String) throws -> [String] {
    let scenario = try #require(Catalogue.all.first { $0.id == id })
    let violation = Violation(
      rule: rule, rfc: section, requirement: .must, connection: "main", sentence: "It is.")
    let result = CaseResult(
      case: Case(scenario: scenario), judgement: Judgement(verdict: .failed, violations: [violation]),
      attempts: 1, durationSeconds: 1, device: nil, reference: nil)
    return RuleCoverage(index, cases: [result]).rows.filter { $0.failed > 0 }.map(\.entry.id)
  }

  /// A scenario that leaves it open whether a header is malformed proves no demand.
  @Test func aDisputedScenarioProvesNothingOfMalformedExtensions() throws {
    let entry = try #require(index.entries.first { $0.id == "9.1 #1" })
    let tests = Catalogue.all.filter { entry.isTested(by: $0.id) }
    #expect(!tests.isEmpty && tests.allSatisfy { $0.dispute == nil && $0.requirement == .must })
  }
}

extension RuleIndex.Entry {
  fileprivate var allRules: [String] { (everywhere ?? []) + (rules ?? []) }
}
