import ArgumentParser
import Autobahn
import Bench
import PosixIO
import Reports
import Results
import Scenarios
import Steps
import Verdicts

/// `wsrig serve --autobahn`: our scenarios for any driver that was made for Autobahn's fuzzing server.
struct AutobahnServing: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Answers Autobahn's control URLs and puts clients through the scenarios; --list tells through which."
    ))
  var autobahn = false

  @Option(
    help: ArgumentHelp(
      "Only the cases whose id fits; * stands for anything. May be given several times.", valueName: "glob"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the server's bytes are delivered: default, all, or a list, as for wsrig run.",
      valueName: "deliveries"))
  var deliveries = "default"

  @Option(
    help: ArgumentHelp(
      "handshake: also the cases in which the opening is refused, or may be.", valueName: "what"))
  var include: [Inclusion] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of everything random that is the rig's.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "The folder for the reports; by default a new one in ./reports, and reports/latest points to it.",
      valueName: "folder"))
  var report: String?

  @Flag(help: "Lists the cases by number, then every scenario that is left out and why; serves nothing.")
  var list = false

  @Flag(help: "Ends after the first /updateReports; without it, Ctrl-C ends it.")
  var once = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Ends after that many seconds at the latest.", valueName: "seconds"))
  var maxTime: Seconds?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long nothing may move before the server gives up what it waits for.", valueName: "seconds"))
  var patience = Seconds(duration: AutobahnServerConfiguration.usualPatience)

  func validate() throws {
    if patience.duration <= .zero { throw ValidationError("--patience must be more than 0 seconds.") }
  }

  /// What can be added to the cases.
  enum Inclusion: String, ExpressibleByArgument, CaseIterable { case handshake }

  /// Whether options were given that need `--autobahn`.
  var isUsedInVain: Bool {
    !autobahn
      && (!only.isEmpty || deliveries != "default" || !include.isEmpty || seed != 1 || report != nil || list
        || once || maxTime != nil || patience.duration != AutobahnServerConfiguration.usualPatience)
  }

  /// Serves until a signal, a driver or the time limit ends it; then reports.
  /// - Parameter hosts: the names that the addresses were given by.
  func run(on addresses: [SocketAddress], of hosts: [String], _ security: TLSServing) async throws {
    let cases = try plan()
    let folder = try ReportFolder(path: report, hasSerialLog: false)
    let reports = DriverReports(folder: folder)
    let progress = DriverProgress()
    var configuration = AutobahnServerConfiguration(
      cases: cases, seed: seed, endsAfterReports: once, writeReports: { try reports.write($0) })
    configuration.patience = patience.duration
    configuration.tls = try security.context(for: hosts, addresses)
    let server = try await AutobahnServer.start(
      configuration, listeningOn: addresses, on: .shared,
      referenceLoop: try EventLoop(name: "reference").start(),
      progress: { progress.receive($0) })
    security.announce(server.addresses)
    Console.say("\(cases.all.count.counted("case")); reports will be in \(folder.name)")
    try await waitForEnd(of: server)
    let (runs, cutOff) = (server.runs, server.agentsUnderWay)
    try await server.stop()
    let isReported = (try? reports.write(runs)) != nil
    summarize(runs, of: cases, folder: folder)
    for agent in cutOff {
      Console.complain("\(agent.shortened) was in a case when the server ended, which is in no report.")
    }
    throw ExitRequest(status: isReported ? status(of: runs, isCutOff: !cutOff.isEmpty) : .usage)
  }

  /// The cases, and what of the catalogue is none.
  func listing() throws -> String {
    let all = try plan().all
    let others = EchoCases.leftOut(of: Catalogue.all, withOpenings: takesOpenings).map { reason, scenarios in
      "\nLeft out: \(scenarios.count.counted("scenario")). \(reason)\n"
        + scenarios.map { "  \($0.id)\n" }.joined()
    }
    return CaseList.table(of: all, isNumbered: true) + others.joined()
  }

  private var takesOpenings: Bool { include.contains(.handshake) }

  private func plan() throws -> EchoCases {
    let scenarios = EchoCases.scenarios(of: Catalogue.all, withOpenings: takesOpenings)
    do {
      return EchoCases(try RunPlan.cases(of: scenarios, deliveries: deliveries, only: only, seed: seed))
    } catch {
      throw ConfigurationError(
        "\(error) Only scenarios of which the client's part is an echo on one connection can be driven this way."
      )
    }
  }

  private func waitForEnd(of server: AutobahnServer) async throws {
    let signals = try TerminationSignal.stream(on: .shared)
    let limit = maxTime?.duration
    await withTaskGroup { group in
      group.addTask { for await _ in signals { break } }
      group.addTask { for await _ in server.endRequests { break } }
      if let limit { group.addTask { try? await EventLoop.shared.pause(until: .after(limit)) } }
      await group.next()
      group.cancelAll()
    }
  }

  private func summarize(_ runs: [AgentRun], of cases: EchoCases, folder: ReportFolder) {
    let report = TerminalReport(style: Console.style)
    for run in runs {
      var result = run.result
      result.board.machine = result.board.machine.shortened
      Console.say("\n\(run.agent.shortened)\n" + report.summary(of: result, reportFolder: nil))
    }
    for run in runs where run.result.cases.count < cases.all.count {
      Console.complain(
        "\(run.agent.shortened) was put through \(run.result.cases.count) of \(cases.all.count.counted("case")) only."
      )
    }
    if runs.isEmpty { Console.complain("No client came to an end of a case.") }
    Console.say("Reports: \(folder.name)")
  }

  private func status(of runs: [AgentRun], isCutOff: Bool) -> ExitStatus {
    let outcomes = runs.map(\.result.outcome)
    if outcomes.contains(.caseFailed) { return .caseFailed }
    return runs.isEmpty || isCutOff || outcomes.contains(.inconclusive) ? .inconclusive : .success
  }
}

/// Shows what drivers do while they do it.
private struct DriverProgress: Sendable {
  private let report = TerminalReport(style: Console.style)

  func receive(_ event: DriverEvent) {
    switch event {
    case .caseEnded(let agent, let result):
      if let line = report.line(for: result) { Console.say("\(agent.shortened): \(line)") }
    case .reportsWritten: Console.say("reports written")
    }
  }
}
