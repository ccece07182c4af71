import ArgumentParser
import Bench
import BoardLink
import Foundation
import Reports
import Results
import Scenarios

/// `wsrig fuzz`: finds what the catalogue did not think of.
struct FuzzCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz",
    abstract: "Puts a client through server behaviours that nobody wrote, judged by RFC 6455 and RFC 7692.",
    discussion: """
      Whole server behaviours are made out of the seed: handshakes, frames, fragments, compression, closes, cuts, in all ways of \
      delivery; others are changed from the catalogue's scenarios, or from a corpus. What the RFCs allow a client follows from what the \
      server really sent. A finding is repeated before it is believed, and its case made as small as it goes; findings that break \
      the same rule at the same place are shown once.

      Each has a folder in reports/fuzz, or in that of --findings: scenario.json for wsrig replay, explanation.txt, and client.py and \
      server.py, which show it without the rig:
        wsrig fuzz --client client.py --time 60
        wsrig replay reports/fuzz/pong-for-every-ping-1/scenario.json --client client.py

      Without --corpus a run depends on nothing but the seed, the options and the client: case 4711 is the same in each.

      EXIT STATUS:
        0    nothing found
        1    the client broke a rule: a MUST, a SHOULD, or what the rig
             asks of a good client beyond the RFC (QUALITY); replay ends
             with 1 for a MUST alone
        2    usage, configuration, a client that does not load, or a
             corpus that cannot be written
        3    nothing found, but a board was lost or missing, or the
             reference broke a rule, or most cases said nothing about
             the client
        130  interrupted; what was found is reported
      """)

  @OptionGroup(title: "Client") var client: ClientOptions
  @OptionGroup(title: "Board") var board: BoardOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of everything random that is the rig's.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Ends after so many cases. (default: none, unless --time is given: 5000)", valueName: "number"))
  var count: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Ends after that many seconds, and up to ten more while what was seen in them is confirmed.",
      valueName: "seconds"))
  var time: Seconds?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The number of the first case: to see a case again without those before it. (default: 0, with --corpus behind the last one it had)",
      valueName: "number"))
  var first: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many simulated boards work side by side.", valueName: "number"))
  var jobs = 1

  @Option(
    help: ArgumentHelp(
      "A folder of scenario files that guides the run: half of the cases are changed from them, and a case that brings something new, "
        + "or fails, is added. It is made if it is not there, and a later run goes on with it.",
      valueName: "folder"))
  var corpus: String?

  @Flag(
    help:
      "Counts the client's lines that have run, on the simulated board; with --corpus a case that reaches a new one is kept."
  )
  var lines = false

  @Option(
    help: ArgumentHelp("The folder for what is found.", valueName: "folder"))
  var findings = "reports/fuzz"

  @Option(help: ArgumentHelp("Writes what was found as JSON into this file.", valueName: "file"))
  var json: String?

  @Flag(help: "Adds each finding's scenario to fixtures/scenarios, as a regression.")
  var save = false

  @Flag(help: "Puts every case over TLS.")
  var tls = false

  @Flag(help: "Leaves the catalogue out: all cases are generated, or changed from the corpus.")
  var withoutCatalogue = false

  @Flag(help: "Ends with the first finding.")
  var failFast = false

  func validate() throws {
    if !(1...64).contains(jobs) { throw ValidationError("--jobs must lie between 1 and 64.") }
    if let count, count < 1 { throw ValidationError("--count must be at least 1.") }
    if let count, count > Self.mostCases {
      throw ValidationError("--count must be at most \(Self.mostCases).")
    }
    if let first, !(0...Self.mostCases).contains(first) {
      throw ValidationError("--first must lie between 0 and \(Self.mostCases).")
    }
    if corpus?.isEmpty == true {
      throw ValidationError("--corpus needs a folder, and what it was given is empty.")
    }
    if findings.isEmpty {
      throw ValidationError("--findings needs a folder, and what it was given is empty.")
    }
  }

  /// More than any run can have.
  private static let mostCases = 1_000_000_000_000

  /// So many cases are run where neither `--count` nor `--time` says when to end.
  private static let usualCount = 5000

  func run() async throws {
    let (configuration, fixtures) = try plan()
    let folder = FindingFolder(
      path: findings, isSaved: save, client: configuration.run.client, fixtures: fixtures, seed: seed)
    try folder.check()
    if let json { try TextFile.check(json, option: "--json") }
    let words = client.words + board.words + ["--seed", "\(seed)"]
    let report = FuzzReport(style: Console.style, program: Console.program, replayOptions: words)
    let progress = FuzzProgress(folder, report)
    let (result, wasInterrupted) = try await Interruption.watching {
      try await FuzzRun(configuration, progress: { progress.receive($0) }).run()
    }
    progress.finish()
    if let json { try TextFile.write(FuzzReport.json(of: result), to: json, option: "--json") }
    Console.say("\n" + report.summary(of: result, wasInterrupted: wasInterrupted))
    throw ExitRequest(status: status(of: result, wasInterrupted: wasInterrupted))
  }

  private func plan() throws -> (FuzzConfiguration, Fixtures) {
    let (file, chosen) = try board.bench()
    let fixtures = try Fixtures(path: board.simulation.fixtures)
    guard jobs == 1 || (chosen.count == 1 && chosen[0].selector.isOnThisComputer) else {
      throw ConfigurationError("--jobs is for a board on this computer; name several boards with --board.")
    }
    guard !lines || chosen.allSatisfy({ $0.selector == .simulated }) else {
      throw ConfigurationError("--lines is for the simulated board; leave it out, or --board.")
    }
    let boards = jobs == 1 ? chosen : Array(repeating: chosen[0], count: jobs)
    var run = RunConfiguration(
      boards: boards, simulation: try board.simulation.simulation,
      client: try client.bundle(for: boards, fixtures: fixtures, file: file), fixtures: fixtures, cases: [],
      seed: seed)
    run.boardWait = board.boardWait?.duration
    run.simulation.faultFile = board.simFaults
    var configuration = FuzzConfiguration(run: run, catalogue: withoutCatalogue ? [] : Catalogue.all)
    configuration.count = count ?? (time == nil ? Self.usualCount : nil)
    configuration.first = first
    configuration.maxTime = time?.duration
    configuration.corpus = corpus.map { URL(fileURLWithPath: $0, isDirectory: true) }
    configuration.overTLS = tls
    configuration.endsAtFirst = failFast
    configuration.countsLines = lines
    return (configuration, fixtures)
  }

  private func status(of result: FuzzResult, wasInterrupted: Bool) -> ExitStatus {
    if result.hasFindings, !wasInterrupted { return .caseFailed }
    if wasInterrupted { return .interrupted }
    if result.corpusFailure != nil { return .usage }
    return result.lostBoardCount > 0 || result.saysLittle || !result.referenceGroups.isEmpty
      ? .inconclusive : .success
  }
}

