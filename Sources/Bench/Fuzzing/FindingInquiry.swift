import Fuzzing
import PosixIO
import Results
import Scenarios
import Verdicts

/// Looks into findings on one board: each is repeated before it is believed, and then its case is made smaller for as long as it
/// still shows the same.
struct FindingInquiry {
  let worker: Worker
  let ledger: FuzzLedger
  let tokens: AttemptTokens
  let configuration: FuzzConfiguration

  /// Looks into findings of a case, and into what else comes to light on the way.
  func look(into findings: [BrokenRule], of testCase: Case) async throws {
    var others: [(broken: BrokenRule, testCase: Case)] = []
    var smallest: Smallest?
    // What was seen is confirmed although the time may be over, which takes a few executions; only making it smaller ends with it.
    for finding in findings where await ledger.confirms {
      let begins = smallest.flatMap { $0.groups.contains(finding.group) ? $0.testCase : nil }
      let search = try await look(into: finding, of: testCase, from: begins)
      others += search.others
      smallest = search.smallest ?? smallest
    }
    // A client that does something else each time would keep the run for ever: with these it ends, and with the time.
    for other in others where await ledger.looksFurther {
      let further = try await look(into: other.broken, of: other.testCase).others
      await ledger.leave(further.map(\.broken))
    }
  }

  /// Looks into one finding of a case. What one breach leads to comes together, as a rule: `smaller` is a case that was made smaller for
  /// another finding and shows this one, too.
  private func look(
    into broken: BrokenRule, of testCase: Case, from smaller: Case? = nil
  ) async throws -> Search {
    var search = Search(
      group: broken.group, original: testCase,
      repeats: Repeats(wanted: configuration.hits, of: configuration.repeats))
    var begins = smaller ?? testCase
    var first = try await confirm(begins, &search, isSeen: true)
    if smaller != nil, !first.isBelieved {
      begins = testCase
      first = try await confirm(begins, &search, isSeen: true)
    }
    guard first.isBelieved, let shown = first.execution else {
      if first.repeats.goesOn {
        await ledger.takeUnconfirmed(broken, in: testCase)
      } else {
        await ledger.takeFlaky(broken, in: testCase)
      }
      return search
    }
    var group = FindingGroup(
      shown.finding(of: broken.group) ?? broken, smallest: begins, trace: shown.trace,
      firstCase: testCase.id, repeats: (first.repeats.hits, first.repeats.tries))
    if first.repeats.hits == first.repeats.tries {
      // What came back each time has to do so in a smaller case, too, so that one try refutes most of them.
      search.repeats = Repeats(wanted: configuration.hits, of: configuration.hits)
    }
    group.seconds = await ledger.seconds
    try await shrink(&group, &search)
    await ledger.settle(group)
    return search
  }

  /// After so many attempts that said nothing a case is repeated no more.
  private static let mostObstacles = 3

  /// What came to light while one finding was looked into.
  private struct Search {
    let group: String
    /// The case that showed it first.
    let original: Case
    /// How often a case has to show it.
    var repeats: Repeats
    var executions = 0
    let start = MonotonicInstant.now()
    var others: [(broken: BrokenRule, testCase: Case)] = []
    var smallest: Smallest?
  }

  /// A case that was made smaller, and the groups of all that it shows.
  private struct Smallest {
    let testCase: Case
    let groups: Set<String>
  }

  private struct Confirmation {
    let group: String
    var repeats: Repeats
    /// How many attempts said nothing, as the bench failed.
    var obstacles = 0
    /// What the rules say of the reference in that case.
    var reference: Examination?
    /// The last execution that showed it; nil where it did not come back often enough.
    var execution: Execution?

    /// Whether it came back often enough. A finding in a case in which the reference does the same is the rig's affair.
    var isBelieved: Bool { execution != nil && reference?.finding(of: group) == nil }
  }

  /// Repeats a case until it is clear whether it shows the finding often enough, or the time is over; the reference goes through it, too.
  /// - Parameter isSeen: whether it showed the finding before; otherwise it was only made smaller.
  private func confirm(
    _ testCase: Case, _ search: inout Search, isSeen: Bool = false
  ) async throws -> Confirmation {
    var confirmation = Confirmation(group: search.group, repeats: search.repeats)
    var shown: Execution?
    while confirmation.repeats.goesOn, confirmation.obstacles < Self.mostObstacles,
      await isSeen ? ledger.confirms : ledger.looksFurther
    {
      try Task.checkCancellation()
      let isFirst = confirmation.repeats.tries == 0
      // What earlier cases have left on the board must not be what is found.
      let execution = await worker.examine(
        testCase, tokens, hasReference: isFirst, after: isSeen && isFirst ? .softReset : nil)
      search.executions += 1
      guard execution.examination.obstacle == nil else {
        // Trouble of the bench refutes nothing.
        confirmation.obstacles += 1
        continue
      }
      confirmation.repeats.take(isHit: execution.shows(search.group))
      confirmation.reference = confirmation.reference ?? execution.reference
      // What the reference does in a case that was only made smaller is no error of the rig: such a case may make no sense.
      let others = await ledger.takeRepeat(
        execution, of: testCase, countsReference: testCase == search.original)
      search.others += others.map { ($0, testCase) }
      if execution.shows(search.group) { shown = isFirst ? execution : shown ?? execution }
    }
    if confirmation.repeats.isConfirmed { confirmation.execution = shown }
    return confirmation
  }

  // MARK: shrinking

  private func shrink(_ group: inout FindingGroup, _ search: inout Search) async throws {
    var place = 0
    var hasChanged = false
    var tried: Set<Case> = []
    var reductions = Shrinker.reductions(of: group.smallest)
    while await mayGoOn(search) {
      if place >= reductions.count {
        // What could not be left out before may be now that other things are gone.
        guard hasChanged else { return }
        (place, hasChanged) = (0, false)
        continue
      }
      let smaller = reductions[place]
      guard tried.insert(smaller).inserted else {
        place += 1
        continue
      }
      // The reference goes through each smaller case too: one in which it does the same asks for what no client can do.
      let confirmation = try? await confirm(smaller, &search)
      guard let confirmation, confirmation.isBelieved, let shown = confirmation.execution else {
        if Task.isCancelled { return }
        place += 1
        continue
      }
      group.smallest = smaller
      group.trace = shown.trace
      if let broken = shown.finding(of: group.id) { group.broken = broken }
      search.smallest = Smallest(testCase: smaller, groups: Set(shown.broken.map(\.group)))
      hasChanged = true
      reductions = Shrinker.reductions(of: smaller)
    }
  }

  private func mayGoOn(_ search: Search) async -> Bool {
    guard !Task.isCancelled,
      configuration.shrinking.allowsMore(after: search.executions, .now() - search.start)
    else { return false }
    return await ledger.looksFurther
  }
}
