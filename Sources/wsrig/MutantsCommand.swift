import ArgumentParser
import Bench
import Foundation
import Reports
import Results
import Scenarios
import Synchronization

/// `wsrig mutants`: shows that the catalogue finds defects.
struct MutantsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutants",
    abstract: "Shows that the catalogue finds defects: runs broken variants of the rig's own client.",
    discussion: """
      A mutant is the rig's own client with one small, deliberate defect (fixtures/mutants/README.md). Each runs on a simulated \
      board of its own against the cases declared for it and then a sample of others, up to the first case whose verdict is worse \
      than that on the client without the defect. One that survives shows where the catalogue is blind; one that only the sample \
      kills is declared wrongly.

      EXIT STATUS:
        0    every mutant was killed
        1    one survived, one was killed by none of the cases declared for
             it, or something is wrong with the matrix
        2    usage, or a mutant that does not fit the client or does not load
        3    none survived, but the bench failed or --max-time was over before
             all was known
        130  interrupted; what had run is reported
      """)

  @Option(
    help: ArgumentHelp(
      "Only the mutants whose id fits; * stands for anything. May be given several times.", valueName: "glob")
  )
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "Draws the sample from, or with --matrix runs, only the cases whose id fits. May be given several times.",
      valueName: "glob"))
  var cases: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the server's bytes are delivered in those cases, as for run.", valueName: "deliveries"))
  var deliveries = "default"

  @Flag(help: "Runs every mutant through every case, and tells which scenarios no mutant fails.")
  var matrix = false

  @Flag(help: "With --matrix: puts each mutant through the scenarios of the chapters that it is about only.")
  var ownChapters = false

  @Option(help: ArgumentHelp("With --matrix: writes the table of both into this file.", valueName: "file"))
  var table: String?

  @Option(help: ArgumentHelp("Writes the results as JSON into this file.", valueName: "file"))
  var json: String?

  @Flag(
    help: "With --matrix and --json: takes over what an earlier run of the same tool has left in that file.")
  var resume = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Begins no further mutant after that many seconds, nor a case on the client without a defect, which goes first.",
      valueName: "seconds"))
  var maxTime: Seconds?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many mutants run at the same time; by default as many as there are cores.", valueName: "number"))
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of everything random that is the rig's.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("The folder of the mutants; by default fixtures/mutants.", valueName: "folder"))
  var mutants: String?

  @OptionGroup(title: "TLS") var tls: AuthorityOptions

  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  func validate() throws {
    if !(1...64).contains(jobs) { throw ValidationError("--jobs must lie between 1 and 64.") }
    if resume, !matrix || json == nil { throw ValidationError("--resume goes with --matrix and --json.") }
    if ownChapters, !matrix { throw ValidationError("--own-chapters goes with --matrix.") }
    if table != nil, !matrix { throw ValidationError("--table goes with --matrix.") }
  }

  func run() async throws {
    // A run takes hours: what it finds must have a place.
    if let json { try TextFile.check(json, option: "--json") }
    if let table { try TextFile.check(table, option: "--table") }
    let fixtures = try Fixtures(path: simulation.fixtures)
    let folder = mutants.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? fixtures.mutants
    let chosen = try MutantFile.all(in: folder, only: only)
    let unproved = try UnprovedList.read(in: folder)
    let progress = MutantProgress(ids: chosen.map(\.id))
    var plan = MutantRunConfiguration(
      mutants: chosen, fixtures: fixtures, simulation: try simulation.simulation, scenarios: Catalogue.all,
      deliveries: deliveries, only: cases, seed: seed, jobs: jobs, isMatrix: matrix, ownChapters: ownChapters,
      maxTime: maxTime?.duration, earlier: resume ? json.flatMap(MutantReport.read) : nil)
    plan.authority = tls.file
    let run = try MutantRun(plan, progress: { progress.receive($0) })
    let (result, wasInterrupted) = try await Interruption.watching { try await run.run() }
    progress.finish()
    Console.say("\n" + progress.report.summary(of: result))
    if let json { try TextFile.write(MutantReport.json(of: result), to: json, option: "--json") }
    let isSound = try matrix && !wasInterrupted ? tellMatrix(of: result, unproved, progress.report) : true
    throw ExitRequest(status: status(of: result, isSound: isSound, wasInterrupted: wasInterrupted))
  }

  /// Says what the matrix shows and writes its table; false where something is wrong with a whole one.
  private func tellMatrix(
    of result: MutantRunResult, _ unproved: [UnprovedScenarios], _ report: MutantReport
  ) throws -> Bool {
    let matrix = MutantMatrix(result)
    let isWhole = only.isEmpty && cases.isEmpty && result.mutants.count == result.plannedCount
    let problems = isWhole ? matrix.problems(of: result, unproved: unproved) : []
    Console.say(report.summary(of: matrix, problems: problems))
    if let table {
      try TextFile.write(
        MutantTable.text(of: result, matrix, unproved: unproved), to: table, option: "--table")
    }
    return problems.isEmpty
  }

  private func status(of result: MutantRunResult, isSound: Bool, wasInterrupted: Bool) -> ExitStatus {
    if wasInterrupted { return .interrupted }
    if !result.mutants(.unusable).isEmpty { return .usage }
    let isBlind = result.mutants.contains { $0.outcome == .survived || $0.isDeclaredInVain }
    if isBlind || !isSound { return .caseFailed }
    let isWhole = result.mutants.count == result.plannedCount && result.mutants(.inconclusive).isEmpty
    return isWhole ? .success : .inconclusive
  }
}

/// Shows a run of mutants while it goes on: the rows of the kill table in the order of the mutants, each as soon as those before it
/// are known, and on a terminal how far it is.
final class MutantProgress: Sendable {
  private struct State {
    var waiting: [String]
    var count = 0
    var ended: [String: MutantResult] = [:]
  }

  let report: MutantReport
  private let state: Mutex<State>

  init(ids: [String]) {
    report = MutantReport(style: Console.style, ids: ids)
    state = Mutex(State(waiting: ids))
  }

  /// Takes the next event of the run.
  func receive(_ event: MutantRunEvent) {
    switch event {
    case .baselineStarted(let cases): redraw("\(cases.counted("case")) on the client without a defect")
    case .baselineEnded(let result):
      state.withLock { state in
        state.waiting.removeAll(where: result.leftOut.contains)
        state.count = state.waiting.count
      }
      stay(report.header(of: result))
    case .mutantEnded(let result):
      let (known, left, count) = state.withLock { state in
        state.ended[result.id] = result
        var known: [MutantResult] = []
        while let id = state.waiting.first, let next = state.ended.removeValue(forKey: id) {
          known.append(next)
          state.waiting.removeFirst()
        }
        return (known, state.waiting.count - state.ended.count, state.count)
      }
      for result in known { stay(report.line(for: result)) }
      redraw("\(left) of \(count.counted("mutant")) to go")
    case .ownAuthority(let reason): stay(TerminalReport(style: Console.style).lineForOwnAuthority(reason))
    }
  }

  /// Takes away what is redrawn, and shows the rows that others before them held up.
  func finish() {
    let rest = state.withLock { state in state.waiting.compactMap { state.ended[$0] } }
    for result in rest { stay(report.line(for: result)) }
    if Console.isTerminal { Console.put(Console.eraseLine) }
  }

  private func stay(_ line: String) { Console.say((Console.isTerminal ? Console.eraseLine : "") + line) }

  private func redraw(_ text: String) {
    if Console.isTerminal { Console.put(Console.eraseLine + text) }
  }
}
