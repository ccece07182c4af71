import Steps
import WebSocketProtocol

/// Which cases run, and in what order: the same arguments give the same plan.
///
/// Long scenarios (``Scenario/isLong``) are in a plan only where they are asked for: by one of their tags `large` and `long`, by a
/// pattern that fits no other scenario, or as cases that there are to choose from.
public enum RunPlan {
  /// The cases of a run, with every random payload drawn from the seed.
  ///
  /// - Parameters:
  ///   - scenarios: What there is to choose from.
  ///   - deliveries: `default`, `all`, or a list of deliveries with commas between (see ``ModifierChoice``).
  ///   - only: Patterns, of which a case must fit one if there are any; `*` stands for anything. One with an `@` is compared with
  ///     the ids of all cases that there could be, and picks them whatever `deliveries` says; one without is compared with the ids
  ///     of scenarios, and picks those of their cases that `deliveries` says.
  ///     With `@tls` at its end it puts what it picks over TLS.
  ///   - tags: Words, of which a scenario must have one if there are any: its tags, its chapter's name or its requirement.
  ///   - among: The ids of the only cases that there are to choose from, whatever `default` deliveries would be; nil is all.
  ///   - overTLS: Puts every case over TLS.
  ///   - seed: Decides the payloads, the choice of deliveries and the order.
  ///   - shuffle: Draws the order from the seed.
  /// - Throws: `RunPlanError` for a pattern or a tag that fits nothing, or an unknown delivery.
  public static func cases(
    of scenarios: [Scenario], deliveries: String = "default", only: [String] = [], tags: [String] = [],
    among ids: Set<String>? = nil, overTLS: Bool = false, seed: UInt64, shuffle: Bool = false
  ) throws(RunPlanError) -> [Case] {
    var choice = try ModifierChoice(deliveries, seed: seed)
    if ids != nil, case .default = choice { choice = .all }
    return try cases(
      of: scenarios, choice: choice, only: only, tags: tags, among: ids, overTLS: overTLS, seed: seed,
      shuffle: shuffle)
  }

  /// The one case of that id, its payloads as in the scenario: perhaps random still.
  /// - Throws: `RunPlanError` where there is none.
  public static func testCase(_ id: String, of scenarios: [Scenario]) throws(RunPlanError) -> Case {
    if id.hasSuffix(Case.tlsSuffix) {
      return try testCase(String(id.dropLast(Case.tlsSuffix.count)), of: scenarios).overTLS
    }
    let all = ModifierChoice.all.cases(of: scenarios)
    if id.contains("*") {
      let ids = id.contains("@") ? all.map(\.id) : scenarios.map(\.id)
      let fitting = ids.filter(Glob(id).matches)
      throw .patternForOne(pattern: id, fitting: Array(fitting.prefix(3)), count: fitting.count)
    }
    guard let found = all.first(where: { $0.id == id }) else {
      let ids = id.contains("@") ? all.map(\.id) : scenarios.map(\.id)
      throw .unknownCase(pattern: id, nearest: Glob(id).nearest(in: ids))
    }
    return found
  }

  /// As the other one, with the choice of deliveries already made.
  public static func cases(
    of scenarios: [Scenario], choice: ModifierChoice, only: [String] = [], tags: [String] = [],
    among ids: Set<String>? = nil, overTLS: Bool = false, seed: UInt64, shuffle: Bool = false
  ) throws(RunPlanError) -> [Case] {
    var plan = choice.cases(of: scenarios)
    if ids == nil {
      let asked = askedFor(only, tags, of: scenarios)
      plan = plan.filter { !$0.scenario.isLong || asked.contains($0.scenario.id) }
    }
    if !only.isEmpty { plan = try select(only, from: scenarios, plan: plan) }
    if !tags.isEmpty { plan = try select(tags: tags, from: scenarios, plan: plan) }
    if let ids { plan = plan.flatMap { [$0, $0.overTLS] }.filter { ids.contains($0.id) }.withoutRepeats }
    if overTLS { plan = plan.map(\.overTLS).withoutRepeats }
    guard !plan.isEmpty else { throw ids == nil ? .nothingSelected : .noneOfThoseSelected }
    if shuffle {
      var generator = SplitMix64(seed: seed, text: "order")
      plan.shuffle(using: &generator)
    }
    return concrete(plan, seed: seed)
  }

  /// The long scenarios that the user means, who often enough means others with the same words.
  private static func askedFor(_ only: [String], _ tags: [String], of scenarios: [Scenario]) -> Set<String> {
    let long = scenarios.filter(\.isLong)
    guard Set(tags.map { $0.lowercased() }).isDisjoint(with: Scenario.tagsOfLong) else {
      return Set(long.map(\.id))
    }
    let usual = scenarios.filter { !$0.isLong }
    let own = only.map { Glob(String($0.prefix { $0 != "@" })) }.filter { glob in
      !usual.contains { glob.matches($0.id) }
    }
    return Set(long.map(\.id).filter { id in own.contains { $0.matches(id) } })
  }

