import Foundation
import Fuzzing
import PosixIO
import Results
import Scenarios
import Traces
import Verdicts

/// What all boards of a fuzzing run share: which case is next, what was reached, what was found.
actor FuzzLedger {
  private let configuration: FuzzConfiguration
  private let source: InputSource
  private let corpus: Corpus?
  private var start = MonotonicInstant.now()
  private let tell: @Sendable (FuzzEvent) -> Void

  /// The cases of the corpus that are still to be gone through, so that what they reach is known before anything is new.
  private var replays: ArraySlice<Case>
  private let firstNumber: Int
  private var nextNumber: Int
  private var status = FuzzStatus()
  private var grammar = GrammarCoverage()
  private var chapters = ChapterCoverage()
  /// The lines of the client that ran, and how many it has; nil where they are not counted.
  private var lines: Set<Int> = []
  private let lineCount: Int?
  private var keys = RunKeys()
  /// The cases whose keys were looked at.
  private var keyed: Set<String> = []
  private var groups: [FindingGroup] = []
  private var referenceGroups: [FindingGroup] = []
  private var obstacles: [String: Int] = [:]
  private var claims = FindingClaims()
  /// What was seen and could not be repeated.
  private var unconfirmed: [String: UnrepeatedFinding] = [:]
  /// What was repeated and did not come back.
  private var flaky: [String: UnrepeatedFinding] = [:]
  /// The numbers of the cases that boards are at.
  private var underWay: Set<Int> = []
  private var lastStatus = MonotonicInstant.now()
  private var hasEnded = false
  /// Why the corpus took no more.
  private var corpusFailure: String?

  /// After so many cases the keys of all of them are looked at, each time.
  private static let casesBetweenKeys = 1000
  /// How often the status is told.
  private static let statusInterval = Duration.milliseconds(250)

  /// Reads the corpus.
  /// - Throws: `ConfigurationError` where it cannot be used.
  init(
    _ configuration: FuzzConfiguration, lineCount: Int?, tell: @escaping @Sendable (FuzzEvent) -> Void
  ) throws {
    self.configuration = configuration
    self.lineCount = lineCount
    self.tell = tell
    let corpus = try configuration.corpus.map(Corpus.init(folder:))
    self.corpus = corpus
    source = InputSource(seed: configuration.run.seed, catalogue: configuration.catalogue)
    // What is small first: behind it a larger case that shows the same is no news.
    replays = (corpus?.cases ?? []).sorted { $0.serverStepCount < $1.serverStepCount }[...]
    let firstNumber = configuration.first ?? corpus?.nextNumber(forSeed: configuration.run.seed) ?? 0
    self.firstNumber = firstNumber
    nextNumber = firstNumber
    status.corpusCount = corpus?.cases.count ?? 0
  }

  /// The time of the run begins.
  func begin() { start = .now() }

  /// How long it has lasted.
  var seconds: Double { (.now() - start).seconds }

  // MARK: what is next

  /// The next case; nil where the run is over.
  func next() -> Turn? {
    guard !isOver else { return nil }
    if let testCase = replays.popFirst() { return Turn(testCase: secured(testCase), number: nil) }
    guard configuration.count.map({ nextNumber - firstNumber < $0 }) ?? true else { return nil }
    let number = nextNumber
    nextNumber += 1
    underWay.insert(number)
    let testCase = corpus.map { source.testCase(number, corpus: $0.cases) } ?? source.testCase(number)
    return Turn(testCase: secured(testCase), number: number)
  }

  /// A case to be put to the client.
  struct Turn: Sendable {
    let testCase: Case
    /// Its number; nil where it is one of the corpus that is gone through again.
    let number: Int?
  }

  private func secured(_ testCase: Case) -> Case { configuration.overTLS ? testCase.overTLS : testCase }

  private var isOver: Bool { Task.isCancelled || !looksFurther }

  private var time: FuzzTime { FuzzTime(most: configuration.maxTime) }

  /// Whether findings are still confirmed.
  var confirms: Bool { !hasEnded && time.confirms(after: .now() - start) }

  /// Whether they are still made smaller.
  var looksFurther: Bool { !hasEnded && time.begins(after: .now() - start) }

  // MARK: what came of it

  /// Takes what came of a case; returns what is to be looked into, each group for this caller alone.
  func take(_ execution: Execution, of turn: Turn) -> [BrokenRule] {
    let testCase = turn.testCase
    count(execution)
    if let number = turn.number {
      underWay.remove(number)
      countCase(execution)
    } else {
      status.replayCount += 1
    }
    let isNew = cover(execution, of: testCase)
    if isNew || !execution.broken.isEmpty { keep(testCase) }
    takeReference(execution, of: testCase)
    if turn.number != nil, status.caseCount.isMultiple(of: Self.casesBetweenKeys) { lookAtKeys() }
    tellStatus()
    return execution.broken.filter { finding in
      guard let index = groups.firstIndex(where: { $0.id == finding.group }) else {
        return claims.claim(finding, in: testCase.id)
      }
      groups[index].count += 1
      return false
    }
  }

  /// Takes a repeat of a case, or a smaller one; returns what else it shows.
  func takeRepeat(_ execution: Execution, of testCase: Case, countsReference: Bool) -> [BrokenRule] {
    count(execution)
    if countsReference { takeReference(execution, of: testCase) }
    tellStatus()
    return execution.broken.filter { finding in
      !groups.contains { $0.id == finding.group } && claims.claim(finding, in: testCase.id)
    }
  }

  private func countCase(_ execution: Execution) {
    status.caseCount += 1
    guard let obstacle = execution.examination.obstacle else { return }
    obstacles[obstacle, default: 0] += 1
    status.obstacleCount += 1
  }

  /// An attempt that was never made is no execution.
  private func count(_ execution: Execution) {
    if execution.trace != nil || !execution.broken.isEmpty { status.executionCount += 1 }
  }

  /// Notes what a case has reached; whether any of it is new.
  private func cover(_ execution: Execution, of testCase: Case) -> Bool {
    guard let trace = execution.trace else { return false }
    var isNew = false
    let connections = trace.connections.map { DecodedConnection($0) }
    for connection in connections {
      isNew = grammar.add(connection, delivery: testCase.delivery) > 0 || isNew
    }
    chapters.add(testCase, connections)
    // The reference draws its keys by the case's id, which several cases of a corpus may have.
    if keyed.insert(testCase.id).inserted { keys.add(trace) }
    isNew = reach(trace.client.reachedLines ?? []) || isNew
    status.grammarCount = grammar.count
    status.chapters = chapters.chapters
    return isNew
  }

  /// Whether some of these lines had not run before.
  private func reach(_ reached: [Int]) -> Bool {
    let before = lines.count
    lines.formUnion(reached)
    status.lines = lineCount.map { FuzzStatus.LineCount(reached: lines.count, total: $0) }
    return lines.count > before
  }

  /// A corpus that takes no more ends the run, with all that was found.
  private func keep(_ testCase: Case) {
    guard let corpus, corpusFailure == nil else { return }
    do { try corpus.keep(testCase) } catch {
      corpusFailure = "\(error)"
      hasEnded = true
    }
    status.corpusCount = corpus.cases.count
  }

  private func takeReference(_ execution: Execution, of testCase: Case) {
    for broken in execution.reference?.broken ?? []
    where !referenceGroups.contains(where: { $0.id == broken.group }) {
      let group = FindingGroup(
        broken, smallest: testCase, trace: execution.referenceTrace, firstCase: testCase.id, repeats: (1, 1))
      referenceGroups.append(group)
      tell(.referenceFailed(group))
    }
  }

  /// What all keys together show is no case's finding, but ends a run that ends at the first.
  private func lookAtKeys() {
    if configuration.endsAtFirst, !keys.violations.isEmpty { hasEnded = true }
  }

  /// A finding could not be repeated, as the bench failed: nothing is known of it but that it was seen.
  func takeUnconfirmed(_ finding: BrokenRule, in testCase: Case) {
    claims.release(finding.group)
    unconfirmed[finding.group] = UnrepeatedFinding(finding, in: testCase.id)
  }

  /// These are not looked into now, but when they are seen again.
  func leave(_ findings: [BrokenRule]) {
    for finding in findings { claims.release(finding.group) }
  }

  /// A finding did not come back.
  func takeFlaky(_ finding: BrokenRule, in testCase: Case) {
    claims.takeFlaky(finding.group)
    flaky[finding.group] = flaky[finding.group] ?? UnrepeatedFinding(finding, in: testCase.id)
    status.flakyCount += 1
  }

  /// A finding was believed, and is as small as it became.
  func settle(_ group: FindingGroup) {
    claims.release(group.id)
    unconfirmed[group.id] = nil
    flaky[group.id] = nil
    keep(group.smallest)
    guard !groups.contains(where: { $0.id == group.id }) else { return }
    groups.append(group)
    status.groupCount = groups.count
    tell(.found(group, number: groups.count))
    if configuration.endsAtFirst { hasEnded = true }
  }

  private func tellStatus() {
    guard .now() - lastStatus >= Self.statusInterval else { return }
    lastStatus = .now()
    status.seconds = seconds
    tell(.status(status))
  }

  /// Everything that is known, with what the run began with. A later run with the same corpus and seed goes on behind this one.
  func result(_ heading: FuzzResult) -> FuzzResult {
    do {
      if corpusFailure == nil {
        // What a board was still at was not judged, and what comes behind it is made up with it.
        try corpus?.note(
          numbers: firstNumber..<(underWay.min() ?? nextNumber), forSeed: configuration.run.seed)
      }
    } catch { corpusFailure = "\(error)" }
    var result = heading
    result.corpusFailure = corpusFailure
    result.unconfirmed = claims.claimed.merging(unconfirmed) { $1 }.sorted { $0.key < $1.key }.map(\.value)
    result.flaky = flaky.sorted { $0.key < $1.key }.map(\.value)
    status.seconds = seconds
    result.status = status
    result.groups = groups
    result.referenceGroups = referenceGroups
    result.violations = keys.violations
    result.obstacles = obstacles
    return result
  }
}