/// Shows a fuzzing run while it goes on: what is found, and on a terminal how far it is.
final class FuzzProgress: Sendable {
  private let report: FuzzReport
  private let boards = TerminalReport(style: Console.style)
  private let folder: FindingFolder

  init(_ folder: FindingFolder, _ report: FuzzReport) {
    self.folder = folder
    self.report = report
  }

  /// Takes the next event of a run.
  func receive(_ event: FuzzEvent) {
    switch event {
    case .started(let run):
      stay(report.header(of: run))
      do { try folder.clear() } catch { Console.complain("\(error)") }
    case .status(let status): redraw(report.line(for: status))
    case .found(let group, let number): tell(group, number)
    case .referenceFailed(let group): tell(reference: group)
    case .board(let event): stay(boards.line(for: event))
    case .boardWaits(let reason): stay(boards.lineForWaiting(reason))
    }
  }

  private func tell(_ group: FindingGroup, _ number: Int) {
    do {
      let written = try folder.write(group, number: number)
      stay(report.lines(for: group, number: number, file: written.scenario))
      if let regression = written.regression { stay("   saved as \(regression)") }
    } catch {
      stay(report.lines(for: group, number: number, file: nil))
      Console.complain("\(error)")
    }
  }

  private func tell(reference group: FindingGroup) {
    stay(report.lines(forReference: group))
    do { stay("   " + (try folder.write(reference: group))) } catch { Console.complain("\(error)") }
  }

  /// Takes away what is redrawn.
  func finish() { if Console.isTerminal { Console.put(Console.eraseLine) } }

  private func stay(_ line: String) { Console.say((Console.isTerminal ? Console.eraseLine : "") + line) }

  private func redraw(_ text: String) {
    if Console.isTerminal { Console.put(Console.eraseLine + String(text.prefix(max(20, Console.width - 1)))) }
  }
}
