import Scenarios
import Steps
import Testing

@Suite struct RunPlanTests {
  @Test(arguments: [UInt64(1), 7, 42])
  func aDefaultRunHasEveryDeliveryTwiceInEveryChapter(seed: UInt64) {
    let cases = ModifierChoice.default(seed: seed).cases(of: Catalogue.all)
    let whole = cases.filter { $0.delivery == .whole }.map(\.scenario.id)
    #expect(whole == Catalogue.all.map(\.id))
    for chapter in Chapter.allCases {
      for delivery in Delivery.allCases {
        let count = cases.count { $0.scenario.chapter == chapter && $0.delivery == delivery }
        #expect(count >= 2, "\(chapter) \(delivery)")
      }
    }
    #expect((60...140).contains(cases.count - whole.count))
    #expect(Set(cases.map(\.id)).count == cases.count)
    #expect(cases.allSatisfy { $0.scenario.deliveries.contains($0.delivery) })
  }

  @Test func theSameSeedMakesTheSamePlan() throws {
    let first = try RunPlan.cases(of: Catalogue.all, seed: 7, shuffle: true)
    #expect(try RunPlan.cases(of: Catalogue.all, seed: 7, shuffle: true) == first)
    let other = try RunPlan.cases(of: Catalogue.all, seed: 8, shuffle: true)
    #expect(other.map(\.id) != first.map(\.id))
    let unshuffled = try RunPlan.cases(of: Catalogue.all, seed: 7)
    #expect(Set(unshuffled) == Set(first))
  }

