import ArgumentParser
import Autobahn
import Bench
import Reports
import Results

/// `wsrig autobahn`: a client through a genuine Autobahn fuzzing server.
struct AutobahnCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "autobahn",
    abstract: "Takes a client through a genuine Autobahn fuzzing server.",
    discussion: """
      The server is Autobahn|Testsuite's own; scripts/autobahn runs it:
        scripts/autobahn -m fuzzingserver -s spec.json -u 0
        wsrig autobahn ws://127.0.0.1:9001
        wsrig autobahn ws://127.0.0.1:9001 --client path/to/client.py --only '5.*'
      Its url, key and cert in the spec make it speak wss, and --tls-ca then says whom to trust:
        wsrig autobahn wss://127.0.0.1:9001 --tls-ca server.pem
      A client on a board is handed the same file as its cafile, with cert_reqs 2: it has to verify the server. Without --tls-ca, or where \
      its adapter declares no TLS, it is given the wss:// URL and nothing else, and whether it verifies is up to its defaults.

      Without a board or a client, in the options or in wsrig.toml, it is the reference client that is taken through. The server tells each case's behavior; how \
      the connection was closed it only writes into its reports, for which it is asked at the end: exit status 0 says nothing of that. Give each run an agent of its \
      own: the server answers with what it knows of an agent already.

      EXIT STATUS:
        0    no case FAILED; with --strict, none is NON-STRICT either
        1    a case FAILED, or the client hung
        2    usage, configuration, no Autobahn fuzzing server at the URL, or a
             client that does not load
        3    no case failed, but the server gave no verdict on one, not all of
             them ran, or the board was missing
        130  interrupted; the server was asked for its reports on what had run
      """)

  @Argument(help: ArgumentHelp("The fuzzing server: ws://HOST:PORT or wss://HOST:PORT.", valueName: "url"))
  var url: String

  @Option(
    help: ArgumentHelp(
      "The client's name in the server's reports; by default the client's path.", valueName: "name"))
  var agent: String?

  @Option(
    help: ArgumentHelp(
      "Only the server's cases whose id fits, such as '6.12.*'. May be given several times.",
      valueName: "glob"))
  var only: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("After that long in a case the client is interrupted.", valueName: "seconds"))
  var caseTime = Seconds(duration: .seconds(120))

  @Flag(help: "Has the client offer no permessage-deflate; its cases then are UNIMPLEMENTED.")
  var noCompression = false

  @Flag(help: "Takes NON-STRICT for a failure.")
  var strict = false

  @Flag(
    help:
      "Stands between client and server, and examines each case by the rig's own rules too: whether both agree. Over ws:// only."
  )
  var examine = false

  @Option(help: ArgumentHelp("Writes what came of each case as JSON into this file.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "The board, as for wsrig run; by default the one of wsrig.toml, otherwise reference, and sim where a client is given.",
      valueName: "board"))
  var board: String?

  @Option(
    help: ArgumentHelp(
      "The address of this computer that the board reaches. (default: what wsrig.toml says, otherwise 127.0.0.1)",
      valueName: "address"))
  var host: String?

  @Option(
    help: ArgumentHelp(
      "The bench file; by default wsrig.toml in the working folder, if it is there. Options win over it.",
      valueName: "file"))
  var config: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long to wait for a board that another run uses. (default: 0)", valueName: "seconds"))
  var boardWait: Seconds?

  @OptionGroup(title: "TLS") var trust: TLSTrust
  @OptionGroup(title: "Client") var client: ClientOptions
  @OptionGroup(title: "Simulated board") var simulation: SimulationOptions

  func validate() throws {
    if caseTime.duration <= .zero { throw ValidationError("--case-time must be more than 0 seconds.") }
    if agent == "" { throw ValidationError("--agent needs a name, and what it was given is empty.") }
    if trust.isUsed, !url.lowercased().hasPrefix("wss:") {
      throw ValidationError("--tls-ca and --tls-keylog go with wss://.")
    }
    if examine, url.lowercased().hasPrefix("wss:") {
      throw ValidationError("--examine goes with ws://: nobody sees through TLS from between its ends.")
    }
  }

  func run() async throws {
    if let json { try TextFile.check(json, option: "--json") }
    let bench = try benchConfiguration()
    let tour = TourConfiguration(
      server: url, tls: try trust.configuration(), agent: agent ?? bench.client.identity.path, only: only,
      caseLimit: caseTime.duration,
      compression: !noCompression, examines: examine)
    let progress = TourProgress()
    let (result, wasInterrupted) = try await Interruption.watching {
      try await AutobahnTour(tour, bench: bench, progress: { progress.receive($0) }).run()
    }
    progress.finish()
    if let json { try TextFile.write(TourReport.json(of: result), to: json, option: "--json") }
    Console.say("\n" + TourReport(style: Console.style).summary(of: result))
    throw ExitRequest(status: wasInterrupted ? .interrupted : status(of: result))
  }

  private func benchConfiguration() throws -> RunConfiguration {
    let fixtures = try Fixtures(path: simulation.fixtures)
    let file = try BenchFile.find(config)
    let boards = [try chosenBoard(file)]
    var bench = RunConfiguration(
      boards: boards, simulation: try simulation.simulation,
      client: try client.bundle(for: boards, fixtures: fixtures, file: file), fixtures: fixtures, cases: [],
      seed: 1)
    bench.boardWait = boardWait?.duration
    return bench
  }

  /// The board as `run` chooses it. Where neither option nor file names one, a client stands for the simulated board, and nothing for
  /// the reference.
  private func chosenBoard(_ file: BenchFile?) throws -> BenchBoard {
    var words = board.map { [$0] } ?? []
    if words.isEmpty, file?.namesBoards != true {
      let hasClient = client.client != nil || client.adapter != nil || file?.client != nil
      words = [hasClient ? "sim" : "reference"]
    }
    let boards = try BenchBoard.chosen(by: words, host: host, port: nil, file: file)
    guard boards.count == 1 else {
      throw ConfigurationError(
        "The fuzzing server takes one client at a time, and \(boards.map(\.id).joined(separator: ", ")) are several boards; "
          + "name one with --board.")
    }
    return boards[0]
  }

  private func status(of result: TourResult) -> ExitStatus {
    if result.hasFailed || (strict && result.count(of: .nonStrict) > 0) { return .caseFailed }
    return result.isWhole && result.endedEarly == nil ? .success : .inconclusive
  }
}

/// Shows a tour while it goes on.
private struct TourProgress: Sendable {
  private let bar = ProgressBar()
  private let run = TerminalReport(style: Console.style)
  private let report = TourReport(style: Console.style)

  func receive(_ event: TourEvent) {
    switch event {
    case .started(let tour):
      bar.begin(total: tour.plannedCount)
      bar.stay(report.header(of: tour))
    case .bench(.board(let event)): bar.stay(run.line(for: event))
    case .bench: break
    case .caseStarted(let id, _): bar.redraw(current: id)
    case .caseEnded(let testCase):
      bar.advance(failed: testCase.behavior == .failed || testCase.hung)
      if let line = report.line(for: testCase) { bar.stay(line) }
    }
  }

  func finish() { bar.finish() }
}
