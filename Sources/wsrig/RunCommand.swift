import ArgumentParser
import Bench
import Foundation
import PosixIO
import Reports
import Results
import Scenarios
import Verdicts

/// `wsrig run`: the conformance run.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Puts a client on a board through the conformance suite.",
    discussion: """
      Every case runs the client on the board and the reference client against the same scripted server, judges both by \
      RFC 6455 and compares them. It leaves in reports/latest, or in the folder of --report, report.html for people, \
      results.json and junit.xml for programs, serial.log, and a folder for each failed case.

      \(ExitStatus.help)
      """)

  @OptionGroup(title: "Client") var client: ClientOptions
  @OptionGroup(title: "Board") var board: BoardOptions
  @OptionGroup(title: "Cases") var plan: PlanOptions
  @OptionGroup(title: "Run") var control: RunOptions

  @Flag(help: "Lists the cases and runs none.")
  var list = false

  @Flag(help: "With --list: as JSON.")
  var json = false

  func validate() throws {
    if json, !list {
      throw ValidationError("--json goes with --list; a run writes results.json into its report folder.")
    }
  }

  func run() async throws {
    let (cases, seed, unsettled) = try plan.plan(report: control.report)
    guard !cases.isEmpty else {
      Console.say("no case failed or was inconclusive in the last run (\(plan.lastRun(control.report)))")
      return
    }
    guard !list else {
      Console.put(json ? CaseList.json(of: cases) : CaseList.table(of: cases))
      return
    }
    try await control.run(cases, client: client, board: board, seed: seed, unsettled: unsettled)
  }
}

/// How a run is carried out and where its reports go; `run` and `replay` share it.
struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder for the reports; by default a new one in ./reports, and reports/latest points to it.",
      valueName: "folder"))
  var report: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many bytes of each direction of a connection are kept.", valueName: "size"))
  var captureLimit = ByteCount(bytes: 1 << 20)

  @Flag(help: "Ends the run at the first failed case.")
  var failFast = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Begins no further case after that many seconds.", valueName: "seconds"))
  var maxTime: Seconds?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Runs each failed case that many times more, after all others: stable if it fails each time, flaky if not. "
        + "Its verdict stays.", valueName: "times"))
  var repeatFailed = 0

  @Option(
    help: ArgumentHelp(
      "What the board goes through before every case, whatever its scenario says: "
        + "\(Isolation.allValueStrings.joined(separator: ", ")).", valueName: "level"))
  var isolation: Isolation?

  @Option(
    help: ArgumentHelp(
      "What is known to fail: results.json of an earlier run, or a list of accepted deviations "
        + "(fixtures/schema/deviations.schema.json). Only failures that it does not have make the exit status 1.",
      valueName: "file"))
  var baseline: String?

  @OptionGroup(title: "TLS") var tls: AuthorityOptions

  @OptionGroup(title: "Limits of resources") var limits: LimitOptions

  func validate() throws {
    let range = 0...255
    if !range.contains(repeatFailed) {
      throw ValidationError(
        "--repeat-failed is \(repeatFailed); allowed here: a whole number from \(range.lowerBound) to \(range.upperBound)."
      )
    }
  }

  /// What holds the largest message that a small board holds, and its heads and frame headers.
  private static let leastCapture = 128 * 1024

  /// Runs the cases, shows progress, writes the reports, and ends with the status that the results call for.
  /// - Parameter unsettled: the ids of cases that failed before; those that do not get to run are kept in the results.
  func run(
    _ cases: [Case], client: ClientOptions, board: BoardOptions, seed: UInt64, unsettled: Set<String> = []
  ) async throws {
    guard captureLimit.bytes >= Self.leastCapture else {
      throw ConfigurationError(
        "--capture-limit must be at least \(Self.leastCapture / 1024)K: a judge who sees less cannot judge the catalogue's messages."
      )
    }
    // Read before the run: a new one may take the place of reports/latest, and a mistake is told at once.
    let known = try baseline.map(BaselineFile.read)
    let folder = try ReportFolder(path: report)
    let fixtures = try Fixtures(path: board.simulation.fixtures)
    let selector = try board.selector()
    let ruleIndex = try fixtures.ruleIndex()
    var configuration = RunConfiguration(
      board: selector, simulation: board.simulation.simulation,
      client: try client.bundle(for: selector, fixtures: fixtures),
      fixtures: fixtures, cases: cases, seed: seed, host: board.host, port: board.port,
      captureLimit: captureLimit.bytes, failFast: failFast, maxTime: maxTime?.duration,
      isolation: isolation, repeatFailed: repeatFailed, serialLog: folder.serialLog)
    configuration.limits = limits.limits
    configuration.authority = tls.file
    configuration.keepsTraces = false
    let progress = LiveProgress()
    let run = ConformanceRun(configuration) {
      progress.receive($0)
      // What cannot be written now cannot be written at the end either, which then says so.
      if case .caseEnded(let result) = $0 { try? folder.write(RunReport.traceFiles(of: result)) }
    }
    var (result, wasInterrupted) = try await Interruption.watching {
      try await run.run()
    }
    progress.finish()
    result.program = Console.program
    result.ruleIndex = ruleIndex
    result.baseline = known?.report(
      on: result.cases.map(RecordedCase.init), violations: result.violations, today: CalendarDay(Date()))
    result.unsettled = unsettled.subtracting(result.cases.map(\.case.id)).sorted()
    result.replayOptions = ["--seed", "\(seed)"] + client.words + board.words + tls.words + limits.words
    try folder.write(RunReport.files(of: result, folder: folder.name, hasTraces: false))
    let path = folder.publish()
    Console.say("\n" + TerminalReport(style: Console.style).summary(of: result, reportFolder: path))
    throw ExitRequest(status: wasInterrupted ? .interrupted : result.outcome.exitStatus)
  }
}

/// On the command line the words are joined by hyphens: `soft-reset`.
extension Isolation: ExpressibleByArgument {
  /// Reads a level, its words joined by hyphens or spaces.
  public init?(argument: String) { self.init(rawValue: argument.replacing("-", with: " ")) }

  /// The levels as the help lists them.
  public static var allValueStrings: [String] {
    allCases.map { $0.rawValue.replacing(" ", with: "-") }
  }
}

extension RunOutcome {
  /// The exit status that the outcome calls for.
  var exitStatus: ExitStatus {
    switch self {
    case .allWell: .success
    case .caseFailed: .caseFailed
    case .inconclusive: .inconclusive
    }
  }
}
