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

  private var nextNumber: Int
  private var status = FuzzStatus()
  private var grammar = GrammarCoverage()
  private var chapters = ChapterCoverage()
  /// The lines of the client that ran, and how many it has; nil where they are not counted.
  private var lines: Set<Int> = []
  private let lineCount: Int?
  private var keys = RunKeys()
  private var groups: [FindingGroup] = []
  private var referenceGroups: [FindingGroup] = []
  private var obstacles: [String: Int] = [:]
  /// The groups that a board is looking into, or that did not come back too often.
  private var claimed: Set<String> = []
  private var attempts: [String: Int] = [:]
  private var lastStatus = MonotonicInstant.now()
  private var hasEnded = false

  /// A group that did not come back so often is chance, and looked into no more.
  private static let mostAttempts = 4
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
    corpus = try configuration.corpus.map(Corpus.init(folder:))
    source = InputSource(seed: configuration.run.seed, catalogue: configuration.catalogue)
    nextNumber = configuration.first
    status.corpusCount = corpus?.cases.count ?? 0
  }

  /// The time of the run begins.
  func begin() { start = .now() }

  // MARK: what is next

  /// The next case and its number; nil where the run is over.
  func next() -> (number: Int, testCase: Case)? {
    guard !isOver else { return nil }
    let number = nextNumber
    nextNumber += 1
    let testCase = corpus.map { source.testCase(number, corpus: $0.cases) } ?? source.testCase(number)
    return (number, configuration.overTLS ? testCase.overTLS : testCase)
  }

  private var isOver: Bool {
    Task.isCancelled || hasEnded || isTimeUp
      || configuration.count.map { nextNumber - configuration.first >= $0 } ?? false
  }

  /// Whether findings are still looked into, and made smaller.
  var looksFurther: Bool { !hasEnded && !isTimeUp }

  /// Whether the time that the user gave is over.
  private var isTimeUp: Bool { configuration.maxTime.map { .now() - start >= $0 } ?? false }

  // MARK: what came of it

  /// Takes what came of a case; returns what is to be looked into, each group for this caller alone.
  func take(_ execution: Execution, of testCase: Case, isCounted: Bool = true, countsReference: Bool = true)
    throws
    -> [BrokenRule]
  {
    status.executionCount += 1
    var isNew = false
    if let trace = execution.trace {
      let connections = trace.connections.map { DecodedConnection($0) }
      for connection in connections {
        isNew = grammar.add(connection, delivery: testCase.delivery) > 0 || isNew
      }
      chapters.add(testCase, connections)
      if isCounted { keys.add(trace) }
      isNew = reach(trace.client.reachedLines ?? []) || isNew
    }
    status.grammarCount = grammar.count
    status.chapters = chapters.chapters
    if isCounted { status.caseCount += 1 }
    if let obstacle = execution.examination.obstacle {
      obstacles[obstacle, default: 0] += 1
      status.obstacleCount += 1
    }
    if isNew || !execution.broken.isEmpty { try keep(testCase) }
    if countsReference { takeReference(execution, of: testCase) }
    if isCounted, status.caseCount.isMultiple(of: Self.casesBetweenKeys) { lookAtKeys() }
    tellStatus()
    return execution.broken.filter { claim($0.group, isCounted: isCounted) }
  }

  /// Whether some of these lines had not run before.
  private func reach(_ reached: [Int]) -> Bool {
    let before = lines.count
    lines.formUnion(reached)
    status.lines = lineCount.map { FuzzStatus.LineCount(reached: lines.count, total: $0) }
    return lines.count > before
  }

  private func keep(_ testCase: Case) throws {
    guard let corpus else { return }
    try corpus.keep(testCase)
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

  private func claim(_ group: String, isCounted: Bool) -> Bool {
    if let index = groups.firstIndex(where: { $0.id == group }) {
      if isCounted { groups[index].count += 1 }
      return false
    }
    guard attempts[group, default: 0] < Self.mostAttempts else { return false }
    return claimed.insert(group).inserted
  }

  /// A finding did not come back.
  func takeFlaky(_ group: String) {
    claimed.remove(group)
    attempts[group, default: 0] += 1
    status.flakyCount += 1
  }

  /// A finding was believed, and is as small as it became.
  func settle(_ group: FindingGroup) {
    claimed.remove(group.id)
    guard !groups.contains(where: { $0.id == group.id }) else { return }
    groups.append(group)
    status.groupCount = groups.count
    tell(.found(group, number: groups.count))
    if configuration.endsAtFirst { hasEnded = true }
  }

  private func tellStatus() {
    guard .now() - lastStatus >= Self.statusInterval else { return }
    lastStatus = .now()
    status.seconds = (.now() - start).seconds
    tell(.status(status))
  }

  /// Everything that is known, with what the run began with.
  func result(_ heading: FuzzResult) -> FuzzResult {
    var result = heading
    status.seconds = (.now() - start).seconds
    result.status = status
    result.groups = groups
    result.referenceGroups = referenceGroups
    result.violations = keys.violations
    result.obstacles = obstacles
    return result
  }
}
