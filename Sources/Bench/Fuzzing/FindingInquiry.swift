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
    // What was seen is confirmed although the time may be over, which takes a few executions; only making it smaller ends with it.
    for finding in findings where await ledger.confirms {
      others += try await look(into: finding, of: testCase)
    }
    // A client that does something else each time would keep the run for ever: with these it ends, and with the time.
    for other in others where await ledger.looksFurther {
      let further = try await look(into: other.broken, of: other.testCase)
      await ledger.leave(further.map(\.broken))
    }
  }

  private func look(
    into broken: BrokenRule, of testCase: Case
  ) async throws -> [(broken: BrokenRule, testCase: Case)] {
    var search = Search(group: broken.group)
    let first = try await confirm(testCase, &search, hasReference: true, fromFreshBoard: true)
    if first.obstacles >= Self.mostObstacles {
      await ledger.takeUnconfirmed(broken, in: testCase)
      return search.others
    }
    guard let shown = first.execution, !isTroubled(first) else {
      await ledger.takeFlaky(broken, in: testCase)
      return search.others
    }
    var group = FindingGroup(
      shown.broken.first { $0.group == broken.group } ?? broken, smallest: testCase, trace: shown.trace,
      firstCase: testCase.id, repeats: (first.repeats.hits, first.repeats.tries))
    try await shrink(&group, &search)
    await ledger.settle(group)
    return search.others
  }

  /// After so many attempts that said nothing a case is repeated no more.
  private static let mostObstacles = 3

  /// A finding in a case in which the reference does the same is the rig's affair.
  private func isTroubled(_ confirmation: Confirmation) -> Bool {
    confirmation.reference?.broken.contains { $0.group == confirmation.group } ?? false
  }

  /// What came to light while one finding was looked into.
  private struct Search {
    let group: String
    var executions = 0
    let start = MonotonicInstant.now()
    var others: [(broken: BrokenRule, testCase: Case)] = []
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
  }

  /// Repeats a case until it is clear whether it shows the finding often enough.
  private func confirm(
    _ testCase: Case, _ search: inout Search, hasReference: Bool = false, fromFreshBoard: Bool = false
  ) async throws -> Confirmation {
    let repeats = Repeats(wanted: configuration.hits, of: configuration.repeats)
    var confirmation = Confirmation(group: search.group, repeats: repeats)
    var shown: Execution?
    while confirmation.repeats.goesOn, confirmation.obstacles < Self.mostObstacles {
      try Task.checkCancellation()
      let isFirst = confirmation.repeats.tries == 0
      // What earlier cases have left on the board must not be what is found.
      let execution = await worker.examine(
        testCase, tokens, hasReference: hasReference && isFirst,
        after: fromFreshBoard && isFirst ? .softReset : nil)
      search.executions += 1
      guard execution.examination.obstacle == nil else {
        // Trouble of the bench refutes nothing.
        confirmation.obstacles += 1
        continue
      }
      confirmation.repeats.take(isHit: execution.shows(search.group))
      confirmation.reference = confirmation.reference ?? execution.reference
      // What the reference does in a case that was only made smaller is no error of the rig: such a case may make no sense.
      let others = await ledger.takeRepeat(execution, of: testCase, countsReference: fromFreshBoard)
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
    var reductions = Shrinker.reductions(of: group.smallest)
    while await mayGoOn(search) {
      if place >= reductions.count {
        // What could not be left out before may be now that other things are gone.
        guard hasChanged else { return }
        (place, hasChanged) = (0, false)
        continue
      }
      let smaller = reductions[place]
      // The reference goes through each smaller case too: one in which it does the same asks for what no client can do.
      let confirmation = try? await confirm(smaller, &search, hasReference: true)
      guard let confirmation, let shown = confirmation.execution, !isTroubled(confirmation) else {
        if Task.isCancelled { return }
        place += 1
        continue
      }
      group.smallest = smaller
      group.trace = shown.trace
      if let broken = shown.broken.first(where: { $0.group == group.id }) { group.broken = broken }
      hasChanged = true
      reductions = Shrinker.reductions(of: smaller)
    }
  }

  private func mayGoOn(_ search: Search) async -> Bool {
    guard search.executions < configuration.shrinkingLimit, !Task.isCancelled else { return false }
    guard .now() - search.start < configuration.shrinkingTime else { return false }
    return await ledger.looksFurther
  }
}
