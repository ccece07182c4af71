import ArgumentParser
import Bench
import Foundation
import Latency
import Reports
import Results

/// `wsrig latency`: how long messages take there and back, and where the time goes.
struct LatencyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latency",
    abstract: "Measures how long a client on a board takes to echo messages, and where the time goes.",
    discussion: """
      The server sends messages and the client on the board echoes them, in turns with the reference client on this computer, which \
      shows what the rig itself takes. By the kernel's stamps of what is sent, acknowledged and received each round trip is told apart \
      into server, network with the board's TCP, and client; the board's own clock tells what of that the application took. \
      Acknowledgements that TCP held back are recognised. Latencies of a fixed schedule are shown raw and corrected for coordinated \
      omission. The board is held by this run alone.

      It leaves in reports/latency/latest, or in the folder of --report, latency.html for people, latency.json for programs \
      (fixtures/schema/latency.schema.json), samples.csv with every exchange, hgrm/*.hgrm for HdrHistogram's plotters, and serial.log.

      With --baseline the client's medians are compared with those of an earlier run: echoes, phases of connections, throughput, the load of \
      the event loop, allocations. One that is slower by more than the minimum effect, and by a rank test of the rounds hardly by \
      chance, makes the exit status 1.

      EXIT STATUS:
        0    all well
        1    the client is slower than in the baseline, or fails what is
             measured: it does not echo, does not come back, hangs
        2    usage, configuration, a client that does not load, or --power on
             a board without a radio
        3    the board was missing or lost, or its radio did not take a power
             mode, or the baseline is of another board, or too few rounds or
             a change of this computer leave open whether the client is slower
        130  interrupted; what was measured is reported
      """)

  @OptionGroup(title: "Client") var client: ClientOptions
  @OptionGroup(title: "Board") var board: BoardOptions
  @OptionGroup(title: "What is measured") var measured: LatencyOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of payloads, and of the reference's masking keys.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "The folder for the reports; by default a new one in ./reports/latency, and reports/latency/latest points to it.",
      valueName: "folder"))
  var report: String?

  @Option(
    help: ArgumentHelp(
      "The latency.json of an earlier run, or its folder; a client that became slower makes the exit status 1.",
      valueName: "file"))
  var baseline: String?

  @OptionGroup var effect: EffectOption

  @OptionGroup(title: "TLS") var tls: AuthorityOptions

  func validate() throws {
    if effect.minEffect != nil, baseline == nil {
      throw ValidationError("--min-effect is for --baseline, which is not given; leave it out.")
    }
    if tls.authority != nil, measured.over == .clear {
      throw ValidationError(
        "--authority is for TLS, and nothing goes over it; leave it out, or choose --over tls or --over both."
      )
    }
  }

  func run() async throws {
    let (file, boards) = try board.bench()
    guard boards.count == 1 else {
      throw ConfigurationError(
        "A latency run measures one board, which it holds for itself, and \(boards.map(\.word).joined(separator: ", ")) are "
          + "\(boards.count); name one with --board.")
    }
    // Read before the run: a mistake is told at once.
    let known = try baseline.map { try LatencyBaselineFile.read($0) }
    let folder = try ReportFolder(path: report, under: "reports/latency")
    let configuration = try runConfiguration(boards, file, folder)
    let plan = measured.plan
    let progress = LatencyProgress(board: boards[0].id)
    let (measuredRun, wasInterrupted) = try await Interruption.watching {
      try await LatencyBench(plan, configuration) { progress.receive($0) }.run()
    }
    progress.finish()
    var result = measuredRun
    if let known, let baseline {
      result.baseline = LatencyBaselineReport(
        result, beside: known, named: baseline, minimumEffect: effect.minimum)
    }
    let reports = LatencyReport(result)
    folder.removeFiles(withExtension: "hgrm", in: LatencyReport.histogramFolder)
    try folder.write(reports.files)
    Console.say("\n" + LatencyTables(reports, style: Console.style).summary(reportFolder: folder.publish()))
    throw ExitRequest(status: wasInterrupted ? .interrupted : result.outcome.exitStatus)
  }

  private func runConfiguration(
    _ boards: [BenchBoard], _ file: BenchFile?, _ folder: ReportFolder
  ) throws -> RunConfiguration {
    let fixtures = try Fixtures(path: board.simulation.fixtures)
    var configuration = RunConfiguration(
      boards: boards, simulation: try board.simulation.simulation,
      client: try client.bundle(for: boards, fixtures: fixtures, file: file), fixtures: fixtures, cases: [],
      seed: seed)
    configuration.authority = tls.file
    configuration.boardWait = board.boardWait?.duration
    configuration.isExclusive = true
    configuration.simulation.faultFile = board.simFaults
    configuration.serialLog = folder.serialLog
    return configuration
  }
}

/// Shows a latency run while it goes on.
struct LatencyProgress: Sendable {
  private let bar = ProgressBar()
  private let live: LiveProgress
  private let board: String

  /// - Parameter board: the id of the board, for what it tells.
  init(board: String) {
    live = LiveProgress(bar: bar)
    self.board = board
  }

  /// Takes the next event of a run.
  func receive(_ event: LatencyEvent) {
    switch event {
    case .bench(let event): live.receive(event, from: board)
    case .started(let run, let turns):
      bar.add(total: turns)
      bar.stay(LatencyTables.header(of: run, turns: turns, style: Console.style))
    case .turn(let name, let round): bar.redraw(current: "round \(round) · \(name)")
    case .turnEnded(let failed): bar.advance(failed: failed)
    case .failure(let failure): bar.stay(LatencyTables.line(for: failure, style: Console.style))
    }
  }

  /// Takes the bar away.
  func finish() { bar.finish() }
}
