import ArgumentParser
import Bench
import BoardLink
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
      results.json and junit.xml for programs, serial.log, and a folder for each failed case. What an earlier run left there is \
      removed once there is something to report. Where a board is not ready, every case is inconclusive, and the reports say why.

      Several boards share the cases: --board usb:A --board usb:B, or --board all. With --each every board runs all of them, and \
      has a report folder of its own; results.json and junit.xml above these folders are of all boards. A board that is given up on \
      the way leaves its cases to the others; the exit status then is 3 although every verdict is known, for a board is missing.

      \(ExitStatus.help)
      """)

  @OptionGroup(title: "Client") var client: ClientOptions
  @OptionGroup(title: "Board") var board: BoardOptions
  @OptionGroup(title: "Cases") var plan: PlanOptions
  @OptionGroup(title: "Run") var control: RunOptions

  @Flag(help: "With several boards: each runs all cases, with a report of its own.")
  var each = false

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
    try await control.run(cases, client: client, board: board, each: each, seed: seed, unsettled: unsettled)
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

  @OptionGroup(title: "TLS") var tls: TLSOptions

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
  /// - Parameters:
  ///   - each: whether each of several boards runs all cases, with a report of its own.
  ///   - unsettled: the ids of cases that failed before; those that do not get to run are kept in the results.
  func run(
    _ cases: [Case], client: ClientOptions, board: BoardOptions, each: Bool = false, seed: UInt64,
    unsettled: Set<String> = []
  ) async throws {
    guard captureLimit.bytes >= Self.leastCapture else {
      throw ConfigurationError(
        "--capture-limit must be at least \(Self.leastCapture / 1024)K: a judge who sees less cannot judge the catalogue's messages."
      )
    }
    // Read before the run: a new one may take the place of reports/latest, and a mistake is told at once.
    let known = try baseline.map { try BaselineFile.read($0, forCases: cases.map(\.id)) }
    let (file, boards, missing) = try bench(board)
    let isSeparate = each && boards.count > 1
    if each, !isSeparate {
      Console.say("--each makes no difference here: the run has one board, \(boards[0].word)")
    }
    let folder = try ReportFolder(path: report, hasSerialLog: boards.count == 1, replacesRun: true)
    defer { folder.abandon() }
    let fixtures = try Fixtures(path: board.simulation.fixtures)
    let ruleIndex = try fixtures.ruleIndex()
    var plan = RunConfiguration(
      boards: boards, simulation: try board.simulation.simulation,
      client: try client.bundle(for: boards, fixtures: fixtures, file: file),
      fixtures: fixtures, cases: cases, seed: seed, captureLimit: captureLimit.bytes, failFast: failFast,
      maxTime: maxTime?.duration, isolation: isolation, repeatFailed: repeatFailed)
    plan.limits = limits.changes.over(file?.limits ?? LimitChanges()).limits
    plan.authority = tls.bench.file
    plan.keyLog = try tls.keyLog(of: cases)
    plan.keepsTraces = false
    plan.boardWait = board.boardWait?.duration
    plan.simulation.faultFile = board.simFaults
    let words = ["--seed", "\(seed)"] + client.words + board.words + tls.bench.words + limits.words
    let finish = { @Sendable (result: inout RunResult, boards: [BenchBoard]) in
      result.program = Console.program
      result.ruleIndex = ruleIndex
      result.baseline = known?.report(
        on: result, ofBoard: boards.count == 1 ? known?.boardToTellApart(boards[0].id, isSeparate) : nil,
        today: CalendarDay(Date()))
      result.unsettled = unsettled.subtracting(result.cases.map(\.case.id)).sorted()
      result.replayOptions = words + (isSeparate && boards.count == 1 ? ["--board", boards[0].word] : [])
      result.boardWords = Dictionary(uniqueKeysWithValues: boards.map { ($0.id, $0.word) })
    }
    let parts =
      try isSeparate
      ? plan.separate().map {
        ReportedRun(plan: $0, folder: try folder.part($0.boards[0].fileName), finish: finish)
      }
      : [ReportedRun(plan: plan, folder: folder, missing: missing, finish: finish)]
    let progress = LiveProgress(isSharedByRuns: isSeparate)
    let (ends, wasInterrupted) = try await Interruption.watching { await ReportedRun.run(parts, progress) }
    progress.finish()
    let outcome = RunEnds(ends, folder: folder, isSeparate: isSeparate)
    if var joined = outcome.joined {
      finish(&joined, boards)
      try folder.begin()
      try folder.write(RunReport.files(ofJoined: joined))
    }
    throw ExitRequest(status: try outcome.tell(wasInterrupted: wasInterrupted))
  }

  /// The bench. Where `--board all` finds no board, one that is missing stands for them: the run has reports all the same.
  private func bench(
    _ options: BoardOptions
  ) throws -> (file: BenchFile?, boards: [BenchBoard], missing: MissingBoard?) {
    do {
      let (file, boards) = try options.bench()
      return (file, boards, nil)
    } catch let missing as MissingBoard {
      return (try BenchFile.find(options.config), [BenchBoard(.usb(nil), word: "all")], missing)
    }
  }
}

/// What a run's TLS goes by.
struct TLSOptions: ParsableArguments {
  @OptionGroup var bench: AuthorityOptions
  @OptionGroup var keyLog: KeyLogOption

  /// The file for the secrets of these cases' connections; nil where none is wanted.
  /// - Throws: `ConfigurationError` where it cannot be opened, or nothing will speak TLS.
  func keyLog(of cases: [Case]) throws -> TLSKeyLog? {
    guard keyLog.tlsKeylog == nil || cases.contains(where: \.scenario.speaksTLS) else {
      throw ConfigurationError(
        "--tls-keylog keeps secrets of TLS, and none of the chosen cases speaks it; put them over TLS with --tls, or leave it out."
      )
    }
    return try keyLog.open()
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

extension RunConfiguration {
  /// The same run for each of its boards alone.
  fileprivate func separate() -> [RunConfiguration] {
    boards.enumerated().map { index, board in
      var one = self
      (one.boards, one.firstBoardNumber) = ([board], firstBoardNumber + index)
      return one
    }
  }
}