  private static func select(
    _ patterns: [String], from scenarios: [Scenario], plan: [Case]
  ) throws(RunPlanError) -> [Case] {
    let product = ModifierChoice.all.cases(of: scenarios)
    let planned = Set(plan.map(\.id))
    var selected: Set<String> = []
    var selectedOverTLS: Set<String> = []
    for whole in patterns {
      let isOverTLS = whole.hasSuffix(Case.tlsSuffix)
      let pattern = isOverTLS ? String(whole.dropLast(Case.tlsSuffix.count)) : whole
      let glob = Glob(pattern)
      let isForCases = pattern.contains("@")
      let matches = product.filter { glob.matches(isForCases ? $0.id : $0.scenario.id) }
      guard !matches.isEmpty else {
        let ids = isForCases ? product.map(\.id) : scenarios.map(\.id)
        throw .unknownCase(pattern: whole, nearest: glob.nearest(in: ids))
      }
      let picked = matches.map(\.id).filter { isForCases || planned.contains($0) }
      if isOverTLS { selectedOverTLS.formUnion(picked) } else { selected.formUnion(picked) }
    }
    return product.flatMap { testCase in
      (selected.contains(testCase.id) ? [testCase] : [])
        + (selectedOverTLS.contains(testCase.id) ? [testCase.overTLS] : [])
    }.withoutRepeats
  }

  private static func select(
    tags: [String], from scenarios: [Scenario], plan: [Case]
  ) throws(RunPlanError) -> [Case] {
    let known = Set(scenarios.flatMap(\.selectableTags)).sorted()
    let wanted = tags.map { $0.lowercased() }
    for tag in wanted where !known.contains(tag) { throw .unknownTag(tag: tag, known: known) }
    return plan.filter { !$0.scenario.selectableTags.isDisjoint(with: wanted) }
  }

  /// Draws each scenario's payloads once, however many deliveries it has, in clear and over TLS.
  private static func concrete(_ plan: [Case], seed: UInt64) -> [Case] {
    var drawn: [String: Scenario] = [:]
    return plan.map { testCase in
      let place = testCase.isOverTLS ? testCase.scenario.id + Case.tlsSuffix : testCase.scenario.id
      let scenario = drawn[place] ?? testCase.scenario.concrete(seed: seed)
      drawn[place] = scenario
      var concrete = testCase
      concrete.scenario = scenario
      return concrete
    }
  }
}

extension [Case] {
  /// The same with each case once: some speak TLS anyway.
  fileprivate var withoutRepeats: [Case] {
    var ids: Set<String> = []
    return filter { ids.insert($0.id).inserted }
  }
}

extension Scenario {
  /// The tag of scenarios that take long for what they show.
  public static let longTag = "long"
  /// The tags that mean all long scenarios.
  static let tagsOfLong: Set<String> = ["large", longTag]

  /// Whether a run leaves it out where nobody asks for it: it takes long for what it shows.
  public var isLong: Bool { tags.contains(Self.longTag) }

  /// Everything in lower case by which `--tag` finds the scenario: its tags, its chapter's name, its requirement.
  public var selectableTags: Set<String> {
    var all = Set(tags.map { $0.lowercased() })
    if let chapter { all.insert("\(chapter)".lowercased()) }
    all.insert(requirement.rawValue.lowercased())
    return all
  }
}

/// Why a plan cannot be made: what the user gave fits nothing.
public enum RunPlanError: Error, Sendable, Hashable, CustomStringConvertible {
  /// No case's id fits the pattern.
  case unknownCase(pattern: String, nearest: [String])
  /// No scenario has the tag.
  case unknownTag(tag: String, known: [String])
  /// There is no delivery of that name.
  case unknownDelivery(String)
  /// Everything that was asked for exists, but nothing fits all of it.
  case nothingSelected
  /// None of the cases that there were to choose from, those that had failed, fits all that was asked for.
  case noneOfThoseSelected
  /// A delivery that means several stands in a list.
  case deliveryStandsAlone(String)
  /// A pattern came where the id of one case is wanted.
  case patternForOne(pattern: String, fitting: [String], count: Int)

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .unknownCase(let pattern, let nearest):
      let hint = nearest.isEmpty ? "" : " (did you mean \(nearest.joined(separator: ", "))?)"
      return "No case's id fits \"\(pattern)\"\(hint); --list shows them all."
    case .unknownTag(let tag, let known):
      return "No scenario has the tag \"\(tag)\"; there are \(known.joined(separator: ", "))."
    case .unknownDelivery(let name):
      let names = ["default", "all"] + Delivery.allCases.map(\.rawValue)
      let hint = Nearest.name(to: name, in: names).map { " (did you mean \($0)?)" } ?? ""
      return "There is no delivery \"\(name)\"\(hint); there are \(names.joined(separator: ", "))."
    case .nothingSelected: return "No case fits all of the chosen ids, tags and deliveries at once."
    case .noneOfThoseSelected:
      return
        "None of the cases that failed or were inconclusive in the last run (--failed) fits the other choices: ids, tags and deliveries."
    case .deliveryStandsAlone(let name):
      return "\"\(name)\" stands in a list of deliveries; default and all stand alone."
    case .patternForOne(let pattern, let fitting, let count):
      let which = fitting.isEmpty ? "" : " (of \(count) that fit: \(fitting.joined(separator: ", ")))"
      return "This takes the id of one case, and \"\(pattern)\" is a pattern\(which); --list shows all ids."
    }
  }
}