  @Test func allIsTheProductAndAListIsAPartOfIt() throws {
    let product = try RunPlan.cases(of: Catalogue.all, deliveries: "all", seed: 1)
    #expect(product.count == Catalogue.all.reduce(0) { $0 + ($1.isLong ? 0 : $1.deliveries.count) })
    let listed = try RunPlan.cases(of: Catalogue.all, deliveries: "paced,split", seed: 1)
    #expect(Set(listed.map(\.delivery)) == [.paced, .split])
    #expect(throws: RunPlanError.unknownDelivery("slpit")) {
      try RunPlan.cases(of: Catalogue.all, deliveries: "slpit", seed: 1)
    }
    #expect(RunPlanError.unknownDelivery("slpit").description.contains("did you mean split?"))
  }

  @Test func casesThatAreNamedComeWhateverTheirDelivery() throws {
    let ids: Set = ["2.ping-empty@paced", "2.ping-empty@bytewise", "3.text-rsv-4", "no.such"]
    let plan = try RunPlan.cases(of: Catalogue.all, among: ids, seed: 1)
    #expect(plan.map(\.id) == ["2.ping-empty@bytewise", "2.ping-empty@paced", "3.text-rsv-4"])
    let some = try RunPlan.cases(of: Catalogue.all, only: ["2.*"], among: ids, seed: 1)
    #expect(some.map(\.id) == ["2.ping-empty@bytewise", "2.ping-empty@paced"])
    #expect(throws: RunPlanError.noneOfThoseSelected) {
      try RunPlan.cases(of: Catalogue.all, among: ["no.such"], seed: 1)
    }
  }

  @Test func noOverlapWithWhatFailedNamesFailedAsTheCause() {
    let error = #expect(throws: RunPlanError.self) {
      try RunPlan.cases(of: Catalogue.all, only: ["1.*"], among: ["2.ping-empty"], seed: 1)
    }
    #expect(error?.description.contains("(--failed)") == true)
  }

  @Test(arguments: ["whole,all", "default,split"]) func allAndDefaultStandAlone(deliveries: String) {
    let error = #expect(throws: RunPlanError.self) {
      try RunPlan.cases(of: Catalogue.all, deliveries: deliveries, seed: 1)
    }
    #expect(error?.description.contains("default and all stand alone") == true)
  }

  @Test func oneCaseByItsID() throws {
    let found = try RunPlan.testCase("2.ping-empty@split", of: Catalogue.all)
    #expect(found.scenario == Catalogue.scenario("2.ping-empty") && found.delivery == .split)
    let error = #expect(throws: RunPlanError.self) {
      try RunPlan.testCase("2.ping-emty", of: Catalogue.all)
    }
    #expect(error?.description.contains("did you mean 2.ping-empty") == true)
  }

  @Test func aPatternWhereOneIDIsWantedIsToldAsSuch() {
    let error = #expect(throws: RunPlanError.self) {
      try RunPlan.testCase("7.code-100*", of: Catalogue.all)
    }
    let sentence = error?.description ?? ""
    #expect(sentence.contains("the id of one case") && sentence.contains("7.code-1000"), "\(sentence)")
    #expect(!sentence.contains("No case's id fits"))
  }

  @Test func patternsPickCases() throws {
    let ids = { (only: [String]) in
      try RunPlan.cases(of: Catalogue.all, choice: .only([.whole]), only: only, seed: 1).map(\.id)
    }
    #expect(try ids(["2.ping-empty"]) == ["2.ping-empty"])
    #expect(try ids(["3.*"]) == Catalogue.scenarios(of: .reservedBits).map(\.id))
    #expect(try ids(["2.ping-text", "2.ping-empty"]) == ["2.ping-empty", "2.ping-text"])
    #expect(
      try ids(["2.ping-empty@bytewise", "2.ping-empty"]) == ["2.ping-empty", "2.ping-empty@bytewise"])
    #expect(try ids(["2.ping-e*@*"]).count == Delivery.allCases.count - 1)
    #expect(try ids(["*masked*"]).allSatisfy { $0.contains("masked") })
  }

  @Test func aPatternThatFitsNothingSuggestsIds() {
    #expect(
      throws: RunPlanError.unknownCase(
        pattern: "2.ping-emtpy", nearest: ["2.ping-empty", "2.ping-ten", "2.ping-text"])
    ) {
      try RunPlan.cases(of: Catalogue.all, only: ["2.ping-emtpy"], seed: 1)
    }
    let error = RunPlanError.unknownCase(pattern: "x", nearest: ["1.a", "1.b"])
    #expect(error.description == "No case's id fits \"x\" (did you mean 1.a, 1.b?); --list shows them all.")
  }

  @Test func tagsPickScenarios() throws {
    let tagged = try RunPlan.cases(of: Catalogue.all, tags: ["fail-fast"], seed: 1)
    #expect(!tagged.isEmpty && tagged.allSatisfy { $0.scenario.tags.contains("fail-fast") })
    let chapter = try RunPlan.cases(of: Catalogue.all, choice: .only([.whole]), tags: ["pingPong"], seed: 1)
    #expect(chapter.map(\.id) == Catalogue.scenarios(of: .pingPong).map(\.id))
    #expect(throws: RunPlanError.self) { try RunPlan.cases(of: Catalogue.all, tags: ["nonsense"], seed: 1) }
    #expect(throws: RunPlanError.nothingSelected) {
      try RunPlan.cases(of: Catalogue.all, only: ["3.*"], tags: ["fail-fast"], seed: 1)
    }
  }

  @Test func longScenariosRunWhereTheyAreAskedFor() throws {
    let long = Set(Catalogue.all.filter(\.isLong).map(\.id))
    let planned = { (only: [String], tags: [String], ids: Set<String>?) in
      Set(
        try RunPlan.cases(of: Catalogue.all, only: only, tags: tags, among: ids, seed: 1).map(\.scenario.id))
    }
    let usual = try planned([], [], nil)
    #expect(!long.isEmpty && long.isDisjoint(with: usual))
    #expect(
      long.isDisjoint(with: try planned(["9.*"], [], nil)), "a pattern for a chapter means the usual ones")
    #expect(long.isDisjoint(with: try planned([], ["must"], nil)))
    #expect(try planned([], ["long"], nil) == long)
    #expect(try planned([], ["Large"], nil).isStrictSuperset(of: long))
    let thousands = try planned(["9.messages-1000-*"], [], nil)
    #expect(thousands.count == 12 && thousands.isSubset(of: long))
    #expect(try planned(["9.*"], ["long"], nil) == long.filter { $0.hasPrefix("9.") })
    let one = try #require(long.first)
    #expect(try planned([], [], [one, "9.silence"]) == [one, "9.silence"], "as --failed has it")
  }

  @Test func globs() {
    let fits: [(String, String)] = [
      ("a", "a"), ("*", ""), ("*", "abc"), ("a*", "a"), ("a*c", "abc"), ("a*b*c", "a1b2b3c"), ("*b*", "abc"),
      ("a**c", "ac"), ("*.x", "1.x"),
    ]
    for (pattern, text) in fits { #expect(Glob(pattern).matches(text), "\(pattern) \(text)") }
    let misfits = [
      ("a", "b"), ("a", "ab"), ("", "a"), ("a*c", "ab"), ("ab*ba", "aba"), ("*b*b*", "abc"), ("a?", "ab"),
    ]
    for (pattern, text) in misfits { #expect(!Glob(pattern).matches(text), "\(pattern) \(text)") }
  }
}
