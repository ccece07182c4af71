import Bench
import Foundation
import Reports
import Results

/// A run and the folder that its reports go to.
struct ReportedRun: Sendable {
  var plan: RunConfiguration
  let folder: ReportFolder
  /// Adds to a result what only the command line knows.
  let finish: @Sendable (inout RunResult, [BenchBoard]) -> Void

  /// How it ended: with a result, whose reports are written, or before its first case.
  typealias End = (board: BenchBoard, end: Result<RunResult, any Error>)

  /// Carries the runs out, all at a time.
  static func run(_ parts: [ReportedRun], _ progress: LiveProgress) async -> [End] {
    await sideBySide(parts) { ($0.plan.boards[0], await $0.run(progress)) }
  }

  private func run(_ progress: LiveProgress) async -> Result<RunResult, any Error> {
    var plan = plan
    plan.serialLog = folder.serialLog
    let board = plan.boards[0].id
    do {
      var result = try await ConformanceRun(plan) { [folder] in
        progress.receive($0, from: board)
        // What cannot be written now cannot be written at the end either, which then says so.
        if case .caseEnded(let result) = $0 { try? folder.write(RunReport.traceFiles(of: result)) }
      }.run()
      finish(&result, plan.boards)
      try folder.write(RunReport.files(of: result, folder: folder.name, hasTraces: false))
      return .success(result)
    } catch {
      return .failure(error)
    }
  }
}

/// The ends of all runs of a command.
struct RunEnds {
  private let ends: [ReportedRun.End]
  private let folder: ReportFolder
  private let isSeparate: Bool

  /// - Parameters:
  ///   - folder: the report folder of all of them.
  ///   - isSeparate: whether each has a folder of its own in it.
  init(_ ends: [ReportedRun.End], folder: ReportFolder, isSeparate: Bool) {
    self.ends = ends
    self.folder = folder
    self.isSeparate = isSeparate
  }

  /// All runs as one, where each of several boards has one and one of them came to a case; otherwise nil.
  var joined: RunResult? {
    guard isSeparate else { return nil }
    let runs = ends.compactMap { board, end in
      (try? end.get()).map { BoardRun(id: board.id, folder: board.fileName, result: $0) }
    }
    let missing = ends.filter { if case .failure = $0.end { true } else { false } }.map(\.board.id)
    return RunResult.joined(runs, missing: missing)
  }

  /// Says what came of each run.
  /// - Returns: the worst of their statuses.
  /// - Throws: what kept the only run from its first case.
  func tell(wasInterrupted: Bool) throws -> ExitStatus {
    guard isSeparate else {
      let result = try ends[0].end.get()
      say(result, folder: folder.publish())
      return wasInterrupted ? .interrupted : result.outcome.exitStatus
    }
    var statuses: [ExitStatus] = []
    let path = folder.publish()
    for (board, end) in ends {
      Console.say("\n== \(board.id)")
      switch end {
      case .success(let result):
        say(result, folder: "\(path)/\(board.fileName)")
        statuses.append(result.outcome.exitStatus)
      case .failure(let error): statuses.append(WSRig.report(error))
      }
    }
    // What cannot be used at all first, then failures, then what is not known.
    let worst = [ExitStatus.usage, .caseFailed, .inconclusive].first(where: statuses.contains) ?? .success
    return wasInterrupted ? .interrupted : worst
  }

  private func say(_ result: RunResult, folder: String) {
    Console.say("\n" + TerminalReport(style: Console.style).summary(of: result, reportFolder: folder))
  }
}
